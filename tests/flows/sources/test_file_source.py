"""Files as people's tools export them."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.sources import file
from flows.sources.base import Page, Parsed

AS_OF = datetime(2026, 11, 22, 2)
COLUMNS = {"native_id": "id", "text": "text", "published_at": "at", "likes": "likes", "author_handle": "who"}


def options(**other: Any) -> file.Options:
    return file.Options(**{"name": "export", "type": "file", "platform": "x", "path": "*", "columns": COLUMNS, **other})


def parsed(lines: list[bytes], **other: Any) -> Parsed:
    page = Page(
        page_id="w/a/1", source="export", platform="x", verb="read", topic_id=None, as_of=AS_OF, fetched_at=AS_OF,
        request="READ", status=200, body=b"\n".join(lines),
    )  # fmt: skip
    return file.parse(page, options(**other))


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
        *[("", None), (None, None), ("0", 0)],
    ],
)
def test_counts_are_read_as_people_write_them_and_absence_stays_null(written: Any, count: int | None) -> None:
    snapshots = parsed([row(likes=written)]).tables.get("engagement_snapshot")
    assert (None if snapshots is None else snapshots["likes"][0]) == count


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
    without = parsed([row()]).tables["engagement_snapshot"].row(0, named=True)
    assert (without["captured_at"], without["age_hours"]) == (AS_OF, 40)


CSV = 'id,text,at\n1,"two\nlines, one field",2026-11-20\n2,plain,2026-11-20\n3,too,many,2026-11-20\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV.encode("utf-8-sig")),
        ("a.csv.gz", gzip.compress(CSV.encode())),
        ("a.csv.zst", zstandard.compress(CSV.encode())),
        ("a.tsv", CSV.replace("lines, one", "lines one").replace(",", "\t").encode()),
    ],
)
def test_csv_keeps_every_row_also_those_of_another_length(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (body,) = file.read(options(), tmp_path / name)
    rows = [json.loads(line) for line in body.split(b"\n")]
    assert rows[0]["text"].startswith("two\nlines")
    assert rows[1] == {"id": "2", "text": "plain", "at": "2026-11-20"}
    assert rows[2] == ["3", "too", "many", "2026-11-20"]


def test_ndjson_json_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "a\nb"}, {"id": "2", "text": "ü"}]
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps(each) for each in rows) + "\n\n")
    (tmp_path / "b.json").write_text(json.dumps(rows, indent=2))
    pl.DataFrame(rows).write_parquet(tmp_path / "c.parquet")
    found = [
        [json.loads(line) for body in file.read(options(), path) for line in body.split(b"\n")]
        for path in sorted(tmp_path.iterdir())
    ]
    assert found == [rows, rows, rows]


def test_a_large_file_comes_in_pages(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n" + "\n".join(map(str, range(file.ROWS_A_PAGE + 1))))
    assert [body.count(b"\n") + 1 for body in file.read(options(), tmp_path / "a.csv")] == [file.ROWS_A_PAGE, 1]


def test_a_torn_archive_gives_what_it_holds_and_says_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(("id\n" + "1\n" * 100_000).encode())[:-20])
    with pytest.raises(SourceError, match=r"a\.csv\.gz, after line \d+"):
        list(file.read(options(), tmp_path / "a.csv.gz"))


def test_no_file_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"mend sources\.path"):
        file.files(options(path="nothing/*.csv"), tmp_path)


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
