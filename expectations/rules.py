"""Rules that many suites say, in one line each; critical where nothing is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expectations import shapes
from expectations.gx import gxe
from expectations.suites import Severity, note


def not_null(column: str, why: str) -> gxe.Expectation:
    """A required field."""
    return gxe.ExpectColumnValuesToNotBeNull(column=column, severity="critical", meta=note(f"{column}.not_null", why))


def shape(
    column: str, regex: str, holds: str, why: str, *, severity: Severity = "critical", fix: str = "", **more: Any
) -> gxe.Expectation:
    """A text in which the regex is found."""
    return gxe.ExpectColumnValuesToMatchRegex(
        column=column, regex=regex, severity=severity, meta=note(_named(column, holds), why, fix=fix), **more
    )


def no_hit(
    column: str, regex: str, holds: str, why: str, *, severity: Severity = "critical", fix: str = "", **more: Any
) -> gxe.Expectation:
    """A text in which the regex is not found."""
    return gxe.ExpectColumnValuesToNotMatchRegex(
        column=column, regex=regex, severity=severity, meta=note(_named(column, holds), why, fix=fix), **more
    )


def id_shape(column: str, why: str) -> gxe.Expectation:
    """`platform:native id`, where it is told."""
    return shape(column, shapes.ID, "is_platform_and_native_id", why)


def in_set(column: str, members: Sequence[str], why: str) -> gxe.Expectation:
    """One of these words, where it is told."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=column, value_set=list(members), severity="critical", meta=note(f"{column}.in_set", why)
    )


def length(column: str, least: int | None, most: int, why: str) -> gxe.Expectation:
    """Code points."""
    return gxe.ExpectColumnValueLengthsToBeBetween(
        column=column,
        **({} if least is None else {"min_value": least}),
        max_value=most,
        severity="critical",
        meta=note(f"{column}.length", why),
    )


def in_range(column: str, why: str, *, least: float = 0, most: float = shapes.MOST, **more: Any) -> gxe.Expectation:
    """A number within bounds, both allowed."""
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=least,
        max_value=most,
        severity="critical",
        meta=note(f"{column}.in_range", why),
        **more,
    )


def at_most(
    column: str, most: float, rule: str, why: str, *, severity: Severity = "critical", fix: str = "", **more: Any
) -> gxe.Expectation:
    """A number that is no larger; `rule` is its whole name, as `column` may be a helper of what it judges."""
    return gxe.ExpectColumnValuesToBeBetween(
        column=column, max_value=most, severity=severity, meta=note(rule, why, fix=fix), **more
    )


def at_least(column: str, least: float, rule: str, why: str) -> gxe.Expectation:
    """A number that is no smaller, likewise."""
    return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=least, severity="critical", meta=note(rule, why))


def not_after(column: str, why: str, *, severity: Severity = "critical") -> gxe.Expectation:
    """No later than the run's clock and two minutes; the suite derives `latest_at`."""
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="latest_at",
        column_B=column,
        or_equal=True,
        ignore_row_if="either_value_is_missing",
        severity=severity,
        meta=note(f"{column}.not_after_as_of", why),
    )


def once(key: str, why: str) -> gxe.Expectation:
    """One row a key within an item; the suite derives `copies_in_item`. The same mention in two items is no defect."""
    return at_most("copies_in_item", 1, f"{key}.once_an_item", why)


def _named(column: str, holds: str) -> str:
    """Rules on helper columns are called after what they judge."""
    return f"{'links' if column == 'link_lines' else column}.{holds}"
