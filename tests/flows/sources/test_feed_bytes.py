"""Feeds as bytes: what is none, what is broken, what is hostile, and what was recorded."""

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
from flows.sources import feed
from flows.sources.base import Page
from flows.sources.feed_entries import LARGEST
from flows.sources.moments import utc
from flows.sources.plain_text import from_html
from tests.flows.sources.feed_samples import HERE, ITEM, OPTIONS, json_feed, mentions, page, parsed, rss


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
