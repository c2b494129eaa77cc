"""Rows of exported files: times, counts and texts as people's tools write them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.sources import file
from flows.sources.base import Parsed
from tests.flows.sources.exports import FEW, options
from tests.flows.sources.scripted import AS_OF, page_of

COLUMNS = {**FEW, "likes": "likes", "author_handle": "who"}


def parsed(lines: list[bytes], **other: Any) -> Parsed:
    return file.parse(page_of("x", b"\n".join(lines), "read", "READ"), options(**{"columns": COLUMNS, **other}))


def row(**values: Any) -> bytes:
    return json.dumps(
        {"id": "1", "text": "hi", "at": "2026-11-20T10:00:00Z", "likes": "3", "who": "@Ann", **values}
    ).encode()


def mention(line: bytes, **other: Any) -> dict[str, Any]:
    found = parsed([line], **other)
    assert found.malformed.is_empty(), found.malformed["reason"].to_list()
    return found.tables["mention"].row(0, named=True)


@pytest.mark.parametrize(
    ("written", "zone", "time_format", "expected"),
    [
        ("2026-11-20T10:00:00Z", "UTC", "iso", datetime(2026, 11, 20, 10)),
        ("2026-11-20T10:00:00.250+02:00", "UTC", "iso", datetime(2026, 11, 20, 8, 0, 0, 250_000)),
        ("2026-11-20 10:00:00 -0800", "UTC", "iso", datetime(2026, 11, 20, 18)),
        ("2026-11-20 10:00:00+02", "UTC", "iso", datetime(2026, 11, 20, 8)),
        ("2026-11-20 10:00:00 UTC", "UTC", "iso", datetime(2026, 11, 20, 10)),
        ("2026-11-20 10:00", "Europe/Vilnius", "iso", datetime(2026, 11, 20, 8)),
        ("2026-11-20", "UTC", "iso", datetime(2026, 11, 20)),
        ("1763632800", "UTC", "unix", datetime(2025, 11, 20, 10)),
        ("1763632800500", "UTC", "unix_ms", datetime(2025, 11, 20, 10, 0, 0, 500_000)),
        ("Wed Oct 11 06:55:44 +0000 2017", "UTC", "%a %b %d %H:%M:%S %z %Y", datetime(2017, 10, 11, 6, 55, 44)),
        ("8/4/2016 11:52", "America/New_York", "%m/%d/%Y %H:%M", datetime(2016, 8, 4, 15, 52)),
        # The clocks go forward at 02:00: this hour never was, and is read as the hour after it.
        ("2026-03-08 02:30", "America/New_York", "iso", datetime(2026, 3, 8, 7, 30)),
        # The clocks go back: the hour comes twice, the first is meant.
        ("2026-11-01 01:30", "America/New_York", "iso", datetime(2026, 11, 1, 5, 30)),
    ],
)
def test_times_are_read_as_utc(written: str, zone: str, time_format: str, expected: datetime) -> None:
    assert mention(row(at=written), timezone=zone, time_format=time_format)["published_at"] == expected


def test_the_first_format_that_fits_is_taken() -> None:
    formats = ["unix", "%a %b %d %H:%M:%S %z %Y"]
    assert mention(row(at=1347334462), time_format=formats)["published_at"] == datetime(2012, 9, 11, 3, 34, 22)
    later = mention(row(at="Sat Jun 29 12:40:09 +0800 2013"), time_format=formats)
    assert later["published_at"] == datetime(2013, 6, 29, 4, 40, 9)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        *[("12", 12), (12, 12), ("1,234", 1234), ("1 234", 1234), ("12.0", 12), ("1.2K", 1200), ("3M", 3_000_000)],
        *[("", None), (None, None), ("0", 0), (" 7 ", 7), ("-3", -3), ("1,234.00", 1234), ("1.5b", 1_500_000_000)],
        *[("12'345'678", 12_345_678), ("1\u00a0234", 1234), ("1\u202f234", 1234), ("1’234", 1234)],
        ("9007199254740993", 9_007_199_254_740_993),  # no float can hold it
    ],
)
def test_counts_are_read_as_people_write_them_and_absence_stays_null(written: Any, count: int | None) -> None:
    snapshots = parsed([row(likes=written)]).tables.get("engagement_snapshot")
    assert (None if snapshots is None else snapshots["likes"][0]) == count


@pytest.mark.parametrize(
    "written",
    [
        *["1.234", "1.000", "1,5K", "1,2", "12,34", "1,2345", "1,234 567", "1,,234", "12.5", "1e3", "K", "1KK", "1.K"],
        *["--5", "+", "nan", "inf", "٣", "9223372036854775808", "99999999999B", 12.5, True, [1], {"n": 1}],
    ],
)
def test_a_count_that_may_be_read_in_two_ways_is_no_number(written: Any) -> None:
    found = parsed([row(id="a"), row(likes=written)])
    assert found.malformed["reason"].to_list() == ["likes: not a number"]
    assert found.tables["mention"]["native_id"].to_list() == ["a"]


@pytest.mark.parametrize(
    ("written", "time_format"),
    [
        *[("1763632800000", "unix"), ("-99999999999", "unix"), ("1e300", "unix"), ("nan", "unix")],
        *[("9999999999999999", "unix_ms"), ("9999-12-31 23:59:59", "iso"), ("0001-01-01", "iso")],
        *[("9999-12-31 23:59:59 -1200", "%Y-%m-%d %H:%M:%S %z"), ("+99999-01-01 00:00", "%Y-%m-%d %H:%M")],
    ],
)
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_a_time_that_no_calendar_holds_is_malformed_alone(written: str, time_format: str, timezone: str) -> None:
    formats = [time_format, "%d.%m.%Y"]
    found = parsed([row(at=written), row(id="b", at="20.11.2026")], time_format=formats, timezone=timezone)
    assert found.malformed["reason"].to_list() == ["published_at: not a time as time_format says"]
    assert [each.year for each in found.tables["mention"]["published_at"].to_list()] == [2026]


def test_milliseconds_are_no_seconds_but_the_next_format_may_read_them() -> None:
    found = mention(row(at="1763632800500"), time_format=["unix", "unix_ms"])
    assert found["published_at"] == datetime(2025, 11, 20, 10, 0, 0, 500_000)


def test_a_format_whose_hours_are_written_short_keeps_them() -> None:
    assert mention(row(at="2026-11-20 10:30"), time_format="%F %R")["published_at"] == datetime(2026, 11, 20, 10, 30)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"timezone": "Europe/Nowhere"}, "is no IANA time zone"),
        ({"timezone": "../etc/passwd"}, "is no IANA time zone"),
        ({"time_format": "%Y-%m-%d %H"}, "time_format '%Y-%m-%d %H' reads no time"),
        ({"time_format": ["iso", "%Q"]}, "time_format '%Q' reads no time"),
        ({"time_format": "ISO"}, "time_format 'ISO' reads no time"),
        ({"time_format": "%H:%M"}, "reads no time"),
        *[({"delimiter": each}, "cannot part fields") for each in '\n\r"\0'],
        ({"encoding": "hex"}, "encoding 'hex' is unknown"),
    ],
)
def test_an_option_that_can_read_nothing_is_refused_at_once(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        options(**wrong)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (row(id=""), "required field 'id' is missing"),
        (row(at=None), "required field 'at' is missing"),
        (row(at="soon"), "published_at: not a time"),
        (row(likes="many"), "likes: not a number"),
        (row(id="5.70306E+17"), "a spreadsheet has destroyed it"),
        (b'["1", "cut"]', "the row has 2 fields"),
        (b'{"id": ', "no JSON object"),
        (b"17", "no JSON object"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "nested deeper than 200 levels"),
        (b"[" * 3000 + b"]" * 3000, "nested deeper than 200 levels"),
        (row(text=json.loads("[" * 300 + "]" * 300)), "nested deeper than 200 levels"),
    ],
)
def test_a_bad_row_is_named_with_its_reason_and_loses_no_other(line: bytes, reason: str) -> None:
    found = parsed([row(id="a"), line, row(id="b")])
    assert found.item_count == 3
    assert found.malformed["item_no"].to_list() == [1]
    assert reason in found.malformed["reason"][0]
    assert found.tables["mention"]["native_id"].to_list() == ["a", "b"]


def test_texts_are_plain_and_entities_decoded() -> None:
    assert mention(row(text="AT&amp;T &lt;3 a &#x26; b & c"))["text"] == "AT&T <3 a & b & c"
    assert mention(row(text="<p>Hello <b>you</b></p><p>there</p>"), html=True)["text"] == "Hello you\n\nthere"


def test_paths_reach_into_objects_and_lists_are_joined() -> None:
    columns = {**COLUMNS, "text": ["title", "body"], "author_id": "user.id", "author_followers": "user.followers"}
    line = row(title="One", body="Two", user={"id": 7, "followers": "1,000"})
    found = parsed([line], columns=columns)
    assert found.tables["mention"]["text"][0] == "One\n\nTwo"
    assert found.tables["mention"]["author_id"][0] == "x:7"
    assert found.tables["account_snapshot"].row(0, named=True)["followers"] == 1000


def test_an_answer_is_a_reply_with_its_edge() -> None:
    found = parsed([row(id="2", to="1")], columns={**COLUMNS, "parent_id": "to"})
    assert found.tables["mention"].row(0, named=True)["kind"] == "reply"
    edge = found.tables["interaction"].row(0, named=True)
    assert (edge["kind"], edge["actor_id"], edge["target_mention_id"]) == ("reply", "x:ann", "x:1")


def test_the_age_of_counts_is_their_capture_less_the_publication() -> None:
    columns = {**COLUMNS, "captured_at": "seen"}
    snapshot = (
        parsed([row(seen="2026-11-21T10:00:00Z")], columns=columns).tables["engagement_snapshot"].row(0, named=True)
    )
    assert snapshot["age_hours"] == 24
    without = parsed([row(at=f"{AS_OF - timedelta(hours=40)}")]).tables["engagement_snapshot"].row(0, named=True)
    assert (without["captured_at"], without["age_hours"]) == (AS_OF, 40)


NAMES = st.sampled_from(["id", "text", "at", "likes", "who", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=8,
)
LINES = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())


@given(st.lists(LINES.map(lambda line: line.replace(b"\n", b" ")), min_size=1, max_size=8))
def test_whatever_stands_in_a_file_each_row_has_one_outcome(lines: list[bytes]) -> None:
    found = parsed(lines)
    read = found.tables["mention"]["item_no"].to_list() if "mention" in found.tables else []
    assert sorted(read + found.malformed["item_no"].to_list()) == list(range(len(lines)))
