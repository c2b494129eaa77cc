"""One suite with every expectation type, argument and condition that the compiler knows, and columns to try it on.

Importing this module imports Great Expectations: tests do so when they run, not when they are collected.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from drawn_frames import LATEST, Table, one_of
from staged_batches import AS_OF

from expectations.gx import col, gxe
from expectations.suites import Suite, note

TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "a\n",
    "\n",
    "a\nb",
    "Ab",
    "é",
    "e\u0301",
    "😀",
    "a😀b",
    "漢字",
    "x\0y",
    " ",
    "A1",
    "a'b",
    "\ufffd",
]
MOMENTS = [AS_OF, AS_OF - timedelta(microseconds=1), AS_OF + timedelta(seconds=1), LATEST, AS_OF - timedelta(days=9)]
FLOATS = [0.0, -0.0, 0.5, 1.0, 2.0, 2.5, -1.0, 1e300, float("inf"), float("-inf"), float("nan"), None]

DRAWN: Table = {
    "text": (pl.String(), one_of(*TEXTS, None, None, None)),
    "other": (pl.String(), one_of(*TEXTS[:6], None, None)),
    "kind": (pl.String(), one_of("post", "post", "reply", "poll", "", None)),
    "share": (pl.Float64(), one_of(*FLOATS)),
    "level": (pl.Float64(), one_of(*FLOATS)),
    "likes": (pl.Int64(), one_of(-1, 0, 1, 2, 3, 5, 10**12, None)),
    "views": (pl.Int64(), one_of(0, 1, 2, 3, 4, 5, None)),
    "seen_at": (pl.Datetime("us"), one_of(*MOMENTS, None)),
    "told_at": (pl.Datetime("us"), one_of(*MOMENTS, *MOMENTS[-1:] * 5, None)),
}
DRAWN |= {
    "left": (pl.String(), one_of(*"xxxxxxxxxx", "y", "", None)),
    "right": (pl.String(), one_of(*"xxxxxxxxxx", "y", "", None)),
    "lost": (pl.Float64(), one_of(*[None] * 6, float("nan"), 1.0)),
    "count": (pl.Int64(), one_of(1, 1, 1, 1, 1, 1, 0, None)),
    "base": (pl.Int64(), one_of(1, 1, 1, 1, 1, 1, 0, None)),
}
C = {"severity": "critical"}


def _why(name: str) -> dict[str, str]:
    return note(f"drawn.{name}", "to be compared")


RULES = (
    gxe.ExpectColumnValuesToBeNull(column="told_at", row_condition=col("seen_at").is_null(), meta=_why("never"), **C),
    gxe.ExpectColumnValuesToBeNull(column="lost", meta=_why("mostly_null"), mostly=0.9, **C),
    gxe.ExpectColumnValuesToNotBeNull(column="text", meta=_why("text"), **C),
    gxe.ExpectColumnValuesToNotBeNull(column="share", meta=_why("nan_is_missing"), **C),
    gxe.ExpectColumnValuesToNotBeNull(column="seen_at", meta=_why("time"), row_condition=col("kind") == "post", **C),
    gxe.ExpectColumnValuesToBeInSet(
        column="text", value_set=[t for t in TEXTS if t not in ("a", "x\0y")], meta=_why("in_set"), **C
    ),
    gxe.ExpectColumnValuesToBeInSet(column="kind", value_set=["post", "reply", ""], meta=_why("in_set_empty"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="share", min_value=0, meta=_why("at_least"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="share", min_value=-1, strict_min=True, meta=_why("above"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="share", max_value=2.5, meta=_why("at_most"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="share", max_value=1e300, strict_max=True, meta=_why("below"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="likes", min_value=0, max_value=5, meta=_why("within"), **C),
    gxe.ExpectColumnValuesToBeBetween(
        column="likes", min_value=-1, max_value=10**12, strict_min=True, strict_max=True, meta=_why("inside"), **C
    ),
    gxe.ExpectColumnValuesToBeBetween(column="views", min_value=1.0, max_value=4.0, meta=_why("whole_numbers"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="likes", min_value=0, mostly=0.5, meta=_why("tolerated"), **C),
    gxe.ExpectColumnValuesToBeBetween(column="likes", min_value=0, mostly=0.99, meta=_why("not_tolerated"), **C),
    gxe.ExpectColumnValueLengthsToBeBetween(
        column="text", min_value=2, row_condition=col("likes") != 0, meta=_why("long"), **C
    ),
    gxe.ExpectColumnValueLengthsToBeBetween(column="text", max_value=2, meta=_why("short"), **C),
    gxe.ExpectColumnValueLengthsToBeBetween(
        column="text", min_value=0, strict_min=True, max_value=3, strict_max=True, meta=_why("inside_length"), **C
    ),
    gxe.ExpectColumnValuesToMatchRegex(column="text", regex=r"\A[^b]*\Z", meta=_why("whole"), **C),
    gxe.ExpectColumnValuesToMatchRegex(column="text", regex=r"^(?:a|.|\n|.{2,3})?\Z", meta=_why("dot"), **C),
    gxe.ExpectColumnValuesToMatchRegex(column="text", regex=r"\A([^\x00-\x1f]+?)?\Z", meta=_why("no_control"), **C),
    gxe.ExpectColumnValuesToNotMatchRegex(column="text", regex="[😀漢]|A1", meta=_why("beyond_bmp"), **C),
    gxe.ExpectColumnValuesToNotMatchRegex(column="text", regex="é|[漢-龥]|(?:😀)+b", meta=_why("above_ascii"), **C),
    gxe.ExpectColumnValuesToMatchRegex(
        column="kind", regex="(?:p|r)", row_condition=col("views") >= 2, meta=_why("begins"), **C
    ),
    gxe.ExpectColumnValuesToNotMatchRegex(column="text", regex=r"\x00|'|\ufffd", meta=_why("marks"), **C),
    gxe.ExpectColumnPairValuesToBeEqual(column_A="left", column_B="right", meta=_why("equal"), **C),
    gxe.ExpectColumnPairValuesToBeEqual(
        column_A="left", column_B="right", ignore_row_if="neither", meta=_why("equal_or_missing"), **C
    ),
    gxe.ExpectColumnPairValuesToBeEqual(
        column_A="left", column_B="right", ignore_row_if="either_value_is_missing", meta=_why("equal_if_told"), **C
    ),
    gxe.ExpectColumnPairValuesToBeEqual(
        column_A="base", column_B="count", row_condition=col("likes") <= 2, meta=_why("equal_numbers"), **C
    ),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="seen_at", column_B="told_at", or_equal=True, row_condition=col("views") > 1, meta=_why("later"), **C
    ),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="latest_at",
        column_B="seen_at",
        ignore_row_if="either_value_is_missing",
        meta=_why("before_latest"),
        **C,
    ),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="level",
        column_B="share",
        or_equal=True,
        ignore_row_if="either_value_is_missing",
        meta=_why("floats"),
        **C,
    ),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="level",
        column_B="share",
        or_equal=True,
        ignore_row_if="neither",
        row_condition=col("level") >= 0.5,
        meta=_why("floats_all"),
        **C,
    ),
    gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
        column_list=["text", "other"], ignore_row_if="any_value_is_missing", meta=_why("differs"), **C
    ),
    gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
        column_list=["kind", "other", "text"], ignore_row_if="never", meta=_why("all_differ"), **C
    ),
    gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
        column_list=["text", "other"], meta=_why("differs_or_both"), **C
    ),
    gxe.ExpectColumnValuesToNotBeNull(column="text", row_condition=col("kind") != "post", meta=_why("not_equal"), **C),
    gxe.ExpectColumnValuesToNotBeNull(
        column="text", row_condition=col("kind").is_not_in(["post", ""]), meta=_why("not_in"), **C
    ),
    gxe.ExpectColumnValuesToNotBeNull(column="text", row_condition=col("share") < 1, meta=_why("less"), **C),
    gxe.ExpectColumnValuesToNotBeNull(column="text", row_condition=col("other").is_null(), meta=_why("is_null"), **C),
    gxe.ExpectColumnValuesToNotBeNull(
        column="text", row_condition=col("seen_at").is_not_null() | (col("likes") >= 3), meta=_why("either"), **C
    ),
    gxe.ExpectColumnValuesToMatchRegex(
        column="kind", regex="o", row_condition=(col("text") > "a") & col("likes").is_not_null(), meta=_why("both"), **C
    ),
)
SUITE = Suite("drawn", RULES, derived={"latest_at": "as_of + interval 2 minutes"})
