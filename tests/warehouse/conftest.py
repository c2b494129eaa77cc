from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_marts import AS_OF, KEY, Publish, make_marts
from staged_items import Warehouse

from warehouse.publish import publish


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A new warehouse at the newest version."""
    opened = Warehouse(tmp_path)
    yield opened
    opened.con.close()


@pytest.fixture
def warehouse_path(tmp_path: Path) -> Path:
    return make_marts(tmp_path)[0]


@pytest.fixture
def published(tmp_path: Path, warehouse_path: Path) -> Publish:
    def run(run_id: str = "run-1", **options: object) -> Path:
        wanted = {"key": KEY, "tracked_handles": ["acme"], "allow_list": tmp_path / "allow.toml", **options}
        return publish(warehouse_path, tmp_path, run_id, AS_OF, **wanted)  # type: ignore[arg-type]

    return run
