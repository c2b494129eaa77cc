"""The dbt project as dbt parses it: seconds of work whose result depends on the project's text, not on any data.

Kept like bytecode: in `__pycache__`, named by a hash of everything that the result depends on, so that it can be
deleted at any time and is never stale. A new data folder's first build then begins with the models.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROJECT = Path(__file__).parent.parent / "sql"
_FILES = (".sql", ".yml", ".csv")
_BY_HAND = ("target", "logs", "dbt_packages", "profiles.yml")
"""What dbt itself writes when someone runs it in the project's folder."""


def project_files() -> list[Path]:
    """Every file of the project that dbt reads, in a fixed order."""
    found = (path for path in PROJECT.rglob("*") if path.suffix in _FILES)
    return sorted(path for path in found if path.relative_to(PROJECT).parts[0] not in _BY_HAND)


def parsed_project(arguments: tuple[str, ...], parse: Callable[[], Manifest]) -> Manifest:
    """The project as parsed with what `arguments` say; `parse` is asked where that was never done."""
    text, said = _text_digest(), hashlib.sha256("\0".join(arguments).encode()).hexdigest()[:16]
    kept = Path(importlib.util.cache_from_source(__file__)).with_name(f"project-{text}-{said}.msgpack")
    with contextlib.suppress(FileNotFoundError, ValueError):
        return _read(kept)
    manifest = parse()
    if _text_digest() == text:  # not edited meanwhile
        _keep(kept, manifest, f"project-{text}-")
    return manifest


def _read(kept: Path) -> Manifest:
    """Read for each build: dbt writes what it compiles into the manifest, and would take it for done the next time."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest: Manifest = Manifest.from_msgpack(kept.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()
    return manifest


def _text_digest() -> str:
    versions = (importlib.metadata.version(name) for name in ("dbt-core", "dbt-duckdb", "dbt-adapters"))
    digest = hashlib.sha256("\0".join([*versions, str(PROJECT)]).encode())
    for path in project_files():
        digest.update(b"\0" + path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _keep(path: Path, manifest: Manifest, current: str) -> None:
    from dbt.parser.manifest import extended_mashumaro_encoder

    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob("project-*"):
            if not stale.name.startswith(current):
                stale.unlink(missing_ok=True)
        draft.write_bytes(manifest.to_msgpack(extended_mashumaro_encoder))
        draft.replace(path)
    except OSError:  # as with bytecode: a place that cannot be written costs time, nothing else
        draft.unlink(missing_ok=True)
