"""What validation found in a run, for people: the rules that rows broke, how often, why they are there, what to do."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.plans import load_plans
from expectations.suites import MARTS, MODULES
from expectations.verdict import Verdict
from flows.runs import BrokenRule

LOOK = "look at the rule's page in the Data Docs"
RELEASE = "soundings quarantine list --reason {rule}; mend the source or its mapping, then soundings quarantine release"


def broken_rules(verdicts: Iterable[Verdict]) -> list[BrokenRule]:
    """One a source and rule that any row broke beyond its tolerance: critical ones first, then by rows."""
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    broken: set[tuple[str, str]] = set()
    for verdict in verdicts:
        for result in verdict.rules:
            key = (verdict.source, result.rule_id)
            checked, failed = counts.get(key, (0, 0))
            counts[key] = (checked + result.checked, failed + result.failed)
            if not result.is_met:
                broken.add(key)
    rules = {f"{plan.table}.{rule.name}": rule for plan in load_plans((*MODULES, MARTS)) for rule in plan.rules}
    found = [
        BrokenRule(
            source=source,
            rule=rule_id,
            severity=rules[rule_id].severity,
            checked=counts[source, rule_id][0],
            failed=counts[source, rule_id][1],
            why=rules[rule_id].why,
            fix=rules[rule_id].fix or (RELEASE if rules[rule_id].severity == "critical" else LOOK).format(rule=rule_id),
        )
        for source, rule_id in broken
        if rule_id in rules  # of a run that was cut off before the suites were changed: it is no more
    ]
    return sorted(found, key=lambda one: (one.severity, -one.failed, one.source, one.rule))
