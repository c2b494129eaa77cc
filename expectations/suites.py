"""What a suite is, and which there are. The rules themselves stand in one module a table."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from expectations.gx import gxe

Severity = Literal["critical", "warning"]
"""Critical: the row is quarantined, or the batch withheld. Warning: recorded and shown, nothing else."""

MODULES = ("mention", "engagement_snapshot", "account", "account_snapshot", "batch")
"""The modules of this folder that hold a `SUITE`, in the order in which they are judged; `batch` comes last,
because its facts count what the row rules refused."""


@dataclass(frozen=True)
class Suite:
    """The rules of one table. Grain of the table: what `flows/records.py` says, or one row a batch for `batch`.

    `derived` are columns that rules see besides the stored ones: name → DuckDB expression over the stored columns and
    `as_of`, for what an expectation alone cannot say. Every rule's `meta` comes from `note`.
    """

    table: str
    rules: tuple[gxe.Expectation, ...]
    derived: dict[str, str] = field(default_factory=dict)


def note(rule: str, why: str, *, fix: str = "") -> dict[str, str]:
    """A rule's `meta`: its name (`column.what_holds`), the reason with the observed rate, what to do when it fails."""
    return {"rule": rule, "why": why, "fix": fix}


def load_suites() -> tuple[Suite, ...]:
    """All suites. Imports Great Expectations."""
    return tuple(importlib.import_module(f"expectations.{name}").SUITE for name in MODULES)
