"""What must be true of the marts before they are published. Grain: one row a fact that was counted over them.

`warehouse/mart_facts.py` counts the facts, in one pass a mart; a critical rule that one of them breaks keeps the marts
from being published. `kind` says what a fact is about, `wrong` how many rows contradict it.
"""

from __future__ import annotations

from expectations.gx import col, gxe
from expectations.suites import Severity, Suite, note

FRESH_HOURS = 48
BUILD_ANEW = "the next run builds all marts anew; if it is refused too, restore the models in sql/ to what they were"


def _none_wrong(kind: str, rule: str, why: str, fix: str, severity: Severity = "critical") -> gxe.Expectation:
    return gxe.ExpectColumnValuesToBeBetween(
        column="wrong",
        max_value=0,
        row_condition=col("kind") == kind,
        severity=severity,
        meta=note(rule, why, fix=fix),
    )


SUITE = Suite(
    table="marts",
    rules=(
        gxe.ExpectColumnValuesToNotBeNull(
            column="wrong",
            severity="critical",
            meta=note("fact.counted", "what was not counted was not checked", fix=BUILD_ANEW),
        ),
        _none_wrong(
            "key", "key.unique_and_not_null", "a row that stands twice is counted twice by every join", BUILD_ANEW
        ),
        _none_wrong(
            "no_key",
            "key.known",
            "what is not named cannot be checked for rows that stand twice",
            "name the mart's key in warehouse/mart_facts.py",
            "warning",
        ),
        _none_wrong(
            "coverage", "coverage.within_0_and_1", "more was covered than asked: windows are counted twice", BUILD_ANEW
        ),
        _none_wrong(
            "share",
            "share.within_0_and_1",
            "a part that is larger than the whole: the two are not of one set",
            BUILD_ANEW,
        ),
        _none_wrong(
            "ratio",
            "ratio.within_0_and_1",
            "by the names in sql/README.md a ratio is a share",
            "mend the model, or give the column another name",
            "warning",
        ),
        _none_wrong("mentions", "mentions.equal_raw", "every mention in raw stands in the marts, once", BUILD_ANEW),
        _none_wrong(
            "counted", "counted.equal_raw", "what a query found and nobody deleted counts, and nothing else", BUILD_ANEW
        ),
        _none_wrong("volume", "volume.adds_up", "the days' mentions are the mentions that count", BUILD_ANEW),
        _none_wrong(
            "interactions",
            "interactions.equal_raw",
            "the days' interactions are those of the newest snapshots",
            BUILD_ANEW,
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="hours",
            max_value=FRESH_HOURS,
            row_condition=col("kind") == "source",
            severity="warning",
            meta=note(
                "source.fresh",
                f"a source of which nothing was covered for {FRESH_HOURS} hours makes the newest days look quiet",
                fix="soundings status says what its last runs failed of",
            ),
        ),
    ),
)
