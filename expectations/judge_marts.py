# ruff: noqa: S608 - SQL is put together from suites, which are ours
"""The marts judged by their suite, over the facts that were counted of them."""

from __future__ import annotations

from datetime import datetime

import duckdb

from expectations.judge import judge
from expectations.plans import Rule, load_plans
from expectations.suites import MARTS
from expectations.verdict import Verdict

_NAMED = 3  # facts in a reason; the others are in the Data Docs by their number


def judge_marts(con: duckdb.DuckDBPyConnection, run_id: str, as_of: datetime) -> Verdict:
    """The verdict over the table `mart_fact` of this connection; withheld: nothing of it must be published."""
    (plan,) = load_plans((MARTS,))
    results = judge(con, plan, "mart_fact", {"as_of": as_of})
    rules = {rule.name: rule for rule in plan.rules}
    broken = [rules[result.rule] for result in results if result.severity == "critical" and not result.is_met]
    reasons = tuple(f"{MARTS}.{rule.name}: {_contradictions(con, rule)}: {rule.why}; {rule.fix}" for rule in broken)
    return Verdict(
        batch_id=f"{run_id}-{MARTS}",
        source=MARTS,
        rules=results,
        quarantined_items=0,
        is_withheld=bool(reasons),
        reasons=reasons,
    )


def _contradictions(con: duckdb.DuckDBPyConnection, rule: Rule) -> str:
    rows = con.execute(
        f"select what, wrong, rows from mart_fact where {rule.failed} order by wrong desc nulls first, what"
    ).fetchall()
    told = [f"{wrong:,} of {rows:,} rows of {what}" if wrong is not None else what for what, wrong, rows in rows]
    return ", ".join([*told[:_NAMED], *([f"{len(told) - _NAMED} more"] if len(told) > _NAMED else [])])
