"""`row_condition` as SQL. As in pandas, a missing value equals nothing and differs from everything."""

from __future__ import annotations

from typing import Any

from expectations.errors import ExpectationError
from expectations.gx import AndCondition, ComparisonCondition, NullityCondition, OrCondition
from expectations.literals import literal, missing, quote
from expectations.plans import Need


def compile_condition(condition: Any) -> tuple[str, tuple[Need, ...]]:
    """The predicate of the rows that a rule is about, and the columns that it reads."""
    if condition is None:
        return "true", ()
    if isinstance(condition, AndCondition | OrCondition):
        parts = [compile_condition(part) for part in condition.conditions]
        word = " and " if isinstance(condition, AndCondition) else " or "
        return f"({word.join(sql for sql, _ in parts)})", tuple(need for _, needs in parts for need in needs)
    if isinstance(condition, NullityCondition):
        name = condition.column.name
        return missing(name) if condition.is_null else f"(not {missing(name)})", (Need((name,)),)
    if isinstance(condition, ComparisonCondition):
        return _comparison(condition)
    raise ExpectationError(f"row_condition {condition!r} cannot be compiled; write it with col(…)")


def _comparison(condition: Any) -> tuple[str, tuple[Need, ...]]:
    operator = str(getattr(condition.operator, "value", condition.operator))
    value = condition.parameter
    values = list(value) if operator in ("IN", "NOT_IN") else [value]
    if not values:
        raise ExpectationError("row_condition compares with an empty set")
    name = condition.column.name
    need = Need((name,), ("text",) if isinstance(values[0], str) else ("number",))
    members = ", ".join(literal(value) for value in values)
    is_member = f"coalesce({quote(name)} in ({members}), false)"
    if operator in ("IN", "=="):
        return is_member, (need,)
    if operator in ("NOT_IN", "!="):
        return f"(not {is_member})", (need,)
    if operator in ("<", "<=", ">", ">="):
        return f"coalesce({quote(name)} {operator} {members}, false)", (need,)
    raise ExpectationError(f"row_condition operator {operator!r} is not known")
