"""What the compiler does not know is an error that names the rule, never a rule that is skipped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from expectations.errors import ExpectationError
from expectations.regex import to_re2
from expectations.suites import Suite, note

CRITICAL: dict[str, Any] = {"column": "text", "severity": "critical", "meta": note("text.rule", "because")}
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("ExpectColumnValuesToBeUnique", {}, "ExpectColumnValuesToBeUnique is not known"),
    ("ExpectColumnMaxToBeBetween", {"max_value": 3}, "ExpectColumnMaxToBeBetween is not known"),
    ("ExpectColumnValuesToNotBeNull", {"severity": "info"}, "say critical or warning"),
    ("ExpectColumnValuesToNotBeNull", {"meta": None}, "lacks its name"),
    ("ExpectColumnValuesToNotBeNull", {"meta": {"rule": "text.rule"}}, "lacks its name .* or its reason"),
    ("ExpectColumnValuesToNotBeNull", {"catch_exceptions": False}, "does not understand catch_exceptions"),
    ("ExpectColumnValuesToNotBeNull", {"mostly": {"$PARAMETER": "m"}}, "mostly"),
    ("ExpectColumnValuesToBeInSet", {"value_set": [1, 2]}, "no list of strings"),
    ("ExpectColumnValuesToBeInSet", {"value_set": []}, "no list of strings"),
    ("ExpectColumnValuesToBeInSet", {"value_set": ["a\0"]}, "no constant"),
    ("ExpectColumnValuesToBeInSet", {"value_set": {"$PARAMETER": "s"}}, "no list of strings"),
    ("ExpectColumnValuesToBeBetween", {"min_value": MOMENT}, "no number"),
    ("ExpectColumnValuesToBeBetween", {"min_value": {"$PARAMETER": "low"}}, "no number"),
    ("ExpectColumnValuesToBeBetween", {"min_value": float("inf")}, "no constant"),
    ("ExpectColumnValueLengthsToBeBetween", {"min_value": 4, "max_value": 3}, "above"),
    ("ExpectColumnValuesToMatchRegex", {"regex": "a$"}, "has no equal"),
    ("ExpectColumnValuesToMatchRegex", {"regex": {"$PARAMETER": "shape"}}, "no string"),
    ("ExpectColumnValuesToNotBeNull", {"row_condition": lambda col: col("a").is_in([])}, "empty set"),
    ("ExpectColumnValuesToNotBeNull", {"row_condition": lambda col: col("a") == MOMENT}, "no constant"),
    ("ExpectColumnValuesToNotBeNull", {"row_condition": lambda col: col('a"; drop') == 1}, "no column name"),
]


@pytest.mark.parametrize(("kind", "arguments", "message"), UNKNOWN)
def test_an_unknown_type_or_argument_is_an_error(kind: str, arguments: dict[str, Any], message: str) -> None:
    from expectations.compile import compile_suite
    from expectations.gx import col, gxe

    given = {name: value(col) if callable(value) else value for name, value in arguments.items()}
    expectation = getattr(gxe, kind)(**(CRITICAL | given))
    with pytest.raises(ExpectationError, match=message) as raised:
        compile_suite(Suite("drawn", (expectation,)))
    assert "suite drawn" in str(raised.value)


def test_a_severity_must_be_said() -> None:
    from expectations.compile import compile_suite
    from expectations.gx import gxe

    rule = gxe.ExpectColumnValuesToNotBeNull(column="text", meta=CRITICAL["meta"])
    with pytest.raises(ExpectationError, match="say critical or warning"):
        compile_suite(Suite("drawn", (rule,)))


def test_two_rules_of_one_name_are_an_error() -> None:
    from expectations.compile import compile_suite
    from expectations.gx import gxe

    rule = gxe.ExpectColumnValuesToNotBeNull(**CRITICAL)
    with pytest.raises(ExpectationError, match=r"two rules are called text\.rule"):
        compile_suite(Suite("drawn", (rule, rule)))


@pytest.mark.parametrize(
    "pattern",
    [r"\d", r"\w+", r"\s", r"\bword", "a$", "(?i)a", "(?:(?i:a))", "(?=a)", r"(a)\1", "a++", ".{1001}", "[", r"[\d]"],
)
def test_a_regex_that_the_two_engines_read_differently_is_an_error(pattern: str) -> None:
    with pytest.raises(ExpectationError, match="regex"):
        to_re2(pattern)
