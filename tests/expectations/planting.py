"""Puts defects into rows, each into an item of its own, and tells where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from defect import Defect
from staged_batches import Row

KNOWN = {"engagement_snapshot": ("counter", "mention_id"), "account_snapshot": ("follower", "account_id")}
DAY = timedelta(days=1)
Item = tuple[str, int]


@dataclass
class Planted:
    """Tables with defects; what an earlier reading told; item → its defect."""

    tables: dict[str, list[Row]]
    known: dict[str, dict[str, Row]] = field(default_factory=dict)
    items: dict[Item, Defect] = field(default_factory=dict)

    def plant(self, defect: Defect, at: int) -> None:
        """Change the row that stands here in the defect's table."""
        rows = self.tables[defect.table]
        row = rows[at]
        rows[at] = defect.planted(row)
        if defect.is_doubled:
            rows.append(rows[at])
        if defect.earlier and row["captured_at"]:
            name, key = KNOWN[defect.table]
            earlier = self.known.setdefault(name, {}).setdefault(
                row[key], {key: row[key], "captured_at": row["captured_at"] - DAY}
            )
            earlier.update(defect.earlier)
        if "page_id" in row:
            self.items[row["page_id"], row["item_no"]] = defect

    def filled(self) -> dict[str, list[Row]]:
        """What is known, with every counter as a column."""
        from expectations.beside import FILES

        return {
            name: [{column: row.get(column) for column in FILES[f"known_{name}"]} for row in rows.values()]
            for name, rows in self.known.items()
        }


def planted(tables: Mapping[str, Sequence[Row]], defects: Sequence[Defect]) -> Planted:
    """The n-th defect of a table in its n-th free item; the tables must have as many items as there are defects."""
    result = Planted({table: list(rows) for table, rows in tables.items()})
    free = {table: iter(list(enumerate(rows))) for table, rows in result.tables.items()}
    for defect in defects:
        at = next(n for n, row in free[defect.table] if (row["page_id"], row["item_no"]) not in result.items)
        result.plant(defect, at)
    return result
