"""What the marts promise, what they promised before, and whether CHANGELOG.md tells the difference.

`make columns`, when a version is made, lists what the contracts say now as promised (`public_columns.csv`); it refuses
while a change is not told.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
LISTING = Path(__file__).with_name("public_columns.csv")
CHANGELOG = ROOT / "CHANGELOG.md"

Columns = Mapping[tuple[str, str], str]
"""The type of each model's each column."""
Cells = tuple[str, ...]
"""A line of the changelog's table: model, change, old, new."""


@dataclass(frozen=True)
class Change:
    """One public column, or a whole model (no column), that is not what it was. NULL types: not there."""

    model: str
    column: str | None
    old: str | None
    new: str | None

    def __str__(self) -> str:
        what = f"{self.model}.{self.column}" if self.column else self.model
        return f"{what}: {self.old or 'nothing'} became {self.new or 'nothing'}"

    def is_told(self, lines: Iterable[Cells]) -> bool:
        return any(self._is_told_by(*cells) for cells in lines)

    def _is_told_by(self, subject: str, change: str, old: str, new: str) -> bool:
        subjects = _names(subject)
        if self.column is None:
            return self.model in subjects and change == ("new" if self.old is None else "removed")
        is_own_line = f"{self.model}.{self.column}" in subjects
        if self.old is not None and self.new is not None:
            return is_own_line and self.old in _names(old) and self.new in _names(new)
        side = old if self.new is None else new
        return (is_own_line or self.model in subjects) and self.column in _names(side)


def contracts(folder: Path = ROOT / "sql/marts") -> dict[tuple[str, str], str]:
    """What the models promise now; dbt and the database hold them to it."""
    return {
        (model["name"], column["name"]): column["data_type"]
        for path in sorted(folder.glob("*.yml"))
        for model in yaml.safe_load(path.read_text("utf-8")).get("models", [])
        for column in model["columns"]
    }


def promised(listing: Path = LISTING) -> dict[tuple[str, str], tuple[str, str]]:
    """What was promised when the listing was last written: type, and the version that brought it."""
    with listing.open(encoding="utf-8", newline="") as lines:
        return {(row["model"], row["column"]): (row["type"], row["since"]) for row in csv.DictReader(lines)}


def changes(before: Columns, now: Columns) -> list[Change]:
    """A model that came or went is one change; a renamed column is two."""
    old_models, new_models = ({model for model, _ in columns} for columns in (before, now))
    whole = [Change(model, None, None, "a model") for model in sorted(new_models - old_models)]
    whole += [Change(model, None, "a model", None) for model in sorted(old_models - new_models)]
    return whole + [
        Change(model, column, before.get((model, column)), now.get((model, column)))
        for model, column in sorted(before.keys() | now.keys())
        if model in old_models & new_models and before.get((model, column)) != now.get((model, column))
    ]


def told(changelog: str) -> list[Cells]:
    """The lines of the tables in the newest section."""
    sections = re.split(r"^## .*$", changelog, flags=re.MULTILINE)
    newest = sections[1] if len(sections) > 1 else ""
    lines = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in newest.splitlines() if line[:1] == "|"
    ]
    return [cells for cells in lines if len(cells) == 4]


def untold(before: Columns, now: Columns, changelog: str) -> list[str]:
    """Changes of public columns without a line in the newest section of the changelog."""
    lines = told(changelog)
    return [str(change) for change in changes(before, now) if not change.is_told(lines)]


def _names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def main() -> int:
    before, now = promised(), contracts()
    missing = untold({key: kind for key, (kind, _) in before.items()}, now, CHANGELOG.read_text("utf-8"))
    if missing:
        sys.stderr.write("CHANGELOG.md has no line in its newest section for\n  " + "\n  ".join(missing) + "\n")
        return 1
    current = version("soundings")
    with LISTING.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["model", "column", "type", "since"])
        for key, kind in sorted(now.items()):
            known, since = before.get(key, (kind, current))
            rows.writerow([*key, kind, since if known == kind else current])
    return 0


if __name__ == "__main__":
    sys.exit(main())
