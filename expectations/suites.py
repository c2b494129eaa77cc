"""What a suite is, and which there are. The rules themselves stand in one module a table."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from expectations.gx import gxe

Severity = Literal["critical", "warning"]
"""Critical: the row is quarantined, or the batch withheld. Warning: recorded and shown, nothing else."""

ROWS = (
    "mention", "engagement_snapshot", "account", "account_snapshot", "interaction", "referral_daily", "text_signal",
)  # fmt: skip
"""The tables whose rows are judged, in this order: each has a module of this folder with its `SUITE`."""

MODULES = (*ROWS, "batch", "source")
"""All modules with a `SUITE`; those that are no table judge one row of facts."""

MARTS = "marts"
"""The module whose suite judges what is computed, before it is published."""


@dataclass(frozen=True)
class Suite:
    """The rules of one table. Grain of the table: what `flows/records.py` says, or one row a batch for `batch`.

    `derived` are columns that rules see besides the stored ones: name → DuckDB expression over the stored columns,
    `as_of` and what is `joined`, for what an expectation alone cannot say. `lookups` are small tables made once a
    batch: name → query over the files that `beside.py` names. `joined` ties them to `landed`; no row may be doubled
    by it. Every rule's `meta` comes from `note`.
    """

    table: str
    rules: tuple[gxe.Expectation, ...]
    derived: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, str] = field(default_factory=dict)
    joined: str = ""


def note(rule: str, why: str, *, fix: str = "") -> dict[str, str]:
    """A rule's `meta`: its name (`column.what_holds`), the reason with the observed rate, what to do when it fails."""
    return {"rule": rule, "why": why, "fix": fix}


def load_suites() -> tuple[Suite, ...]:
    """All suites. Imports Great Expectations."""
    return tuple(importlib.import_module(f"expectations.{name}").SUITE for name in (*MODULES, MARTS))
