"""NodeBB: search where it reaches, all newest posts where it does not; topics to their last page."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from flows.errors import SourceError
from flows.sources import nodebb
from flows.sources.base import Topic
from tests.flows.sources.nodebb_samples import ANN, FORUM, OPTIONS, WINDOW, post
from tests.flows.sources.scripted import AS_OF, Scripted

API = f"https://{FORUM}/api"


class Server:
    """Ten hits a page of a search, twenty of all posts, newest first; a search that guests may not ask is refused."""

    def __init__(self, times: list[datetime], *, may_search: bool = True, reach: int = 500) -> None:
        self.posts = [post(pid, at, main=0) for pid, at in enumerate(times, 1)][::-1]
        self.may_search, self.reach = may_search, reach

    def __call__(self, url: str, asked: dict[str, Any]) -> Any:
        start = asked["page"] - 1
        if url == f"{API}/recent/posts/alltime":
            return self.posts[start * 20 : start * 20 + 20]
        assert url == f"{API}/search"
        if not self.may_search:
            return 401, {"status": {"code": "not-authorised"}, "response": {}}
        found = self.posts[: self.reach]
        pages = -(-len(found) // 10)
        shown = found[start * 10 : start * 10 + 10]
        return {"posts": shown, "matchCount": len(found), "pagination": {"pageCount": pages, "currentPage": start + 1}}


async def found_by_search(server: Server, query: str = "acme") -> tuple[Scripted, set[int]]:
    client = Scripted("nodebb", server)
    pages = [each async for each in nodebb.discover(client, OPTIONS, Topic("acme", query), WINDOW)]
    return client, {json.loads(item)["pid"] for each in pages for item in nodebb.items(each)}


HOURLY = [WINDOW.start + timedelta(hours=each) for each in range(-100, 60)]
INSIDE = set(range(101, 125))


async def test_a_search_goes_back_to_the_windows_start_and_no_further() -> None:
    client, found = await found_by_search(Server(HOURLY))
    assert found >= INSIDE
    assert len(client.asked) <= 9
    assert {url for url, _ in client.asked} == {f"{API}/search"}


@pytest.mark.parametrize("how", [{"may_search": False}, {"reach": 500}])
async def test_where_search_does_not_tell_all_the_newest_posts_are_read(how: dict[str, Any]) -> None:
    older = [WINDOW.start - timedelta(hours=each) for each in range(800, 100, -1)]
    client, found = await found_by_search(Server([*older, *HOURLY], **how))
    assert found >= {700 + each for each in INSIDE}
    assert sum("recent" in url for url, _ in client.asked) <= 6


async def test_alternatives_are_bare_words_that_must_all_stand_there() -> None:
    client, _ = await found_by_search(Server([]), '"acme air" OR (#globex refund*) OR @acme OR domain:acme.com')
    assert {asked["term"] for _, asked in client.asked} == {"acme air", "globex", "acme", "acme.com"}
    assert {asked["matchWords"] for _, asked in client.asked} == {"all"}


async def test_a_timeline_is_a_user_and_what_they_wrote() -> None:
    user = {**ANN, "followerCount": 0, "followingCount": 2, "postcount": 9, "joindateISO": "2020-01-01T00:00:00.000Z"}

    def answer(url: str, asked: dict[str, Any]) -> Any:
        if url == f"{API}/user/ann-a":
            return {**user, "posts": [post(99)]}
        assert url == f"{API}/user/ann-a/posts"
        return {**user, "posts": [post(asked["page"])], "pagination": {"pageCount": 2}}

    client = Scripted("nodebb", answer, "timeline")
    pages = [nodebb.parse(each, OPTIONS) async for each in nodebb.timeline(client, OPTIONS, "Ann-A", WINDOW)]
    assert [each.tables["mention"].height for each in pages] == [1, 1, 1]
    snapshot = pages[0].tables["account_snapshot"].row(0, named=True)
    assert (snapshot["followers"], snapshot["following"], snapshot["posts"]) == (0, 2, 9)
    assert set(pages[0].tables["account"]["native_id"]) == {f"{FORUM}/user/ann-a"}


async def test_a_refresh_reads_each_post_and_finds_the_deleted() -> None:
    remote = "https://there.example/notes/1?x=1"
    known = {"1": post(1), remote: post(remote), "3": post(3, deleted=True)}

    def answer(url: str, _asked: dict[str, Any]) -> Any:
        pid = unquote(url.removeprefix(f"{API}/v3/posts/").removesuffix("/summary"))
        found = known.get(pid)
        return {"status": {"code": "ok"}, "response": found} if found else (404, {"status": {"code": "not-found"}})

    client = Scripted("nodebb", answer, "refresh")
    ids = [f"{FORUM}/post/1", remote, f"{FORUM}/post/2", f"{FORUM}/post/3"]
    pages = [nodebb.parse(each, OPTIONS).tables async for each in nodebb.refresh(client, OPTIONS, ids)]
    assert [each["mention"]["native_id"].to_list() for each in pages[:2]] == [[f"{FORUM}/post/1"], [remote]]
    assert pages[2]["deletion"].select("mention_id", "deleted_at").rows() == [(f"nodebb:{FORUM}/post/3", AS_OF)]


async def test_a_token_that_is_refused_does_not_say_that_posts_are_gone() -> None:
    client = Scripted("nodebb", lambda _url, _asked: (401, {}), "refresh")
    with pytest.raises(SourceError, match="401"):
        [each async for each in nodebb.refresh(client, OPTIONS, [f"{FORUM}/post/1"])]


async def test_a_topic_is_read_to_its_last_page() -> None:
    def answer(url: str, asked: dict[str, Any]) -> Any:
        if url.endswith("/posts/5/summary"):
            return {"response": post(5)}
        if not url.endswith("/topic/7"):
            return 404, {}
        start = asked["page"] * 20 - 19
        posts = [{**post(pid), "topic": None, "replies": {"count": 1}} for pid in range(start, min(start + 20, 46))]
        paging = {"pageCount": 3, "currentPage": asked["page"]}
        return {"tid": 7, "mainPid": 1, "title": "Acme", "viewcount": 90, "posts": posts, "pagination": paging}

    client = Scripted("nodebb", answer, "context")
    pages = [nodebb.parse(each, OPTIONS) async for each in nodebb.context(client, OPTIONS, f"{FORUM}/post/5")]
    reads = [each.tables["thread_read"].unique("root_id").row(0, named=True) for each in pages]
    assert [(each["replies_read"], each["is_complete"]) for each in reads] == [(19, False), (20, False), (5, True)]
    assert {each["root_id"] for each in reads} == {f"nodebb:{FORUM}/post/1"}
    first, second = pages[0].tables["mention"].rows(named=True)[:2]
    assert (first["text"], first["parent_id"], second["parent_id"]) == ("Acme\n\nacme", None, f"nodebb:{FORUM}/post/1")
    assert pages[0].tables["engagement_snapshot"].select("views", "replies").rows()[:2] == [(90, 1), (None, 1)]
    assert [each async for each in nodebb.context(client, OPTIONS, f"{FORUM}/post/404")] == []


def test_the_token_goes_along_and_is_not_shown() -> None:
    given_token = nodebb.credentials(OPTIONS, {"token": "secret"})
    assert given_token.headers == {"Authorization": "Bearer secret"}
    assert "secret" not in repr(given_token)
