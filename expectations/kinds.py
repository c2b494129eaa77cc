"""The expectation types that suites may use: for each, which rows it considers and which of them pass, as SQL.

The verdict equals Great Expectations' on pandas, row by row (held by a property test): a column rule skips missing
values, a pair rule fails where one side is missing, lengths count code points, strings compare byte by byte.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from expectations.errors import ExpectationError
from expectations.gx import gxe
from expectations.literals import literal, missing, quote
from expectations.plans import Family, Need
from expectations.regex import Spans, first_characters, to_re2

ORDERED: tuple[Family, ...] = ("number", "time")
ASCII, FEW = 0x7F, 3
COMPARABLE: tuple[Family, ...] = ("text", *ORDERED)


@dataclass(frozen=True)
class Predicate:
    """`passed` is not NULL where `considered` is true."""

    considered: str
    passed: str
    need: Need
    is_costly: bool = False  # worth a CASE, which looks at the considered rows only


@dataclass(frozen=True)
class Kind:
    """One expectation type: the arguments that it understands, and how it becomes SQL."""

    arguments: frozenset[str]
    build: Callable[[Any], Predicate]


def _not_null(e: Any) -> Predicate:
    return Predicate("true", f"(not {missing(e.column)})", Need((e.column,)))


def _null(e: Any) -> Predicate:
    return Predicate("true", missing(e.column), Need((e.column,)))


def _of_column(e: Any, passed: str, family: Family, *, is_costly: bool = False) -> Predicate:
    return Predicate(f"(not {missing(e.column)})", passed, Need((e.column,), (family,)), is_costly)


def _bounds(value: str, e: Any) -> str:
    low, high = e.min_value, e.max_value
    if low is None and high is None:
        raise ExpectationError("neither min_value nor max_value is given")
    for bound in (low, high):
        if bound is not None and not isinstance(bound, int | float):
            raise ExpectationError(f"bound {bound!r} is no number")
    if low is not None and high is not None and low > high:
        raise ExpectationError(f"min_value {low} is above max_value {high}")
    parts = []
    if low is not None:
        parts.append(f"{value} {'>' if e.strict_min else '>='} {literal(low)}")
    if high is not None:
        parts.append(f"{value} {'<' if e.strict_max else '<='} {literal(high)}")
    return f"({' and '.join(parts)})"


def _in_set(e: Any) -> Predicate:
    members = e.value_set
    if not isinstance(members, list | tuple | set) or not members or not all(isinstance(m, str) for m in members):
        raise ExpectationError(f"value_set {members!r} is no list of strings")
    return _of_column(e, f"({quote(e.column)} in ({', '.join(literal(m) for m in sorted(members))}))", "text")


def _has_hit(e: Any) -> str:
    if not isinstance(e.regex, str):
        raise ExpectationError(f"regex {e.regex!r} is no string")
    hit = f"regexp_matches({quote(e.column)}, {literal(to_re2(e.regex))})"
    may_hit = _may_hit(quote(e.column), first_characters(e.regex) or ())
    return f"(case when {may_hit} then {hit} else false end)" if may_hit else hit


def _may_hit(column: str, starts: Spans) -> str:
    """What must hold of a text in which a hit begins so, if that is quick to see: most texts need no regex then."""
    if starts and min(low for low, _ in starts) > ASCII:
        return f"strlen({column}) > length({column})"
    characters = sorted({chr(low) for low, _ in starts})
    if all(low == high for low, high in starts) and 0 < len(characters) <= FEW and "\0" not in characters:
        return " or ".join(f"contains({column}, {literal(character)})" for character in characters)
    return ""


def _not_ignored(e: Any, columns: tuple[str, ...]) -> str:
    if e.ignore_row_if in ("both_values_are_missing", "all_values_are_missing"):
        return f"(not ({' and '.join(map(missing, columns))}))"
    if e.ignore_row_if in ("either_value_is_missing", "any_value_is_missing"):
        return f"(not ({' or '.join(map(missing, columns))}))"
    if e.ignore_row_if in ("neither", "never"):
        return "true"
    raise ExpectationError(f"ignore_row_if {e.ignore_row_if!r} is not known")


def _of_pair(e: Any, operator: str, families: tuple[Family, ...]) -> Predicate:
    columns = (e.column_A, e.column_B)
    passed = f"coalesce({quote(e.column_A)} {operator} {quote(e.column_B)}, false)"
    return Predicate(_not_ignored(e, columns), passed, Need(columns, families))


def _all_different(e: Any) -> Predicate:
    columns = tuple(e.column_list)
    if len(columns) < 2:
        raise ExpectationError("column_list needs two columns")
    pairs = itertools.combinations(map(quote, columns), 2)
    passed = "(" + " and ".join(f"{a} is distinct from {b}" for a, b in pairs) + ")"
    return Predicate(_not_ignored(e, columns), passed, Need(columns, COMPARABLE))


_BOUNDS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})
_COLUMN = frozenset({"column"})
_PAIR = frozenset({"column_A", "column_B", "ignore_row_if"})

KINDS: dict[type, Kind] = {
    gxe.ExpectColumnValuesToNotBeNull: Kind(_COLUMN, _not_null),
    gxe.ExpectColumnValuesToBeNull: Kind(_COLUMN, _null),
    gxe.ExpectColumnValuesToBeInSet: Kind(_COLUMN | {"value_set"}, _in_set),
    gxe.ExpectColumnValuesToBeBetween: Kind(
        _COLUMN | _BOUNDS, lambda e: _of_column(e, _bounds(quote(e.column), e), "number")
    ),
    gxe.ExpectColumnValueLengthsToBeBetween: Kind(
        _COLUMN | _BOUNDS, lambda e: _of_column(e, _bounds(f"length({quote(e.column)})", e), "text")
    ),
    gxe.ExpectColumnValuesToMatchRegex: Kind(
        _COLUMN | {"regex"}, lambda e: _of_column(e, _has_hit(e), "text", is_costly=True)
    ),
    gxe.ExpectColumnValuesToNotMatchRegex: Kind(
        _COLUMN | {"regex"}, lambda e: _of_column(e, f"(not {_has_hit(e)})", "text", is_costly=True)
    ),
    gxe.ExpectColumnPairValuesToBeEqual: Kind(_PAIR, lambda e: _of_pair(e, "=", COMPARABLE)),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB: Kind(
        _PAIR | {"or_equal"}, lambda e: _of_pair(e, ">=" if e.or_equal else ">", ORDERED)
    ),
    gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord: Kind(
        frozenset({"column_list", "ignore_row_if"}), _all_different
    ),
}
