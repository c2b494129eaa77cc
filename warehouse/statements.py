"""The SQL that dbt makes of the project: seconds of work whose result depends on the project's text, not on any data.

Kept like bytecode: in `__pycache__`, named by a hash of everything that the result depends on, so that it can be
deleted at any time and is never stale. A build then sends what is kept, and does without dbt.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

PROJECT = Path(__file__).parent.parent / "sql"
_FILES = (".sql", ".yml", ".csv")
_BESIDE_MODELS = ("target", "logs", "dbt_packages", "profiles.yml", "unit_tests")
"""What no model is made of: what dbt itself writes when someone runs it in the project's folder, and tests."""


class Statement(msgspec.Struct, frozen=True):
    """All that one model or seed sends to the engine, to be sent in one transaction."""

    name: str
    sql: str


class Statements(msgspec.Struct, frozen=True):
    """A project's models in the order in which they are built."""

    full: tuple[Statement, ...]
    """All models, seeds and views, where there are none yet."""
    small: tuple[Statement, ...]
    """What a later build brings up to date."""


def statements(arguments: tuple[str, ...], make: Callable[[], Statements]) -> Statements:
    """The project's statements for what `arguments` say; `make` is asked where that was never done."""
    text, said = text_digest(), hashlib.sha256("\0".join([str(PROJECT), *arguments]).encode()).hexdigest()[:16]
    kept = Path(importlib.util.cache_from_source(__file__)).with_name(f"statements-{text[:16]}-{said}.json")
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(kept.read_bytes(), type=Statements)
    made = make()
    if text_digest() == text:  # not edited meanwhile
        _keep(kept, made, f"statements-{text[:16]}-")
    return made


def text_digest() -> str:
    """SHA-256 of what the statements are made of: the project and dbt, wherever they lie."""
    versions = (importlib.metadata.version(name) for name in ("dbt-core", "dbt-duckdb", "dbt-adapters"))
    digest = hashlib.sha256("\0".join(versions).encode())
    for path in project_files():
        digest.update(b"\0" + path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def project_files() -> list[Path]:
    """Every file of the project that its models are made of, in a fixed order."""
    found = (path for path in PROJECT.rglob("*") if path.suffix in _FILES)
    return sorted(path for path in found if path.relative_to(PROJECT).parts[0] not in _BESIDE_MODELS)


def _keep(path: Path, made: Statements, current: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # as with bytecode: a place that cannot be written costs time, nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob("statements-*"):
            if not stale.name.startswith(current):
                stale.unlink(missing_ok=True)
        draft.write_bytes(msgspec.json.encode(made))
        draft.replace(path)
