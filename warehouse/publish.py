"""Makes a release of the marts, checks it, and switches `current` to it; readers never wait and never see half."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import msgspec

from warehouse import mask
from warehouse.audiences import AUDIENCES, find_marts, read_rules
from warehouse.check_release import check_release
from warehouse.connection import READABLE_BY_1X, StorageSettings, attach, connect
from warehouse.errors import WarehouseError
from warehouse.releases import (
    MANIFEST,
    File,
    Manifest,
    Table,
    clear_leftovers,
    current_release,
    is_name,
    list_releases,
    prune,
    read_manifest,
    releases_folder,
    rollback,
    switch,
)
from warehouse.write_release import WAREHOUSE, Fingerprint, digest_parts, write_databases, write_parquet

__all__ = ["publish", "rollback"]


def publish(
    warehouse_path: Path,
    data_dir: Path,
    run_id: str,
    as_of: datetime,
    *,
    keep: int = 14,
    key: str | None = None,
    tracked_handles: Iterable[str] = (),
    settings: StorageSettings | None = None,
    allow_list: Path = AUDIENCES,
) -> Path:
    """Publish the marts as a run's release and make it the current one; its folder.

    Call it with no connection of ours open to the warehouse. What a run published already is not made again; if the
    rows differ from that, the release is `<run_id>.2` and so on, for a release never changes under its readers.
    Raises WarehouseError where marts and allow-list differ or the release fails its check: `current` stays then.
    """
    if not is_name(run_id):
        raise WarehouseError(f"{run_id!r} cannot name a release: letters, digits, '-', '_' and '.' can, without '.tmp'")
    clear_leftovers(data_dir)
    making = releases_folder(data_dir) / f"{run_id}.tmp"
    making.mkdir(parents=True)
    spill = making.with_name(f"{making.name}-spill")
    settings = replace(settings or StorageSettings(), temp_directory=spill)
    secret = mask.load_key(data_dir, key)
    with connect(None, settings=settings) as con:
        attach(con, warehouse_path, WAREHOUSE, read_only=True)
        fingerprint = Fingerprint(secret, mask.install(con, secret, tracked_handles))
        marts = find_marts(con, WAREHOUSE, read_rules(allow_list))
        wanted = {mart.name: digest_parts(con, mart, fingerprint) for mart in marts}
        content = fingerprint.of(wanted)
        release = _find(data_dir, run_id, content)
        if release is None:
            before = current_release(data_dir)
            tables = {mart.name: write_parquet(con, making, mart, wanted[mart.name], before) for mart in marts}
            write_databases(con, making, marts, tables)
    if release is None:
        release = _free_name(data_dir, run_id)
        _finish(making, release, _manifest(making, run_id, as_of, content, tables))
    switch(data_dir, release)
    prune(data_dir, keep)
    clear_leftovers(data_dir)
    return release


def _manifest(making: Path, run_id: str, as_of: datetime, content: str, tables: Mapping[str, Table]) -> Manifest:
    return Manifest(
        run_id=run_id,
        as_of=as_of,
        published_at=datetime.now(UTC).replace(tzinfo=None),
        content=content,
        versions={"soundings": version("soundings"), "duckdb": duckdb.__version__, "storage": READABLE_BY_1X},
        tables=dict(tables),
        files={str(path.relative_to(making)): _measure(path) for path in sorted(making.rglob("*")) if path.is_file()},
    )


def _finish(making: Path, release: Path, manifest: Manifest) -> None:
    """Check all, and give the folder its name; on the disk first: a power cut must not leave a link to half a file."""
    (making / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    check_release(making)
    for path in [*making.rglob("*"), making]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    making.rename(release)


def _measure(path: Path) -> File:
    with path.open("rb") as stream:
        return File(path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def _find(data_dir: Path, run_id: str, content: str) -> Path | None:
    """The release that this run published already, with these rows."""
    for path in list_releases(data_dir):
        manifest = read_manifest(path)
        if manifest and (manifest.run_id, manifest.content) == (run_id, content):
            return path
    return None


def _free_name(data_dir: Path, run_id: str) -> Path:
    folder = releases_folder(data_dir)
    names = (run_id, *(f"{run_id}.{number}" for number in range(2, 1000)))
    return next(folder / name for name in names if not (folder / name).exists())
