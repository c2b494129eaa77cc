"""Reddit: listings that time cannot cut, threads that are not shown whole, and what is gone."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from flows.errors import SourceError
from flows.sources import reddit
from flows.sources.base import Page, Topic, Window
from tests.flows.sources.reddit_samples import OPTIONS, START, comment, listing, post
from tests.flows.sources.scripted import Scripted
from tests.flows.sources.spoiled_payloads import check_outcomes

WATCHING = reddit.Options(name="reddit", type="reddit", subreddits=("acme", "air"), account="ann")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
ROOT = "https://oauth.reddit.com"
DAY = 86_400


class Listings:
    """Listings as Reddit gives them: newest first, a hundred a page, a thousand in all."""

    def __init__(self, times: dict[str, list[int]], reach: int = 1000) -> None:
        self.times, self.reach = times, reach
        self.gone: set[str] = set()

    def __call__(self, url: str, query: dict[str, Any]) -> Any:
        words = set(re.findall(r"\w+", query.get("q", url))) - {"OR"}
        found = {time for word in words for time in self.times.get(word, [])}
        shown = [post(time, time) for time in sorted(found, reverse=True)[: self.reach]]
        names = [thing["data"]["name"] for thing in shown]
        after = query.get("after")
        if after in self.gone:
            return listing()
        at = names.index(after) + 1 if after else 0
        page = shown[at : at + 100]
        return listing(*page, after=page[-1]["data"]["name"] if at + 100 < len(shown) else None)


async def discovered(answer: Any, query: str = "acme", options: reddit.Options = OPTIONS) -> tuple[list[Page], Any]:
    client = Scripted("reddit", answer)
    return [page async for page in reddit.discover(client, options, Topic("acme", query), WINDOW)], client


def times_in(pages: list[Page]) -> list[int]:
    return [int(json.loads(item)["data"]["created_utc"]) for page in pages for item in reddit.items(page)]


async def test_a_window_is_read_back_to_its_start_and_newer_pages_are_left_to_others() -> None:
    times = list(range(START - 2 * DAY, START + 3 * DAY, 1000))
    found, client = await discovered(Listings({"acme": times}))
    read = times_in(found)
    assert {time for time in times if START <= time < START + DAY} <= set(read)
    assert len(client.asked) == 3  # 87 items a day: a page of later days, and two that hold the window
    assert len(found) == 2
    assert sum(page.lost_items for page in found) == 0


async def test_what_the_cap_hides_is_estimated_from_what_was_read_and_counted_as_lost() -> None:
    found, _ = await discovered(Listings({"acme": list(range(START, START + DAY, 60))}))
    assert len(times_in(found)) == 1000
    assert sum(page.lost_items for page in found) == 441  # a minute each: 440 more, and the oldest one's own


async def test_a_listing_that_ends_before_the_cap_is_whole() -> None:
    found, _ = await discovered(Listings({"acme": list(range(START + 500, START + DAY, 200))}))
    assert sum(page.lost_items for page in found) == 0


async def test_alternatives_at_the_cap_are_asked_one_by_one() -> None:
    each = {word: list(range(START + n, START + DAY, 120)) for n, word in enumerate(("acme", "globex"))}
    found, client = await discovered(Listings(each), "acme OR globex")
    assert set(times_in(found)) == {time for times in each.values() for time in times}
    assert sum(page.lost_items for page in found) == 0
    assert list(dict.fromkeys(query["q"] for _, query in client.asked)) == ["(acme) OR (globex)", "(acme)", "(globex)"]


async def test_watched_subreddits_are_asked_alone_where_one_word_reaches_the_cap_and_read_comment_by_comment() -> None:
    found, client = await discovered(Listings({"acme": list(range(START, START + DAY, 60))}), options=WATCHING)
    paths = list(dict.fromkeys(url.removeprefix(f"{ROOT}/") for url, _ in client.asked))
    assert paths == ["search", "r/acme/search", "r/air/search", "r/acme+air/comments"]
    assert sum(page.lost_items for page in found if "/search?" in page.request and "/r/" not in page.request) == 441


async def test_a_long_topic_is_split_into_queries_of_512_characters() -> None:
    words = [f"{'x' * 40}{n}" for n in range(60)]
    _, client = await discovered(Listings({}), " OR ".join(words))
    queries = [query["q"] for _, query in client.asked]
    assert all(len(query) <= 512 for query in queries)
    assert re.findall(r"\w{3,}", " ".join(queries)) == words


async def test_terms_stand_in_reddits_syntax() -> None:
    _, client = await discovered(
        Listings({}), '"acme air" NOT recipe OR @acmeair lang:en OR domain:acme.com OR acm* deal'
    )
    assert client.asked[0][1]["q"] == '("acme air") OR (acmeair) OR (site:"acme.com") OR (deal)'


async def test_a_listing_goes_on_where_its_anchor_was_deleted_meanwhile() -> None:
    times = list(range(START, START + DAY, 400))
    answers = Listings({"acme": times})
    answers.gone = {f"t3_{sorted(times, reverse=True)[99]}"}
    found, _ = await discovered(answers)
    assert set(times_in(found)) == set(times)


async def test_a_timeline_is_posts_and_comments_and_an_unknown_account_is_named_as_such() -> None:
    client = Scripted("reddit", Listings({}), "timeline")
    assert [page async for page in reddit.timeline(client, OPTIONS, "ann", WINDOW)] == []
    assert [url for url, _ in client.asked] == [f"{ROOT}/user/ann/submitted", f"{ROOT}/user/ann/comments"]
    for status, why in ((404, "is not there"), (403, "suspended")):
        client = Scripted("reddit", lambda *_, status=status: (status, {}))
        with pytest.raises(SourceError, match=f"{why}.* check the account's name"):
            [page async for page in reddit.timeline(client, OPTIONS, "nobody", WINDOW)]


async def test_a_refresh_asks_all_fullnames_at_once() -> None:
    client = Scripted("reddit", lambda *_: listing(post(1), comment(2)), "refresh")
    (page,) = [page async for page in reddit.refresh(client, OPTIONS, ["t3_1", "t1_2"])]
    assert client.asked == [(f"{ROOT}/api/info", {"id": "t3_1,t1_2", "raw_json": 1})]
    assert reddit.parse(page, OPTIONS).tables["mention"]["native_id"].to_list() == ["t3_1", "t1_2"]


MORE = {"kind": "more", "data": {"count": 4, "id": "9", "name": "t1_9", "parent_id": "t1_2", "children": ["9"]}}


@pytest.mark.parametrize(("rest", "is_complete"), [([], True), ([MORE], False)])
async def test_a_thread_is_flat_and_complete_unless_some_is_left_out(rest: list[Any], is_complete: bool) -> None:
    below = listing(comment(3, listing(comment(4, parent="t1_3")), parent="t1_2"), *rest)
    tree = [listing(post(1)), listing(comment(2, below), comment(5))]
    answers = {f"{ROOT}/api/info": listing(comment(4, parent="t1_3")), f"{ROOT}/comments/1": tree}
    client = Scripted("reddit", lambda url, _: answers[url], "context")
    (page,) = [page async for page in reddit.context(client, OPTIONS, "t1_4")]
    found = reddit.parse(page, OPTIONS)
    check_outcomes(reddit.SOURCE, page, found)
    mentions = found.tables["mention"].select("native_id", "kind", "parent_id", "root_id").rows()
    assert mentions == [
        ("t3_1", "post", None, "reddit:t3_1"), ("t1_2", "comment", "reddit:t3_1", "reddit:t3_1"),
        ("t1_3", "reply", "reddit:t1_2", "reddit:t3_1"), ("t1_4", "reply", "reddit:t1_3", "reddit:t3_1"),
        ("t1_5", "comment", "reddit:t3_1", "reddit:t3_1"),
    ]  # fmt: skip
    (read,) = found.tables["thread_read"].select("root_id", "replies_read", "is_complete").unique().rows()
    assert read == ("reddit:t3_1", 4, is_complete)


@pytest.mark.parametrize(
    ("info", "tree"), [(listing(), None), (listing(comment(4)), (403, {})), (listing(comment(4)), (404, {}))]
)
async def test_a_thread_that_is_not_shown_is_no_error(info: Any, tree: Any) -> None:
    client = Scripted("reddit", lambda url, _: info if url == f"{ROOT}/api/info" else tree, "context")
    assert [page async for page in reddit.context(client, OPTIONS, "t1_4")] == []


def test_the_app_logs_in_with_its_name_in_the_user_agent() -> None:
    credentials = reddit.credentials(WATCHING, {"client_id": "id", "client_secret": "s"})
    assert credentials.login is not None
    assert (credentials.login.basic, dict(credentials.login.body)) == (
        ("id", "s"),
        {"grant_type": "client_credentials"},
    )
    assert credentials.headers["User-Agent"] == "python:soundings:v1 (by /u/ann)"
