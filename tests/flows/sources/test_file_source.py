"""Files as people's tools export them."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

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
    without = parsed([row()]).tables["engagement_snapshot"].row(0, named=True)
    assert (without["captured_at"], without["age_hours"]) == (AS_OF, 40)


FEW = {"native_id": "id", "text": "text", "published_at": "at"}
CSV = 'id,text,at\n1,"two\nlines, one field",2026-11-20\n2,plain,2026-11-20\n3,too,many,2026-11-20\n'


def name_only(value: str | bytes | None) -> str:
    """A case's id: archives hold the time at which they were made, and ids must be the same in every worker."""
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV.encode("utf-8-sig")),
        ("a.csv.gz", gzip.compress(CSV.encode())),
        ("a.csv.zst", zstandard.compress(CSV.encode())),
        ("a.tsv", CSV.replace("lines, one", "lines one").replace(",", "\t").encode()),
    ],
    ids=name_only,
)
def test_csv_keeps_every_row_also_those_of_another_length(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (body,) = file.read(options(columns=FEW), tmp_path / name)
    rows = [json.loads(line) for line in body.split(b"\n")]
    assert rows[0]["text"].startswith("two\nlines")
    assert rows[1] == {"id": "2", "text": "plain", "at": "2026-11-20"}
    assert rows[2] == ["3", "too", "many", "2026-11-20"]


def test_ndjson_json_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "a\nb", "at": "2026"}, {"id": "2", "text": "ü", "at": "2027"}]
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps(each) for each in rows) + "\n\n")
    (tmp_path / "b.json").write_text(json.dumps(rows, indent=2))
    pl.DataFrame(rows).write_parquet(tmp_path / "c[1].parquet")
    assert [read(path, columns=FEW) for path in sorted(tmp_path.iterdir())] == [rows, rows, rows]


def read(path: Path, **other: Any) -> list[Any]:
    return [json.loads(line) for body in file.read(options(**other), path) for line in body.split(b"\n")]


def test_a_large_file_comes_in_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,at\n" + "".join(f"{number},,\n" for number in range(file.ROWS_A_PAGE + 1)))
    bodies = list(file.read(options(columns=FEW), path))
    assert [body.count(b"\n") + 1 for body in bodies] == [file.ROWS_A_PAGE, 1]


def test_long_rows_come_in_pages_of_few(tmp_path: Path) -> None:
    half = file.BYTES_A_PAGE // 2
    texts = ["a" * (half - 100), "b" * (half - 100), "c", "d" * (file.BYTES_A_PAGE + 100), "e"]
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    bodies = list(file.read(options(), tmp_path / "a.ndjson"))
    assert [[json.loads(line)["text"][0] for line in body.split(b"\n")] for body in bodies] == [
        *(["a", "b", "c"], ["d"], ["e"])
    ]


def test_parquet_gives_the_mapped_columns_only_and_bytes_as_text(tmp_path: Path) -> None:
    rows = {
        "id": [b"1"], "text": [[b"x", b"y"]], "at": ["2026-11-20"], "user": [{"name": b"ann", "tags": [b"t"]}],
        "thumb": [b"\xff\x00"],
    }  # fmt: skip
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", columns={**FEW, "author_handle": "user.name"}) == [
        {"id": "1", "text": ["x", "y"], "at": "2026-11-20", "user": {"name": "ann", "tags": ["t"]}}
    ]


NOISE = "".join(f'{{"id": "{hashlib.blake2b(b"%d" % number).hexdigest()}"}},\n' for number in range(20_000))
ROWS = NOISE.replace(",\n", "\n").encode()
TABLE = b"id,text,at\n" + b"".join(b"%d,x,2026\n" % number for number in range(3))


def spoiled(packed: bytes) -> bytes:
    third = len(packed) // 3  # over more than a block, so that a block's own header is hit
    return packed[:third] + b"\xff" * third + packed[2 * third :]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", gzip.compress(TABLE)[:-9]),
        ("cut.ndjson.gz", gzip.compress(ROWS)[:-20]),
        ("cut.json.gz", gzip.compress(b"[" + ROWS)[:-20]),
        ("cut.ndjson.zst", zstandard.compress(ROWS)[:-2000]),
        ("cut.csv.zst", zstandard.compress(TABLE)[:-2]),
        ("spoiled.ndjson.gz", spoiled(gzip.compress(ROWS))),
        ("spoiled.json.gz", spoiled(gzip.compress(ROWS))),
        ("spoiled.ndjson.zst", spoiled(zstandard.compress(ROWS))),
        ("no.csv.gz", TABLE),
        ("no.csv.zst", TABLE),
        ("no.json", b'[{"id": 1}, {'),
        ("object.json", b'{"id": 1}'),
        ("deep.json", b"[" * 3000 + b"]" * 3000),
        ("no.parquet", TABLE),
        ("bytes.csv", TABLE + b"\xff,x,2026\n"),
        ("open.csv", TABLE + b'4,"never closed,2026\n5,x,2026\n'),
        ("long.csv", TABLE + b'4,"' + b"x" * (16 * 1024 * 1024) + b'",2026\n'),
        ("gone.csv", None),
        ("gone.parquet", None),
    ],
    ids=name_only,
)
def test_a_damaged_file_is_named_with_the_last_sound_row(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as told:
        list(file.read(options(columns=FEW), tmp_path / name))
    assert re.match(rf"x: {re.escape(name)}, after row [0-9,]+: .+; mend or remove the file$", str(told.value))
    assert str(tmp_path) not in str(told.value)
    if name in ("open.csv", "long.csv"):
        assert "after row 3:" in str(told.value)


def test_a_torn_archive_gives_what_it_holds_and_says_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(ROWS)[:-20])
    pages = file.read(options(), tmp_path / "a.ndjson.gz")
    assert next(pages).count(b"\n") + 1 == file.ROWS_A_PAGE
    with pytest.raises(SourceError, match=r"a\.ndjson\.gz, after row 19,\d{3}: "):
        list(pages)


def test_frames_of_an_archive_are_read_to_the_last(tmp_path: Path) -> None:
    frames = [zstandard.compress(TABLE), zstandard.compress(b""), zstandard.compress(b"9,y,2026\n")]
    (tmp_path / "a.csv.zst").write_bytes(b"".join(frames))
    assert [each["id"] for each in read(tmp_path / "a.csv.zst", columns=FEW)] == ["0", "1", "2", "9"]


def test_quotes_within_fields_are_read_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text,at\n1,5" wide,2026\n2,"he said ""no""",2026\n')
    assert [each["text"] for each in read(tmp_path / "a.csv", columns=FEW)] == ['5" wide', 'he said "no"']


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        (
            "id,text,at",
            {**FEW, "likes": "Lieks"},
            "no column 'Lieks' (columns.likes); the file has: 'id', 'text', 'at'",
        ),
        ("id;text;at", FEW, "no column 'id' (columns.native_id); the file has: 'id;text;at'"),
        ("id,text,at,text", FEW, "2 columns are named 'text' (columns.text)"),
        ("id,text,at", {**FEW, "text": ["text", "title"]}, "no column 'title' (columns.text)"),
        ("id,text,at,user", {**FEW, "author_id": "user.id"}, "no column 'user.id' (columns.author_id)"),
    ],
)
def test_a_mapped_column_that_a_csv_has_not_is_named(
    tmp_path: Path, header: str, columns: dict[str, Any], said: str
) -> None:
    (tmp_path / "a.csv").write_text(header + "\n1,2,3\n")
    with pytest.raises(SourceError, match=re.escape(f"a.csv: {said}")):
        list(file.read(options(columns=columns), tmp_path / "a.csv"))


def test_names_with_dots_and_names_that_nothing_maps_are_no_matter(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,at,user.id,x,x\n1,2,3,4,5,6\n")
    assert read(tmp_path / "a.csv", columns={**FEW, "author_id": "user.id"})[0]["user.id"] == "4"


@pytest.mark.parametrize("missing", ["Lieks", "user.nmae", "id.x"])
def test_a_mapped_column_that_a_parquet_file_has_not_is_named(tmp_path: Path, missing: str) -> None:
    rows = {"id": ["1"], "text": ["x"], "at": ["2026"], "user": [{"name": "ann"}]}
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=re.escape(f"no column {missing!r} (columns.likes); the file has: 'id',")):
        read(tmp_path / "a.parquet", columns={**FEW, "likes": missing})


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
