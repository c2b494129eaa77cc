"""Files that other tools export: CSV, NDJSON, JSON, Parquet, plain or gz/zst. Columns are mapped in `soundings.toml`.

A file is one window; its pages are its rows in batches, landed as one JSON value a line: an object of the row's own
columns, or an array where a CSV row has not as many fields as the header.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
import polars as pl
import zstandard
from pydantic import BaseModel, ConfigDict, Field, model_validator

from flows import records
from flows.errors import SourceError
from flows.sources.base import Page, Parsed, Slug, Source, SourceOptions
from flows.sources.file_columns import parse_rows

ROWS_A_PAGE = 5_000
LONGEST_LINE = 16 * 1024 * 1024
LARGEST_JSON = 1024 * 1024 * 1024  # a JSON array is read whole; more than this goes in as NDJSON
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".parquet": "parquet",
}


class Columns(BaseModel):
    """Which of the file's columns hold what; a dotted path goes into JSON objects, a list is joined by a blank line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    native_id: str
    text: str | list[str]
    published_at: str
    kind: str | None = None
    url: str | None = None
    language: str | None = None
    edited_at: str | None = None
    captured_at: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    link: str | None = None
    author_id: str | None = None
    author_handle: str | None = None
    author_name: str | None = None
    author_followers: str | None = None
    author_following: str | None = None
    author_posts: str | None = None
    likes: str | None = None
    replies: str | None = None
    reposts: str | None = None
    quotes: str | None = None
    views: str | None = None
    bookmarks: str | None = None
    upvotes: str | None = None
    downvotes: str | None = None
    clicks: str | None = None


class Options(SourceOptions):
    """One kind of file. `path` may hold * and is relative to the configuration file."""

    type: Literal["file"]
    platform: Slug
    path: str
    columns: Columns
    format: Literal["csv", "ndjson", "json", "parquet"] | None = None  # by the name where it is left out
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    time_format: str | list[str] = "iso"  # iso, unix, unix_ms, or strptime formats
    timezone: str = "UTC"  # of times that carry no offset
    html: bool = False  # texts are HTML
    kinds: dict[str, records.Kind] = Field(default={})  # the file's own words for the kind
    threads: bool = True  # keep answers to and parents of matched mentions, though they match no query

    @model_validator(mode="after")
    def _encoding_is_known(self) -> Options:
        try:
            "".encode(self.encoding)
        except LookupError as error:
            raise ValueError(
                f"encoding {self.encoding!r} is unknown; utf-8-sig, cp1251 or latin-1 are usual"
            ) from error
        return self


def files(options: Options, folder: Path) -> list[Path]:
    """The files that `path` names, by name. Raises SourceError where there are none."""
    pattern = str(folder / options.path)
    found = sorted(Path(name) for name in glob.glob(pattern, recursive=True) if Path(name).is_file())  # noqa: PTH207 - absolute patterns
    if not found:
        raise SourceError(
            options.platform, f"no file at {options.path!r} (beside the configuration); mend sources.path"
        )
    return found


def read(options: Options, path: Path) -> Iterator[bytes]:
    """The file's rows as page bodies of at most ROWS_A_PAGE lines."""
    lines = _READERS[_format(options, path)](options, path)
    while page := list(itertools.islice(lines, ROWS_A_PAGE)):
        yield b"\n".join(page)


def items(page: Page) -> Sequence[bytes]:
    """The rows of a page, verbatim."""
    return page.body.split(b"\n")


def parse(page: Page, options: Options) -> Parsed:
    """Mentions, counts, accounts and reply edges of one page, column by column."""
    return parse_rows(page, items(page), options)


def _format(options: Options, path: Path) -> str:
    if options.format:
        return options.format
    suffix = next((s for s in reversed(path.suffixes) if s.lower() not in (".gz", ".zst")), "")
    if suffix.lower() not in SUFFIXES:
        raise SourceError(options.platform, f"{path.name}: cannot tell the format by its name; set sources.format")
    return SUFFIXES[suffix.lower()]


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix.lower() == ".gz":
        with gzip.open(path, "rb") as unpacked:
            yield io.BufferedReader(unpacked)
    elif path.suffix.lower() == ".zst":
        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as stream:
            yield io.BufferedReader(stream)
    else:
        with path.open("rb") as stream:
            yield stream


def _csv_rows(options: Options, path: Path) -> Iterator[bytes]:
    csv.field_size_limit(LONGEST_LINE)
    delimiter = "\t" if options.delimiter == "," and ".tsv" in path.suffixes else options.delimiter
    encode = msgspec.json.Encoder().encode
    with _opened(path) as stream, io.TextIOWrapper(stream, encoding=options.encoding, newline="") as text:
        rows = csv.reader(text, delimiter=delimiter)
        try:
            header = next(rows, None)
            if header is None:
                return
            for row in rows:
                if row:
                    yield encode(dict(zip(header, row, strict=True)) if len(row) == len(header) else row)
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            raise SourceError(options.platform, f"{path.name}, after line {rows.line_num}: {error}") from error


def _ndjson_rows(options: Options, path: Path) -> Iterator[bytes]:
    number = 0
    with _opened(path) as stream:
        try:
            for number in itertools.count(1):
                line = stream.readline(LONGEST_LINE)
                if not line:
                    return
                if len(line) == LONGEST_LINE:
                    raise SourceError(
                        options.platform, f"{path.name}, line {number}: longer than {LONGEST_LINE:,} bytes"
                    )
                if line := line.strip(b"\r\n \t\xef\xbb\xbf"):
                    yield line
        except (EOFError, OSError, zstandard.ZstdError) as error:
            raise SourceError(options.platform, f"{path.name}, after line {number}: {error}") from error


def _json_rows(options: Options, path: Path) -> Iterator[bytes]:
    with _opened(path) as stream:
        body = stream.read(LARGEST_JSON + 1)
    if len(body) > LARGEST_JSON:
        raise SourceError(
            options.platform, f"{path.name}: a JSON array of over {LARGEST_JSON:,} bytes; export it as NDJSON"
        )
    try:
        for value in msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=list[msgspec.Raw]):
            yield b" ".join(bytes(value).splitlines())  # a line feed in JSON stands only between tokens
    except msgspec.DecodeError as error:
        raise SourceError(options.platform, f"{path.name}: no JSON array of rows: {error}") from error


def _parquet_rows(options: Options, path: Path) -> Iterator[bytes]:
    try:
        for batch in pl.scan_parquet(path).collect_batches(chunk_size=ROWS_A_PAGE, maintain_order=True):
            yield from batch.write_ndjson().encode().splitlines()
    except pl.exceptions.PolarsError as error:
        raise SourceError(options.platform, f"{path.name}: not readable as Parquet: {error}") from error


_READERS: dict[str, Any] = {"csv": _csv_rows, "ndjson": _ndjson_rows, "json": _json_rows, "parquet": _parquet_rows}

SOURCE = Source(platform="file", options=Options, items=items, parse=parse, files=files, read=read)
