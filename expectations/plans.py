"""The compiled suites, and where they are kept so that an ordinary run judges its rows without Great Expectations.

Kept like bytecode: in `__pycache__`, named by a hash of everything that the result depends on, so that it can be
deleted at any time and is never stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from expectations.suites import MODULES, Severity

Family = Literal["text", "number", "time"]


class Need(msgspec.Struct, frozen=True):
    """These columns must exist and be of one family, which is one of `families` (empty: whatever they are)."""

    columns: tuple[str, ...]
    families: tuple[Family, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled expectation: two DuckDB predicates that are never NULL; what failed was considered."""

    name: str  # column.what_holds
    severity: Severity
    mostly: float
    why: str
    fix: str
    needs: tuple[Need, ...]
    considered: str
    failed: str


class Plan(msgspec.Struct, frozen=True):
    """One compiled suite."""

    table: str
    derived: dict[str, str]
    rules: tuple[Rule, ...]
    lookups: dict[str, str] = {}
    joined: str = ""


def load_plans(modules: Sequence[str] = MODULES) -> tuple[Plan, ...]:
    """The suites of these modules compiled, in the order of judging (without names: those that judge a batch).

    Imports Great Expectations only when a suite has changed.
    """
    return tuple(plan for plan in _load_all() if plan.table in modules)


def _load_all() -> tuple[Plan, ...]:
    kept = _kept_path()
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
        return msgspec.json.decode(kept.read_bytes(), type=tuple[Plan, ...])
    from expectations.compile import compile_suite
    from expectations.suites import load_suites

    plans = tuple(compile_suite(suite) for suite in load_suites())
    _keep(kept, msgspec.json.encode(plans))
    return plans


def _kept_path() -> Path:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    version = importlib.metadata.version("great_expectations")
    digest = hashlib.sha256(b"\0".join([version.encode(), *(path.read_bytes() for path in sources)])).hexdigest()
    return Path(importlib.util.cache_from_source(__file__)).with_name(f"suites-{digest[:24]}.json")


def _keep(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob("suites-*.json"):
            stale.unlink(missing_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:  # as with bytecode: a place that cannot be written costs time, nothing else
        draft.unlink(missing_ok=True)
