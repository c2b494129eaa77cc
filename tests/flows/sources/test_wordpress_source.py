"""WordPress: every post and comment of the window, old servers and shy ones too, and what is gone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.sources import wordpress
from flows.sources.base import Page, Parsed, Verb, Window

AS_OF = datetime(2026, 11, 22, 2)
WINDOW = Window(datetime(2026, 11, 20), AS_OF)
SITE = "https://blog.example/"
OPTIONS = wordpress.Options(name="blogs", type="wordpress", urls=[SITE, "https://www.acme.com/news", SITE])  # type: ignore[list-item]


def post(number: int = 1, modified: datetime = datetime(2026, 11, 21, 9), **changes: Any) -> dict[str, Any]:
    return {
        "id": number, "date_gmt": "2026-11-20T10:00:00", "modified_gmt": modified.isoformat(),
        "link": f"https://blog.example/{number}/", "title": {"rendered": "Acme &#038; Co"},
        "content": {"rendered": '<p>It <a href="/x">lands</a>.</p>', "protected": False},
        "excerpt": {"rendered": "<p>It</p>"}, "author": 3, "featured_media": 0, **changes,
    }  # fmt: skip


def comment(number: int = 5, **changes: Any) -> dict[str, Any]:
    return {
        "id": number, "post": 1, "parent": 0, "author": 0, "author_name": "Ann", "author_url": "",
        "date_gmt": "2026-11-21T10:00:00", "link": f"https://blog.example/1/#comment-{number}",
        "content": {"rendered": "<p>Fine &amp; good</p>"}, "type": "comment", **changes,
    }  # fmt: skip


def page(body: Any, request: str = "posts?page=1", status: int = 200, verb: Verb = "browse", link: str = "") -> Page:
    return Page(
        page_id=f"w/a/{request}", source="blogs", platform="wordpress", verb=verb, topic_id=None, as_of=AS_OF,
        fetched_at=AS_OF, request=f"GET https://blog.example/wp-json/wp/v2/{request}", status=status,
        headers={"Link": link} if link else {}, body=msgspec.json.encode(body),
    )  # fmt: skip


class Server:
    """Answers as the API does: 100 a page, the latest edit first; an old one knows no `modified_after`."""

    def __init__(self, posts: int = 0, comments: int = 0, *, is_old: bool = False, tells_links: bool = True) -> None:
        self.posts = [post(n, AS_OF - timedelta(minutes=n + 1)) for n in range(posts)]
        self.comments = [comment(n) for n in range(comments)]
        self.is_old, self.tells_links = is_old, tells_links
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def get(self, url: str, params: dict[str, Any], *, allow_status: Any = ()) -> Page:
        self.asked.append((url, params))
        kind = url.rpartition("/")[2]
        found = self.posts if kind == "posts" else self.comments
        if kind == "posts" and "modified_after" in params and not self.is_old:
            found = [each for each in found if each["modified_gmt"] + "Z" > params["modified_after"]]
        if "include" in params:
            found = [each for each in found if str(each["id"]) in params["include"].split(",")]
        first = 100 * (params["page"] - 1)
        query = "&".join(f"{name}={value}" for name, value in params.items())
        if first and first >= len(found):
            assert 400 in allow_status
            return page({"code": "rest_post_invalid_page_number"}, f"{kind}?{query}", status=400)
        link = f'<{url}?page={params["page"] + 1}>; rel="next"' if first + 100 < len(found) else f'<{url}>; rel="prev"'
        return page(found[first : first + 100], f"{kind}?{query}", link=link if self.tells_links else "")


async def told(pages: AsyncIterator[Page]) -> list[dict[str, Any]]:
    return [json.loads(item) async for each in pages for item in wordpress.items(each)]


def browsed(server: Server, channel: str = SITE, options: wordpress.Options = OPTIONS) -> AsyncIterator[Page]:
    return wordpress.browse(server, options, channel, WINDOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("tells_links", [True, False])
async def test_all_posts_and_comments_of_the_window_are_read(tells_links: bool) -> None:
    server = Server(posts=250, comments=200, tells_links=tells_links)
    found = await told(browsed(server))
    assert found == [*server.posts, *server.comments]


async def test_an_old_server_that_gives_all_is_left_where_the_window_begins() -> None:
    server = Server(posts=30_000, is_old=True)
    server.posts[149]["modified_gmt"] = "soon"
    found = await told(browsed(server))
    within = [each for each in server.posts if each["modified_gmt"] >= WINDOW.start.isoformat()]
    assert found[: len(within)] == within
    assert len(found) <= len(within) + 100


async def test_comments_are_asked_of_sites_that_show_them() -> None:
    server = Server(posts=1, comments=1)
    without = wordpress.Options(name="blogs", type="wordpress", urls=[SITE], comments=False)  # type: ignore[list-item]
    assert await told(browsed(server, options=without)) == server.posts


async def test_each_site_is_a_channel_at_its_own_api() -> None:
    assert wordpress.channels(OPTIONS) == [SITE, "https://www.acme.com/news"]
    for channel, api in [
        ("https://www.acme.com/news", "https://www.acme.com/news/wp-json/wp/v2/posts"),
        ("https://public-api.wordpress.com/wp/v2/sites/a.wordpress.com/", "https://public-api.wordpress.com/wp/v2/sites/a.wordpress.com/posts"),
    ]:  # fmt: skip
        server = Server()
        await told(browsed(server, channel))
        assert server.asked[0][0] == api


async def test_a_sites_timeline_is_its_posts() -> None:
    server = Server(posts=2, comments=2)
    for account in ("acme.com/news", "other.example"):
        pages = wordpress.timeline(server, OPTIONS, account, WINDOW)  # type: ignore[arg-type]
        assert await told(pages) == server.posts
    asked = [url for url, _ in server.asked]
    assert asked == ["https://www.acme.com/news/wp-json/wp/v2/posts", "https://other.example/wp-json/wp/v2/posts"]


async def test_a_refresh_asks_each_site_for_its_own_and_knows_those_it_cannot_ask() -> None:
    server = Server(posts=3, comments=9)
    ids = ["blog.example#1", "blog.example#2", "blog.example#comment-7", "blog.example#99"]
    pages = wordpress.refresh(server, OPTIONS, ids)  # type: ignore[arg-type]
    assert await told(pages) == [server.posts[1], server.posts[2], server.comments[7]]
    with pytest.raises(SourceError, match=r"gone\.example: not in sources\.urls"):
        await told(wordpress.refresh(server, OPTIONS, ["gone.example#1", "blog.example#1"]))  # type: ignore[arg-type]


async def test_a_thread_is_its_comments_and_is_known_to_its_end() -> None:
    server = Server(comments=130)
    pages = [found async for found in wordpress.context(server, OPTIONS, "blog.example#1")]  # type: ignore[arg-type]
    assert all(params["post"] == "1" for _, params in server.asked)
    readings = []
    for each in pages:
        parsed = wordpress.parse(msgspec.structs.replace(each, verb="context"), OPTIONS)
        readings.append(parsed.tables["thread_read"].row(0, named=True))
    assert [(each["root_id"], each["replies_read"], each["is_complete"]) for each in readings] == [
        ("wordpress:blog.example#1", 100, False),
        ("wordpress:blog.example#1", 30, True),
    ]


def parsed(*found: Any, kind: str = "posts") -> Parsed:
    return wordpress.parse(page(found, f"{kind}?page=1"), OPTIONS)


def test_a_post_is_an_article_of_its_site() -> None:
    found = parsed(post(featured_media=8), post(2, content={"rendered": "", "protected": True}))
    mention, protected = found.tables["mention"].rows(named=True)
    assert (mention["mention_id"], mention["kind"]) == ("wordpress:blog.example#1", "article")
    assert (mention["text"], mention["links"]) == ("Acme & Co\n\nIt lands.", ["https://blog.example/x"])
    assert (mention["published_at"], mention["edited_at"]) == (datetime(2026, 11, 20, 10), datetime(2026, 11, 21, 9))
    assert (mention["author_id"], mention["media_formats"]) == ("wordpress:blog.example", ["image"])
    assert protected["text"] == "Acme & Co\n\nIt"
    assert found.tables.keys() == {"mention", "account"}


def test_a_comment_answers_its_parent_or_the_post() -> None:
    found = parsed(comment(), comment(6, parent=5, author=3), comment(7, type="pingback"), kind="comments")
    first, answer = found.tables["mention"].rows(named=True)
    assert (first["text"], first["parent_id"], first["root_id"]) == (
        "Fine & good", "wordpress:blog.example#1", "wordpress:blog.example#1",
    )  # fmt: skip
    assert (answer["parent_id"], answer["author_id"]) == (first["mention_id"], "wordpress:blog.example#user-3")
    assert first["author_id"].startswith("wordpress:blog.example#guest-")
    assert "Ann" not in first["author_id"]
    assert found.tables["interaction"]["target_mention_id"].to_list() == [first["parent_id"], first["mention_id"]]
    assert found.item_count == 3
    assert found.malformed.is_empty()


def test_a_broken_item_is_named_and_loses_no_other() -> None:
    broken = [{}, post(id="x"), post(id=True), post(date_gmt="0000-00-00T00:00:00"), post(title="x"), None, 5]
    found = parsed(post(), *broken, post(2))
    assert found.malformed["item_no"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert found.tables["mention"].height == 2
    assert wordpress.SOURCE.wrap
    answer = page([post(), 5])
    wrapped = msgspec.structs.replace(answer, body=wordpress.SOURCE.wrap(answer, wordpress.items(answer)))
    assert wordpress.items(wrapped) == wordpress.items(answer)


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(SourceError, match="no JSON as it should"):
        wordpress.items(page({"code": "rest_no_route", "message": "secret"}))


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.dictionaries(st.just("rendered"), st.integers())
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([post(), comment()]), st.data())
def test_every_item_has_an_outcome_whatever_it_is(item: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(item)))
    for kind in ("posts", "comments"):
        found = parsed({**item, name: data.draw(VALUES)}, data.draw(VALUES), kind=kind)
        rows = found.tables["mention"]["item_no"].to_list() if "mention" in found.tables else []
        assert set(rows) | set(found.malformed["item_no"]) <= {0, 1}
        assert 1 in found.malformed["item_no"]
