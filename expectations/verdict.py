"""What was found true of a batch: counts and reasons, never the rows themselves."""

from __future__ import annotations

from pathlib import Path

import msgspec

from expectations.suites import Severity


class RuleResult(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on one batch. Grain: table × rule."""

    table: str
    rule: str  # column.what_holds
    severity: Severity
    checked: int  # rows that the rule considers
    failed: int
    observed: float | None  # failed ÷ checked, NULL where nothing was checked; of a rule on `batch`, the fact itself
    is_met: bool  # failed within the rule's tolerance (`mostly`)

    @property
    def rule_id(self) -> str:
        """table.column.what_holds: the reason that stands in the quarantine."""
        return f"{self.table}.{self.rule}"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What validation says of one batch. A withheld batch must not be loaded; `reasons` say why and what to do."""

    batch_id: str
    source: str
    rules: tuple[RuleResult, ...]
    quarantined_items: int
    is_withheld: bool
    reasons: tuple[str, ...]

    @property
    def warnings(self) -> tuple[RuleResult, ...]:
        """Rules that are broken and only recorded."""
        return tuple(rule for rule in self.rules if rule.severity == "warning" and not rule.is_met)


def read_verdict(batch_dir: Path) -> Verdict:
    """The verdict that `validate` has written, for a run that goes on where another ended."""
    return msgspec.json.decode((batch_dir / "verdict.json").read_bytes(), type=Verdict)
