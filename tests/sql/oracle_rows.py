"""Rows of schema raw and what all oracles do with numbers of which some are not known: imports nothing of ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import duckdb

Row = dict[str, Any]
Key = tuple[Any, ...]
HOUR = timedelta(hours=1)


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    cursor = con.execute(f"from raw.{table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def union_hours(spans: list[Key]) -> float:
    """Length of the union of what begins and ends with the first two, instant by instant: slow and plainly right."""
    cuts = sorted({end for span in spans for end in span[:2]})
    inside = [b - a for a, b in pairwise(cuts) if any(s[0] <= a and b <= s[1] for s in spans)]
    return sum(inside, timedelta()) / HOUR


def sum_of(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def less(now: float | None, before: float | None) -> float | None:
    return now - before if now is not None and before is not None else None


def over(numerator: float | None, denominator: float | None) -> float | None:
    return numerator / denominator if numerator is not None and denominator else None
