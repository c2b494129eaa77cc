"""What a defect is: one change of a clean row, and the rule that must find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from staged_batches import Row

Change = Mapping[str, Any] | Callable[[Row], Mapping[str, Any]]


@dataclass(frozen=True)
class Defect:
    """One change of a row, and the rule that must find it. Found whatever the row is, but for `only_on`."""

    table: str
    change: Change
    rule: str  # column.what_holds
    only_on: frozenset[str] | None = None  # platforms of rows on which it is a defect
    earlier: Mapping[str, int] = field(default_factory=dict)  # counts that an earlier reading gave
    is_doubled: bool = False  # the item brings the row twice

    @property
    def rule_id(self) -> str:
        return f"{self.table}.{self.rule}"

    def planted(self, row: Row) -> Row:
        """The row with the defect."""
        return row | dict(self.change(row) if callable(self.change) else self.change)


def moved(platform: str, **values: Any) -> Change:
    """A snapshot of another platform's post."""
    return lambda row: {"mention_id": f"{platform}:{row['item_no']}", **values}
