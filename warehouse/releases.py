"""The folder of releases and `current`, the switched link to one of them."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path

import msgspec

from warehouse.errors import WarehouseError

MANIFEST = "manifest.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


class Part(msgspec.Struct, frozen=True):
    """One Parquet file of a mart: `digest` is a keyed checksum of the rows it was made of, and of how."""

    file: str
    rows: int
    digest: str


class Table(msgspec.Struct, frozen=True):
    """One published mart; `parts` by month where it is partitioned, else one part, ''."""

    rows: int
    columns: dict[str, list[str]]  # by audience
    parts: dict[str, Part]


class File(msgspec.Struct, frozen=True):
    """Size in bytes and SHA-256 of one file of the release."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """`manifest.json`: what a release holds. `content` is equal for releases of equal rows."""

    run_id: str
    as_of: datetime
    published_at: datetime
    content: str
    versions: dict[str, str]
    tables: dict[str, Table]
    files: dict[str, File]


def releases_folder(data_dir: Path) -> Path:
    """Where the releases stand."""
    return data_dir / "releases"


def read_manifest(release: Path) -> Manifest | None:
    """What a release holds; None where it has no readable manifest, and so is no release."""
    try:
        return msgspec.json.decode((release / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return None


def list_releases(data_dir: Path) -> list[Path]:
    """The releases, oldest first by when they were published."""
    found = []
    for path in releases_folder(data_dir).glob("*"):
        manifest = read_manifest(path) if is_name(path.name) else None
        if manifest is not None:
            found.append((manifest.published_at, path.name, path))
    return [path for _, _, path in sorted(found)]


def is_name(name: str) -> bool:
    """Whether it may name a release's folder; what is being made or removed has '.tmp' in it."""
    return _NAME.fullmatch(name) is not None and ".tmp" not in name


def current_release(data_dir: Path) -> Path | None:
    """The release that `current` points at, by its own path; None before the first."""
    link = data_dir / "current"
    return link.resolve() if link.is_dir() else None


def switch(data_dir: Path, release: Path) -> None:
    """Point `current` at a release, in one step: a reader finds the old one or the new one, never none."""
    fresh = data_dir / "current.tmp"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path(releases_folder(data_dir).name) / release.name)
    fresh.replace(data_dir / "current")


def rollback(data_dir: Path, to: str | None = None) -> Path:
    """Switch to the release before the current one, or to the one named `to`; the release that is current then.

    Raises WarehouseError where there is none.
    """
    releases = list_releases(data_dir)
    names = ", ".join(path.name for path in releases) or "none"
    if to is not None:
        found = [path for path in releases if path.name == to]
    else:
        resolved = [path.resolve() for path in releases]
        current = current_release(data_dir)
        found = releases[: resolved.index(current)] if current in resolved else []
    if not found:
        wanted = f"named {to!r}" if to is not None else "before the current one"
        raise WarehouseError(f"there is no release {wanted} to go back to; there are: {names}")
    switch(data_dir, found[-1])
    return found[-1]


def clear_leftovers(data_dir: Path) -> None:
    """Remove what a killed publication left half made or half removed."""
    (data_dir / "current.tmp").unlink(missing_ok=True)
    for path in releases_folder(data_dir).glob("*.tmp*"):
        shutil.rmtree(path)


def prune(data_dir: Path, keep: int) -> None:
    """Remove all but the `keep` newest releases; the current one stays whatever its age."""
    current = current_release(data_dir)
    for path in list_releases(data_dir)[: -max(keep, 1)]:
        if path.resolve() != current:
            remove(path)


def remove(release: Path) -> None:
    """Remove a release; readers that have its files open keep them."""
    leaving = release.with_name(f"{release.name}.tmp-old")  # a release is whole or has another name
    release.rename(leaving)
    shutil.rmtree(leaving)
