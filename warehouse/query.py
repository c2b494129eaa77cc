"""Questions to the current release: read-only, cut off from every other file, answered as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import duckdb
import msgspec
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from warehouse.audiences import FILES, Audience
from warehouse.connection import StorageSettings, connect
from warehouse.errors import WarehouseError
from warehouse.releases import current_release

Format = Literal["table", "csv", "json"]
Row = tuple[Any, ...]

ROWS_AT_ONCE = 10_000
MOST_TABLE_ROWS = 200
MOST_TABLE_COLUMNS = 10
MOST_RECORDS = 10
WIDTH = 100
_STATEMENTS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
# Texts are written by strangers: none may move the cursor, recolour the terminal or turn the direction of writing.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_JSON = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


def open_release(data_dir: Path, audience: Audience = "public") -> duckdb.DuckDBPyConnection:
    """A connection to the release that is current now; it stays with that release.

    Raises WarehouseError where nothing was published yet, or the reader may not open the audience's file.
    """
    release = current_release(data_dir)
    if release is None:
        raise WarehouseError(f"{data_dir}: nothing was published yet; start a run with: soundings run")
    settings = StorageSettings(memory_limit="512MB", temp_directory=data_dir / "query.spill")
    return connect(release / FILES[audience], read_only=True, settings=settings, locked_down=True)


def run(con: duckdb.DuckDBPyConnection, sql: str, output: Format = "table") -> Iterator[str]:
    """The answer to one SELECT, as text in pieces; no more than a few thousand rows are in memory at once.

    `table` shows the first 200 rows in 100 columns. Raises WarehouseError where the statement is wrong, writes, or
    reaches for a file.
    """
    try:
        statements = con.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in _STATEMENTS:
            raise WarehouseError("a release is only read: give one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN)")
        answer = con.execute(statements[0])
        columns = [column[0] for column in answer.description or ()]
        yield from {"table": _table, "csv": _csv, "json": _json}[output](columns, _rows(answer))
    except duckdb.PermissionException as error:
        raise WarehouseError(f"a query reads marts.* of the release and no files: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise WarehouseError(f"the query failed: {error}") from error


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    while rows := answer.fetchmany(ROWS_AT_ONCE):
        yield from rows


def _csv(columns: Sequence[str], rows: Iterator[Row]) -> Iterator[str]:
    """RFC 4180; lists and structs as JSON."""
    for many in _chunks(chain([tuple(columns)], rows)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_nested_as_json(value) for value in row] for row in many)
        yield text.getvalue()


def _nested_as_json(value: Any) -> Any:
    return _JSON.encode(value).decode() if isinstance(value, (list, dict)) else value


def _json(columns: Sequence[str], rows: Iterator[Row]) -> Iterator[str]:
    """One array of objects, an object a line; NaN is null."""
    lead = "["
    for many in _chunks(rows):
        lines = [_JSON.encode(dict(zip(columns, row, strict=True))).decode() for row in many]
        yield lead + ",\n".join(lines)
        lead = ",\n"
    yield "]\n" if lead != "[" else "[]\n"


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while many := list(islice(rows, ROWS_AT_ONCE)):
        yield many


def _table(columns: Sequence[str], rows: Iterator[Row]) -> Iterator[str]:
    console = Console(file=(text := io.StringIO()), width=WIDTH, color_system=None, legacy_windows=False)
    is_wide = len(columns) > MOST_TABLE_COLUMNS
    most = MOST_RECORDS if is_wide else MOST_TABLE_ROWS
    shown = list(islice(rows, most))
    for table in _records(columns, shown) if is_wide else [_grid(columns, shown)]:
        console.print(table)
    if next(rows, None) is not None:
        console.print(f"… only the first {most} rows; all of them with --format csv or json")
    yield text.getvalue()


def _grid(columns: Sequence[str], rows: Sequence[Row]) -> Table:
    cells = [[_text(column) for column in columns], *([_cell(value) for value in row] for row in rows)]
    widths = [max(line[position].cell_len for line in cells) for position in range(len(columns))]
    # Long texts make room; numbers stay whole.
    widest = next((cap for cap in range(WIDTH, 8, -1) if sum(min(width, cap) + 2 for width in widths) <= WIDTH), 8)
    table = Table(box=None, pad_edge=False)
    for position, header in enumerate(cells[0]):
        is_number = any(isinstance(row[position], (int, float, Decimal)) for row in rows)
        table.add_column(header, justify="right" if is_number else "left", no_wrap=True, max_width=widest)
    for line in cells[1:]:
        table.add_row(*line)
    return table


def _records(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[Table]:
    """What is too wide for a grid: a row as a list of its columns."""
    for number, row in enumerate(rows, start=1):
        table = Table(Column(f"row {number}", no_wrap=True), Column("", no_wrap=True), box=None, pad_edge=False)
        for column, value in zip(columns, row, strict=True):
            table.add_row(_text(column), _cell(value))
        yield table


def _cell(value: Any) -> Text:
    if value is None:
        return Text("–")
    return _text(f"{value:.4g}" if isinstance(value, float) and abs(value) < 1000 else str(value))


def _text(value: str) -> Text:
    return Text(_CONTROL.sub(" ", value), overflow="ellipsis")
