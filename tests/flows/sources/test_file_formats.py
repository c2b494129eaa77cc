"""Formats of exported files, packed or not, page by page; a damaged one is named with its last sound row."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from flows.errors import SourceError
from flows.sources import file
from tests.flows.sources.exports import FEW, options

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
    (body,) = file.read(options(), tmp_path / name)
    rows = [json.loads(line) for line in body.split(b"\n")]
    assert rows[0]["text"].startswith("two\nlines")
    assert rows[1] == {"id": "2", "text": "plain", "at": "2026-11-20"}
    assert rows[2] == ["3", "too", "many", "2026-11-20"]


def test_ndjson_json_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "a\nb", "at": "2026"}, {"id": "2", "text": "ü", "at": "2027"}]
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps(each) for each in rows) + "\n\n")
    (tmp_path / "b.json").write_text(json.dumps(rows, indent=2))
    pl.DataFrame(rows).write_parquet(tmp_path / "c[1].parquet")
    assert [read(path) for path in sorted(tmp_path.iterdir())] == [rows, rows, rows]


def read(path: Path, **other: Any) -> list[Any]:
    return [json.loads(line) for body in file.read(options(**other), path) for line in body.split(b"\n")]


def test_a_large_file_comes_in_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,at\n" + "".join(f"{number},,\n" for number in range(file.ROWS_A_PAGE + 1)))
    bodies = list(file.read(options(), path))
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
        list(file.read(options(), tmp_path / name))
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
    assert [each["id"] for each in read(tmp_path / "a.csv.zst")] == ["0", "1", "2", "9"]


def test_quotes_within_fields_are_read_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text,at\n1,5" wide,2026\n2,"he said ""no""",2026\n')
    assert [each["text"] for each in read(tmp_path / "a.csv")] == ['5" wide', 'he said "no"']


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
