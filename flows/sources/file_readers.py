"""The rows of a file, one JSON value each: the formats, the archives around them, and what can be wrong with both."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
import polars as pl
import zstandard
from polars.datatypes import DataTypeClass

from flows.errors import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from flows.sources.file import Columns, Options

ROWS_A_BATCH = 5_000
LONGEST_LINE = 16 * 1024 * 1024
LARGEST_JSON = 256 * 1024 * 1024  # a JSON array is read whole; more than this goes in as NDJSON
NAMES_TOLD = 20
_BOM = b"\xef\xbb\xbf"
_ASSIGNED = re.compile(rb"^\s*window\.[\w.]+\s*=\s*")  # X's archive: JSON as a script
_PACKED = 4096  # a block of 4 bytes may hold 128 KiB: this many bytes never unpack to more than memory bears
_DAMAGE = (
    csv.Error,
    zlib.error,
    zstandard.ZstdError,
    msgspec.DecodeError,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,  # no Exception: polars panics on what its authors did not foresee
    EOFError,
    OSError,
    RecursionError,
    UnicodeError,
)


def rows(form: str, options: Options, path: Path) -> Iterator[bytes]:
    """The file's rows. Raises SourceError that names the file and the last sound row, whatever breaks below."""
    given = 0
    try:
        for row in _READERS[form](options, path):
            yield row
            given += 1
    except _DAMAGE as error:
        where = f"{path.name}, after row {given:,}"
        raise SourceError(options.platform, f"{where}: {_said(error, path)}; mend or remove the file") from error


def _said(error: BaseException, path: Path) -> str:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (told.strip().partition("\n")[0].replace(str(path), path.name) or type(error).__name__)[:300]


def _csv_rows(options: Options, path: Path) -> Iterator[bytes]:
    csv.field_size_limit(LONGEST_LINE)
    is_tsv = ".tsv" in (suffix.lower() for suffix in path.suffixes)
    delimiter = "\t" if options.delimiter == "," and is_tsv else options.delimiter
    encode = msgspec.json.Encoder().encode
    with _opened(path) as stream, io.TextIOWrapper(stream, encoding=options.encoding, newline="") as text:
        lines = csv.reader(_lines(text), delimiter=delimiter, strict=True)  # strict: a quote left open is an error
        heads = list(itertools.islice(lines, 1 + options.preamble))
        if not heads:
            return
        wanted = {name for field, name in _mapped(options.columns) if field not in options.optional}
        at = next((number for number, head in enumerate(heads) if wanted <= set(head)), 0)
        header = heads[at]
        _check_names(options, path, header)
        for row in itertools.chain(heads[at + 1 :], lines):
            if row:
                yield encode(dict(zip(header, row, strict=True)) if len(row) == len(header) else row)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"a line is longer than {LONGEST_LINE:,} characters")
        yield line


def _ndjson_rows(_options: Options, path: Path) -> Iterator[bytes]:
    with _opened(path) as stream:
        while line := stream.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise msgspec.DecodeError(f"a line is longer than {LONGEST_LINE:,} bytes")
            if line := line.strip(b"\r\n \t" + _BOM):
                yield line


def _json_rows(options: Options, path: Path) -> Iterator[bytes]:
    with _opened(path) as stream:
        body = stream.read(LARGEST_JSON + 1)
    if len(body) > LARGEST_JSON:
        raise msgspec.DecodeError(f"a JSON array of over {LARGEST_JSON:,} bytes; export it as NDJSON")
    body = _ASSIGNED.sub(b"", body.removeprefix(_BOM), count=1)
    for value in (
        _nested(body, options.rows_at) if options.rows_at else msgspec.json.decode(body, type=list[msgspec.Raw])
    ):
        yield b" ".join(bytes(value).splitlines())  # a line feed in JSON stands only between tokens


def _nested(body: bytes, rows_at: str) -> Iterator[bytes]:
    """Rows within an object, each with what the object says beside them, under `_file`."""
    whole = msgspec.json.decode(body, type=dict[str, Any])
    if not isinstance(rows := whole.pop(rows_at, None), list):
        raise msgspec.DecodeError(f"it has no list {rows_at!r}; mend sources.rows_at")
    about = {name: value for name, value in whole.items() if isinstance(value, str | int)}
    for row in rows:
        yield msgspec.json.encode({**row, "_file": about} if isinstance(row, dict) else row)


def _parquet_rows(options: Options, path: Path) -> Iterator[bytes]:
    frame = pl.scan_parquet(path, glob=False)
    schema = frame.collect_schema()
    _check_names(options, path, list(_reachable(schema)))
    wanted = {p if p in schema else p.partition(".")[0] for _, p in _mapped(options.columns)}
    shaped = frame.select(pl.col(name).cast(_writable(kind)) for name, kind in schema.items() if name in wanted)
    for batch in shaped.collect_batches(chunk_size=ROWS_A_BATCH, maintain_order=True):
        yield from batch.write_ndjson().encode().splitlines()


_READERS: dict[str, Callable[[Options, Path], Iterator[bytes]]] = {
    "csv": _csv_rows,
    "ndjson": _ndjson_rows,
    "json": _json_rows,
    "parquet": _parquet_rows,
}


def _mapped(columns: Columns) -> Iterator[tuple[str, str]]:
    """Our field and the file's column, for every column that the mapping names."""
    for field, paths in columns:
        if paths is not None:
            yield from ((field, path) for path in ([paths] if isinstance(paths, str) else paths))


def _check_names(options: Options, path: Path, names: Collection[str]) -> None:
    """A name mistaken in the mapping would be NULL in every row, and nobody would know."""
    there = list(names)
    for field, name in _mapped(options.columns):
        if (found := there.count(name)) == 1 or (field in options.optional and not found):
            continue
        told = ", ".join(repr(each[:60]) for each in there[:NAMES_TOLD]) + (", …" if len(there) > NAMES_TOLD else "")
        fault = f"no column {name!r}" if not found else f"{found} columns are named {name!r}"
        raise SourceError(
            options.platform,
            f"{path.name}: {fault} (columns.{field}); the file has: {told}. Mend sources.columns or sources.delimiter",
        )


def _reachable(fields: Iterable[tuple[str, pl.DataType]] | pl.Schema, before: str = "") -> Iterator[str]:
    """Names of columns, and of what stands in their objects, dotted."""
    for name, kind in fields.items() if isinstance(fields, pl.Schema) else fields:
        yield before + name
        if isinstance(kind, pl.Struct):
            yield from _reachable([(inner.name, _instance(inner.dtype)) for inner in kind.fields], f"{before}{name}.")


def _writable(kind: pl.DataType) -> pl.DataType:
    """The type to write as JSON: bytes are text, as polars panics on them."""
    if isinstance(kind, pl.Binary):
        return pl.String()
    if isinstance(kind, pl.List | pl.Array):
        return pl.List(_writable(_instance(kind.inner)))
    if isinstance(kind, pl.Struct):
        return pl.Struct({inner.name: _writable(_instance(inner.dtype)) for inner in kind.fields})
    return kind


def _instance(kind: pl.DataType | DataTypeClass) -> pl.DataType:
    return kind if isinstance(kind, pl.DataType) else kind()


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    suffix = path.suffix.lower()
    with path.open("rb") as raw:
        if suffix == ".gz":
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield io.BufferedReader(unpacked)
        elif suffix == ".zst":
            yield io.BufferedReader(_Zst(raw))
        else:
            yield raw


class _Zst(io.RawIOBase):
    """A .zst archive that says when it is cut short: zstandard's own reader ends there as if all were well."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_within = False
        self._ahead = b""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._ready:
            packed = self._ahead or self._packed.read(_PACKED)
            if not packed and self._is_within:
                raise EOFError("the archive is cut short")
            if not packed:
                return 0
            self._ready, self._ahead = self._frame.decompress(packed), self._frame.unused_data
            self._is_within = not self._frame.eof
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        into = memoryview(buffer).cast("B")
        taken = min(len(into), len(self._ready))
        into[:taken] = self._ready[:taken]
        self._ready = self._ready[taken:]
        return taken
