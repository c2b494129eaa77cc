"""Our suites' names and constants as SQL. Nothing that comes with the data passes here."""

from __future__ import annotations

import math
import re

from expectations.errors import ExpectationError


def quote(name: str) -> str:
    """A column of ours as an SQL identifier."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ExpectationError(f"{name!r} is no column name")
    return f'"{name}"'


def literal(value: object) -> str:
    """A suite's constant as SQL. Raises ExpectationError for what the two engines might compare differently."""
    if isinstance(value, str) and "\0" not in value:
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value!r}::double"
    raise ExpectationError(f"{value!r} is no constant for a rule: a string, an integer or a finite number is")


def missing(column: str) -> str:
    """NULL; NaN has become NULL before a rule sees it, because Great Expectations calls both missing."""
    return f"({quote(column)} is null)"
