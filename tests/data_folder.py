"""What stands in any file of a data folder, however it is packed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb
import zstandard

_TABLES = "select database_name, schema_name, table_name from duckdb_tables() where not internal and not temporary"


def traces(data_dir: Path, needles: Collection[str]) -> list[tuple[str, str]]:
    """File (and table) × needle, for each needle that it holds: in its bytes, unpacked, or in any value of a row.

    DuckDB packs strings, so the bytes of its files prove little: every value of every table is read. What its dead rows
    and free blocks hold is not seen; `dead_rows` tells whether there are any.
    """
    found = []
    for path in _files(data_dir):
        name = path.relative_to(data_dir).as_posix()
        for place, content in _contents(path):
            found += [(f"{name}{place}", needle) for needle in needles if needle.encode() in content]
    return found


class Reader:
    """All words of a pattern in a data folder, searched as `traces` does, again and again: a file is read once, and
    once more whenever it changed.
    """

    def __init__(self, pattern: bytes) -> None:
        self._pattern = re.compile(pattern)
        self._known: dict[tuple[Path, int, int, int], frozenset[bytes]] = {}

    def found(self, data_dir: Path) -> dict[bytes, list[str]]:
        """Each word, and the files that hold it."""
        known = {}
        for path in _files(data_dir):
            stat = path.stat()
            key = (path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
            known[key] = self._known[key] if key in self._known else self._words(path)
        self._known = known
        found: dict[bytes, list[str]] = {}
        for (path, *_), words in known.items():
            for word in words:
                found.setdefault(word, []).append(path.relative_to(data_dir).as_posix())
        return found

    def _words(self, path: Path) -> frozenset[bytes]:
        return frozenset(word for _, content in _contents(path) for word in self._pattern.findall(content))


def dead_rows(database: Path) -> int:
    """Rows that are deleted and still in the file."""
    with duckdb.connect(str(database), read_only=True) as con:
        dead = 0
        for place in con.execute(_TABLES).fetchall():
            table = ".".join(f'"{part}"' for part in place)
            stored = con.execute(
                "select coalesce(sum(count), 0) from pragma_storage_info(?)"
                " where column_id = 0 and segment_type <> 'VALIDITY'",
                [table],
            ).fetchall()
            living = con.execute(f"select count(*) from {table}").fetchall()
            dead += stored[0][0] - living[0][0]
    return dead


def _files(data_dir: Path) -> list[Path]:
    return sorted(path for path in data_dir.rglob("*") if path.is_file() and not path.is_symlink())


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    yield "", path.read_bytes()
    if path.suffix == ".zst":
        yield "", zstandard.ZstdDecompressor().decompress(path.read_bytes())
    elif path.suffix == ".parquet":
        with duckdb.connect() as con:
            yield "", _text(con.execute("select t::varchar from read_parquet(?) as t", [str(path)]))
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            for place in con.execute(_TABLES).fetchall():
                table = ".".join(f'"{part}"' for part in place)
                yield f":{table}", _text(con.execute(f"select t::varchar from {table} as t"))


def _text(rows: duckdb.DuckDBPyConnection) -> bytes:
    return "\n".join(row for (row,) in rows.fetchall()).encode()
