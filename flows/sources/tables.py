"""What pages say, by table: rows until somebody wants columns, so that a batch frames thousands of items at once.

A frame costs as much for the items of one page as for those of twenty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Self

import polars as pl

from flows import records

Row = tuple[str, int, records.Record]
"""page_id, item_no and the record."""


TABLE_OF = {record: name for name, record in records.STAGED.items()}


class Tables(Mapping[str, pl.DataFrame]):
    """Record frames with lineage, by table; what came as rows is framed when it is asked for. Empty tables are not."""

    def __init__(
        self, rows: Mapping[str, Sequence[Row]] | None = None, frames: Mapping[str, pl.DataFrame] | None = None
    ) -> None:
        self._rows = {name: found for name, found in (rows or {}).items() if found}
        self._frames = {name: frame for name, frame in (frames or {}).items() if len(frame)}

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self._frames:
            self._frames[name] = records.frame(records.STAGED[name], self._rows[name])
        return self._frames[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows or name in self._frames  # Mapping's own would frame it

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in records.STAGED if name in self._rows or name in self._frames)

    def __len__(self) -> int:
        return len(self._rows.keys() | self._frames.keys())

    def column(self, table: str, name: str) -> list[Any]:
        """The values of one column, whether they are framed or not; none where there is no such table."""
        if table in self._rows:
            return [getattr(record, name) for _, _, record in self._rows[table]]
        return self._frames[table][name].to_list() if table in self._frames else []

    def series(self, table: str, name: str) -> pl.Series:
        """The same of a table that is there, as a column."""
        return self._frames[table][name] if table in self._frames else pl.Series(self.column(table, name))

    def with_rows(self, table: str, rows: Sequence[Row]) -> Self:
        """The same with one table more, or another in its place."""
        frames = {name: frame for name, frame in self._frames.items() if name not in self._rows}
        return type(self)({**self._rows, table: rows}, frames)

    @classmethod
    def joined(cls, parts: Sequence[Tables]) -> dict[str, pl.DataFrame]:
        """All rows of several, in their order, framed at once; the tables in the order in which they are loaded."""
        names = {name for part in parts for name in part}
        return {name: cls._joined(name, parts) for name in records.STAGED if name in names}

    @staticmethod
    def _joined(name: str, parts: Sequence[Tables]) -> pl.DataFrame:
        holding = [part for part in parts if name in part]
        if all(name in part._rows for part in holding):
            return records.frame(records.STAGED[name], chain.from_iterable(part._rows[name] for part in holding))
        return pl.concat(part[name] for part in holding)
