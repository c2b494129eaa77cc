"""A suite becomes a plan: for every rule, two predicates that one pass over the table can count and list.

What is not known here is an error when the program starts to judge, never a rule that is skipped.
"""

from __future__ import annotations

import re
from typing import Any

from expectations.conditions import compile_condition
from expectations.errors import ExpectationError
from expectations.kinds import KINDS, Predicate
from expectations.literals import quote
from expectations.plans import Plan, Rule
from expectations.suites import Severity, Suite

_ALWAYS = frozenset({"meta", "severity", "mostly", "row_condition"})


def compile_suite(suite: Suite) -> Plan:
    """The suite as predicates. Raises ExpectationError naming the rule that cannot be compiled."""
    for name in (*suite.derived, *suite.lookups):
        quote(name)
    rules = tuple(_compile_rule(suite.table, expectation) for expectation in suite.rules)
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ExpectationError(f"suite {suite.table}: two rules are called {', '.join(twice)}; rename one")
    return Plan(suite.table, suite.derived, rules, suite.lookups, suite.joined)


def _compile_rule(table: str, expectation: Any) -> Rule:
    kind = type(expectation)
    meta = expectation.meta or {}
    name = str(meta.get("rule", ""))
    if not re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", name) or not meta.get("why"):
        raise ExpectationError(
            f"suite {table}: {kind.__name__} lacks its name column.what_holds or its reason; use note(…)"
        )
    try:
        predicate = _known(expectation).build(expectation)
        severity, mostly = _severity(expectation), _mostly(expectation)
        condition, condition_needs = compile_condition(expectation.row_condition)
    except ExpectationError as error:
        raise ExpectationError(f"suite {table}, rule {name}: {error}") from error
    parts = [part for part in (condition, predicate.considered) if part != "true"]
    considered = f"({' and '.join(parts)})" if parts else "true"
    return Rule(
        name=name,
        severity=severity,
        mostly=mostly,
        why=meta["why"],
        fix=meta.get("fix", ""),
        needs=(predicate.need, *condition_needs),
        considered=considered,
        failed=_failed(parts, predicate),
    )


def _failed(considered: list[str], predicate: Predicate) -> str:
    if predicate.is_costly and len(considered) > 1:
        return f"(case when {' and '.join(considered)} then not {predicate.passed} else false end)"
    return f"({' and '.join([*considered, f'not {predicate.passed}'])})"


def _known(expectation: Any) -> Any:
    kind = type(expectation)
    if kind not in KINDS:
        raise ExpectationError(f"{kind.__name__} is not known to the compiler; add it to expectations/kinds.py")
    if unknown := sorted(expectation.__fields_set__ - _ALWAYS - KINDS[kind].arguments):
        raise ExpectationError(f"{kind.__name__} does not understand {', '.join(unknown)}; see expectations/kinds.py")
    return KINDS[kind]


def _severity(expectation: Any) -> Severity:
    severity = getattr(expectation.severity, "value", expectation.severity)
    if "severity" not in expectation.__fields_set__ or severity not in ("critical", "warning"):
        raise ExpectationError(f"severity is {severity!r}; say critical or warning")
    return "critical" if severity == "critical" else "warning"


def _mostly(expectation: Any) -> float:
    if not isinstance(expectation.mostly, int | float):
        raise ExpectationError(f"mostly is {expectation.mostly!r}, no number")
    return float(expectation.mostly)
