"""Files that other tools export: CSV, NDJSON, JSON, Parquet, plain or gz/zst. Columns are mapped in `soundings.toml`.

A file is one window; its pages are its rows in batches, landed as one JSON value a line: an object of the row's own
columns (of Parquet those that are mapped), or an array where a CSV row has not as many fields as the header.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flows import records
from flows.errors import SourceError
from flows.sources import file_readers, file_values
from flows.sources.base import Page, Parsed, Slug, Source, SourceOptions, Zone
from flows.sources.file_columns import parse_rows
from flows.sources.file_presets import with_preset
from flows.sources.referrers import HOSTS, NAMES

ROWS_A_PAGE = 5_000
BYTES_A_PAGE = 8 * 1024 * 1024  # a page is parsed in memory; only a row longer than this makes a longer page
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".js": "json",
    ".parquet": "parquet",
}


class Columns(BaseModel):
    """Which of the file's columns hold what; a dotted path goes into JSON objects.

    A list of columns is one text, joined by blank lines, or one id, joined by '/' where none of them is empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    native_id: str | list[str]
    text: str | list[str]
    published_at: str
    platform: str | None = None
    kind: str | None = None
    url: str | None = None
    language: str | None = None
    edited_at: str | None = None
    captured_at: str | None = None
    parent_id: str | list[str] | None = None
    root_id: str | list[str] | None = None
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
    preset: str | None = None  # of file_presets.toml
    platform: Slug  # of rows whose platform column says none of `platforms`
    path: str
    columns: Columns
    format: Literal["csv", "ndjson", "json", "parquet"] | None = None  # by the name where it is left out
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    time_format: str | list[str] = "iso"  # iso, unix, unix_ms, or strptime formats
    timezone: Zone = "UTC"  # of times that carry no offset
    html: bool = False  # texts are HTML
    kinds: dict[str, records.Kind] = Field(default={})  # the file's own words for the kind
    platforms: dict[str, Slug] = NAMES | HOSTS  # the file's own words for the platform, in lower case
    account: str | None = None  # handle of who wrote all that no column gives an author
    rows_at: str | None = None  # of a JSON object: where its rows stand; what else it says is in `_file`
    preamble: int = Field(default=0, ge=0, le=100)  # lines of a CSV file that may stand before the header
    optional: frozenset[str] = frozenset()  # fields whose columns the file may lack
    ignored: frozenset[str] | None = None  # columns left out on purpose; where they are named, others are counted
    longest_silence: int = Field(default=7, ge=1, le=36_500)  # days; a longer one between two posts is not covered
    threads: bool = True  # keep answers to and parents of matched mentions, though they match no query

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_in(cls, given: Any) -> Any:
        return with_preset(given) if isinstance(given, dict) else given

    @field_validator("delimiter")
    @classmethod
    def _delimiter_delimits(cls, delimiter: str) -> str:
        if delimiter in '\n\r"\0':
            raise ValueError(f"{delimiter!r} cannot part fields; ',', ';', '|' or a tab are usual")
        return delimiter

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"encoding {encoding!r} is unknown; utf-8-sig, cp1251 or latin-1 are usual") from error
        return encoding

    @model_validator(mode="after")
    def _times_can_be_read(self) -> Options:
        for each in self.time_formats:
            if fault := file_values.fault_of(each, self.timezone):
                raise ValueError(f"time_format {each!r} reads no time ({fault}); write iso, unix or '%Y-%m-%d %H:%M'")
        return self

    @property
    def known(self) -> frozenset[str] | None:
        """Columns that are mapped, hold mapped values or are left out on purpose; None: nobody says which these are."""
        if self.ignored is None:
            return None
        told = [[paths] if isinstance(paths, str) else paths for _, paths in self.columns if paths is not None]
        paths = [path for each in told for path in each]
        return self.ignored.union(paths, (path.split(".")[0] for path in paths))

    @property
    def time_formats(self) -> list[str]:
        """The formats in the order in which they are tried."""
        return [self.time_format] if isinstance(self.time_format, str) else self.time_format


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
    """The file's rows as page bodies of at most ROWS_A_PAGE lines and BYTES_A_PAGE bytes."""
    page: list[bytes] = []
    size = 0
    for row in file_readers.rows(_format(options, path), options, path):
        if page and (len(page) == ROWS_A_PAGE or size + len(row) > BYTES_A_PAGE):
            yield b"\n".join(page)
            page, size = [], 0
        page.append(row)
        size += len(row) + 1
    if page:
        yield b"\n".join(page)


def items(page: Page) -> Sequence[bytes]:
    """The rows of a page, verbatim."""
    return page.body.split(b"\n")


def wrap(_page: Page, rows: Sequence[bytes]) -> bytes:
    """A page of these rows."""
    return b"\n".join(rows)


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


SOURCE = Source(platform="file", options=Options, items=items, parse=parse, files=files, read=read, wrap=wrap)
