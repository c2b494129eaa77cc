"""Feeds: what stands in them whatever their form, one id an article, and never more trust than bytes deserve."""

from __future__ import annotations

import ast
import json
import random
import re
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.sources import articles, feed
from flows.sources.base import Page, Parsed, Window
from flows.sources.feed_entries import LARGEST
from flows.sources.moments import utc
from flows.sources.plain_text import from_html

AS_OF = datetime(2026, 11, 22, 2)
HERE = "https://news.example/feed"
OPTIONS = feed.Options(name="news", type="feed", urls=[HERE, "https://blog.example/atom", HERE])  # type: ignore[list-item]


def page(body: bytes | str, content_type: str = "application/xml", status: int = 200) -> Page:
    return Page(
        page_id="w/a/1", source="news", platform="feed", verb="browse", topic_id=None, as_of=AS_OF, fetched_at=AS_OF,
        request=f"GET {HERE}", status=status, headers={"content-type": content_type},
        body=body.encode() if isinstance(body, str) else body,
    )  # fmt: skip


def rss(*found: str, about: str = "<link>https://news.example/</link>") -> str:
    listed = "".join(f"<item>{item}</item>" for item in found)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{about}{listed}</channel></rss>'


def json_feed(*found: Any) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": found})


def parsed(body: bytes | str, content_type: str = "application/xml") -> Parsed:
    return feed.parse(page(body, content_type), OPTIONS)


def mentions(body: bytes | str, content_type: str = "application/xml") -> list[dict[str, Any]]:
    found = parsed(body, content_type)
    assert found.malformed.is_empty(), found.malformed["reason"].to_list()
    return found.tables["mention"].rows(named=True)


ITEM = """<title>Acme &amp;amp; Co &lt;b&gt;land&lt;/b&gt;</title><link>http://www.news.example/a/?utm_source=rss&amp;p=1</link>
<guid isPermaLink="false">7</guid><pubDate>Sat, 21 Nov 2026 10:00:00 +0200</pubDate><category>air</category>
<description>&lt;p&gt;First.&lt;/p&gt;&lt;p&gt;See &lt;a href="/b"&gt;this&lt;/a&gt;.&lt;/p&gt;</description>
<enclosure url="https://news.example/a.mp3" type="audio/mpeg" length="1"/>"""


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


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><head><title>secret</title></head><body>Log in</body></html>",
        b'{"statuses": ["secret"]}', b'{"version": "9", "items": [], "x": "secret"}', b"secret", b"",
        b"<rss>" + b"secret " * (LARGEST // 7 + 1),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_without_a_word_of_it(body: bytes) -> None:
    with pytest.raises(SourceError, match=re.escape(HERE)) as told:
        parsed(body)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (rss("<title>Жук</title>").encode("cp1251"), "application/rss+xml; charset=windows-1251"),
        (rss("<title>Жук</title>").replace("?>", ' encoding="cp1251"?>').encode("cp1251"), "application/xml"),
        (rss("<title>Жук</title>").replace("?>", ' encoding="cp1251"?>').encode(), "application/xml; charset=utf-8"),
        (b"\xef\xbb\xbf" + rss("<title>Жук</title>").encode(), "text/xml"),
    ],
)
def test_bytes_are_read_as_the_answer_says_then_as_the_feed_says(body: bytes, content_type: str) -> None:
    assert [mention["text"] for mention in mentions(body, content_type)] == ["Жук"]


def test_a_broken_item_of_json_feed_is_named_and_loses_no_other() -> None:
    good = {"id": "1", "title": "a", "date_published": "2026-11-20T10:00:00Z"}
    broken: list[Any] = [{**good, "title": ["x"]}, {**good, "date_published": "soon"}, "text", None, {"url": 5}]
    found = parsed(json_feed(good, *broken, {**good, "id": "2"}))
    assert found.item_count == 7
    assert found.malformed["item_no"].to_list() == [1, 2, 3, 4, 5]
    assert len(found.tables["mention"]) == 2


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


BOMB = '<!ENTITY a "lol">' + "".join(
    '<!ENTITY {} "{}">'.format(name, f"&{before};" * 10) for before, name in pairwise("abcdefghij")
)
HOSTILE = {
    "entities": f"<!DOCTYPE r [{BOMB}]>" + rss("<title>&j;</title>"),
    "long entity": f'<!DOCTYPE r [<!ENTITY a "{"A" * 50_000}">]>' + rss(f"<title>{'&a;' * 3_000}</title>"),
    "outside": '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + rss("<title>&a;</title>"),
    "deep": rss(f"<title>{'<a>' * 20_000}</title>"),
    "deep blocks": rss(f"<description>{'&lt;div&gt;x' * 40_000}</description>"),
    "brackets": rss(f"<title>{'<' * 60_000}</title>"),
    "ampersands": rss(f"<title>{'&' * 60_000}</title>"),
    "comments": rss("<title>" + "<!--" * 30_000),
    "attributes": rss("<title " + "a='b' " * 20_000 + "/>"),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_feed_ends_soon_and_reads_nothing_else(body: str) -> None:
    began = time.process_time()
    try:
        texts = [mention["text"] for mention in parsed(body).tables["mention"].rows(named=True)]
    except SourceError:
        texts = []
    assert time.process_time() - began < 5
    assert all("root:" not in text and len(text) < 200_000 for text in texts)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.none()))
FIELDS = ("id", "url", "title", "content_html", "content_text", "date_published", "date_modified", "attachments")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(VALUES, st.dictionaries(st.sampled_from(FIELDS), VALUES)), max_size=4))
def test_every_item_has_an_outcome_whatever_it_is(found: list[Any]) -> None:
    body = b'{"version":"https://jsonfeed.org/version/1","items":' + msgspec.json.encode(found) + b"}"
    result = parsed(body)
    rows = result.tables["mention"]["item_no"].to_list() if "mention" in result.tables else []
    assert sorted([*rows, *result.malformed["item_no"]]) == list(range(len(found)))


STATED = re.compile(
    r"""entries\[(\d+)\]\['(title|link|id|(?:published|updated|created)(?:_parsed)?)'\] == """
    r"""(\([^)]*\)|u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
)


def recordings(shared_data: Path) -> Iterator[tuple[str, Page, str]]:
    """Each recorded feed with what its first comment expects."""
    folder = shared_data / "recorded/feeds"
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and each.suffix != ".json"):
        body = path.read_bytes()
        comment = body.partition(b"<!--")[2].partition(b"-->")[0].decode("ascii", "replace")
        header = re.search(r"Content-type:(.*)", comment, re.IGNORECASE)
        stated = re.search(r"Expect:(.*)", comment)
        kind = header[1].strip() if header else "application/xml"
        yield str(path.relative_to(folder)), page(body, kind), stated[1] if stated else ""


@pytest.mark.real_data
def test_recorded_feeds_give_what_they_say_a_parser_must_give(shared_data: Path) -> None:
    """The four .json files there are answers of a microblog, no feeds."""
    compared = 0
    for name, recorded, expected in recordings(shared_data):
        found = feed.parse(recorded, OPTIONS)
        assert found.malformed.is_empty(), name
        for number, what, literal in STATED.findall(expected):
            value = ast.literal_eval(literal)
            entry = json.loads(feed.items(recorded)[int(number)])
            mention = found.tables["mention"].row(int(number), named=True)
            if what == "title":
                assert entry["title"] in (value, from_html(value)), name
                assert mention["text"].startswith(entry["title"]), name
            elif what == "link":
                assert (entry["url"], mention["url"]) == (value, value), name
            elif what == "id":
                assert entry["id"] == value, name
            else:
                assert utc(entry["date_modified" if "updated" in what else "date_published"]) == moment(value), name
                assert mention["published_at"] == moment(value), name
            compared += 1
    assert compared >= 30


def moment(written: str | tuple[int, ...]) -> datetime:
    if isinstance(written, tuple):
        return datetime(*written[:6])  # type: ignore[arg-type]  # year to second
    try:
        return utc(written)
    except ValueError:
        return parsedate_to_datetime(written).astimezone(UTC).replace(tzinfo=None)


@pytest.mark.real_data
def test_recorded_feeds_with_changed_bytes_end_soon_and_small(shared_data: Path) -> None:
    chance = random.Random(4)
    feeds = [recorded for _, recorded, _ in recordings(shared_data)]
    parsed(rss(ITEM))  # what is loaded once is not the feed's
    for recorded in chance.choices(feeds, k=200):
        body = bytearray(recorded.body)
        for _ in range(chance.randint(1, 30)):
            at = chance.randrange(len(body))
            piece = chance.choice([b"<", b"&", b"]]>", b"<item>", b"\x00", b"\xff", body[at : at + 40] * 9])
            body[at : at + chance.randint(0, 9)] = piece
        began = time.process_time()
        tracemalloc.start()
        try:
            found = feed.parse(msgspec.structs.replace(recorded, body=bytes(body)), OPTIONS)
            assert found.item_count == len(found.malformed) + found.tables.get("mention", found.malformed[:0]).height
        except SourceError as told:
            assert HERE in str(told)  # noqa: PT017 - both ends are sound
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert time.process_time() - began < 5
        assert peak < 50 * 2**20
