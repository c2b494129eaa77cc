"""Feeds: what stands in them whatever their form, one id an article, and never more trust than bytes deserve."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from flows.sources import articles, feed
from flows.sources.base import Page, Window
from tests.flows.sources.feed_samples import AS_OF, HERE, ITEM, OPTIONS, json_feed, mentions, page, parsed, rss


def test_an_item_is_an_article_of_its_site() -> None:
    found = parsed(rss(ITEM, about="<link>https://news.example/</link><language>en-gb</language>"))
    mention = found.tables["mention"].row(0, named=True)
    assert mention["mention_id"] == "feed:news.example/a?p=1"
    assert (mention["kind"], mention["text"]) == ("article", "Acme & Co land\n\nFirst.\n\nSee this.")
    assert mention["url"] == "http://www.news.example/a/?utm_source=rss&p=1"
    assert mention["published_at"] == datetime(2026, 11, 21, 8)
    assert (mention["language_reported"], mention["media_formats"]) == ("en-gb", ["audio"])
    assert mention["links"] == ["http://www.news.example/b"]
    account = found.tables["account"].row(0, named=True)
    assert (account["account_id"], account["handle"]) == (mention["author_id"], "news.example")
    assert found.tables.keys() == {"mention", "account"}  # a feed tells no counts


def test_an_atom_entry_tells_when_it_was_edited() -> None:
    (mention,) = mentions(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="text">1 &lt; 2</title><id>urn:x:1</id>'
        '<link href="https://news.example/1"/><published>2026-11-20T10:00:00Z</published>'
        '<updated>2026-11-21T11:00:00+01:00</updated><summary>short</summary><content type="html">long</content>'
        "</entry></feed>"
    )
    assert mention["text"] == "1 < 2\n\nlong"
    assert (mention["published_at"], mention["edited_at"]) == (datetime(2026, 11, 20, 10), datetime(2026, 11, 21, 10))


def test_an_item_of_json_feed_says_the_same() -> None:
    item = {
        "id": 7, "url": "https://news.example/1", "title": "Acme < Co", "content_html": "<p>It <i>lands</i>",
        "date_published": "2026-11-20T10:00:00+02:00", "attachments": [{"mime_type": "video/mp4", "url": "x"}],
        "authors": [{"name": "ann"}], "unheard_of": {"x": 1},
    }  # fmt: skip
    (mention,) = mentions(json_feed(item), "application/feed+json")
    assert (mention["mention_id"], mention["text"]) == ("feed:news.example/1", "Acme < Co\n\nIt lands")
    assert (mention["published_at"], mention["media_formats"]) == (datetime(2026, 11, 20, 8), ["video"])


async def test_each_feed_is_asked_once_and_only_for_what_changed() -> None:
    asked: list[tuple[str, bool]] = []

    class Server:
        async def get(self, url: str, *_: Any, if_changed: bool = False) -> Page:
            asked.append((url, if_changed))
            return page(b"", status=304)

    window = Window(datetime(2026, 11, 21), AS_OF)
    for channel in feed.channels(OPTIONS):
        (answer,) = [found async for found in feed.browse(Server(), OPTIONS, channel, window)]  # type: ignore[arg-type]
        assert (feed.items(answer), feed.parse(answer, OPTIONS).item_count) == ([], 0)
        assert feed.parse(answer, OPTIONS).covered_from is None  # unchanged: all is known
    assert asked == [(HERE, True), ("https://blog.example/atom", True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://news.example/a", "https://www.NEWS.example:443/a/#top"),
        ("https://news.example/a?p=1", "https://news.example/a?utm_medium=x&p=1&fbclid=2"),
        (f"https://news.example/{'a' * 900}", f"http://news.example/{'a' * 900}"),
    ],
)
def test_one_article_has_one_id_however_it_is_listed(one: str, other: str) -> None:
    assert articles.key_of(one) == articles.key_of(other)
    assert len(articles.key_of(one)) <= 512


def test_addresses_that_several_entries_share_tell_none_apart() -> None:
    home = "<link>https://news.example</link>"
    log = "<link>https://news.example/log</link>"
    found = [f"<title>{n}</title><guid>{n}</guid>{home if n < 1 else log}" for n in range(3)]
    ids = [mention["mention_id"] for mention in mentions(rss(*found))]
    assert len(set(ids)) == 3
    assert all(each.startswith("feed:news.example#") for each in ids)
    assert ids == [mention["mention_id"] for mention in mentions(rss(*reversed(found)))][::-1]


def test_what_has_neither_address_nor_guid_is_known_by_its_text() -> None:
    bare = [f"<title>{title}</title>" for title in ("a", "b", "a")]
    first, second, again = (mention["mention_id"] for mention in mentions(rss(*bare)))
    assert first == again != second
    (mention,) = mentions(rss("<title>a</title><link>javascript:alert(1)</link>"))
    assert mention["url"] is None


def test_an_entry_without_a_time_is_published_when_it_is_seen_and_one_with_an_unreadable_time_is_named() -> None:
    found = parsed(rss("<title>a</title>", "<title>b</title><pubDate>yesterday, or so</pubDate>"))
    assert found.tables["mention"]["published_at"].to_list() == [AS_OF]
    assert found.malformed["item_no"].to_list() == [1]
    assert "no time that can be read" in found.malformed["reason"][0]


def dated(*days: int) -> str:
    return rss(*(f"<title>{n}</title><pubDate>{n:02} Nov 2026 10:00:00 GMT</pubDate>" for n in days))


@pytest.mark.parametrize(
    ("body", "covered_from"),
    [
        (dated(21, 20, 19), datetime(2026, 11, 19, 10)),
        (dated(19, 20, 21), datetime(2026, 11, 19, 10)),  # some list the newest last
        (dated(3, 21, 20, 19), datetime(2026, 11, 19, 10)),  # one is pinned to the top
        (dated(21), datetime(2026, 11, 21, 10)),
        (dated(30), datetime(2026, 11, 22, 1, 59, 59)),
        (rss("<title>a</title>"), datetime(2026, 11, 22, 1, 59, 59)),  # no times prove nothing
        (rss(), None),
    ],
)
def test_a_feed_covers_no_more_than_it_lists(body: str, covered_from: datetime | None) -> None:
    assert parsed(body).covered_from == covered_from


@pytest.mark.parametrize("body", [rss(ITEM, "<title>b</title>"), json_feed({"id": "1", "title": "a"}, {"x": 1})])
def test_items_wrapped_as_a_page_again_are_the_same_items(body: str) -> None:
    items = feed.items(page(body))
    assert feed.SOURCE.wrap
    again = feed.SOURCE.wrap(page(body), items)
    assert feed.items(page(again)) == items
    assert (
        parsed(again)
        .tables["mention"]
        .drop("language_reported")
        .equals(parsed(body).tables["mention"].drop("language_reported"))
    )
