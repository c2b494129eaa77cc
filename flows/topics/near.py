"""NEAR: which rows have one of two sets of patterns close to one of another, counted in tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from flows.topics.patterns import Pattern
from flows.topics.streams import CLITIC, HANDLE, TAG, UNSPACED, Place

_TOKEN = rf"{HANDLE}[^ ]*|[{UNSPACED}]|[^ {UNSPACED}{TAG}]+"
"""One position: a handle, a letter of an unspaced script or a picture, a word. Clitics ('s) are taken off again."""


def near_rows(
    streams: Mapping[Place, pl.Series], left: Sequence[Pattern], right: Sequence[Pattern], distance: int
) -> pl.Series:
    """Rows (unique) where a `left` and a `right` that do not overlap are at most `distance` tokens apart."""
    sides = [pl.concat([_spans(streams[pattern.place], pattern.text) for pattern in side]) for side in (left, right)]
    found = [_follows(first, second, distance) for first, second in (sides, reversed(sides))]
    return pl.concat(found).unique().collect()["row_no"]


def _positions(text: pl.Expr) -> pl.Expr:
    return (text.str.count_matches(_TOKEN) - text.str.count_matches(CLITIC, literal=True)).cast(pl.Int64)


def _spans(stream: pl.Series, pattern: str) -> pl.LazyFrame:
    """row_no and the first and last token of every hit; the text is counted once, piece by piece between hits."""
    at = pl.col("stream").str.find_many([pattern], overlapping=True)
    hits = pl.LazyFrame({"stream": stream}).with_row_index("row_no").with_columns(at=at).explode("at").drop_nulls("at")
    before = pl.col("at").shift(1, fill_value=0).over("row_no")
    piece = pl.col("stream").cast(pl.Binary).bin.slice(before, pl.col("at") - before).cast(pl.String)
    counted = hits.select("row_no", tokens=_positions(piece))
    first = pl.col("tokens").cum_sum().over("row_no")
    return counted.select("row_no", first=first, last=first + _positions(pl.lit(pattern)) - 1)


def _follows(first: pl.LazyFrame, second: pl.LazyFrame, distance: int) -> pl.LazyFrame:
    """Rows in which a span of `second` begins at most `distance` tokens after one of `first` ends."""
    joined = first.sort("last").join_asof(
        second.sort("first").select("row_no", next="first"),
        left_on="last",
        right_on="next",
        by="row_no",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return joined.filter(pl.col("next") - pl.col("last") <= distance).select("row_no")
