"""What tests of the models share: a warehouse whose first night is built, to be copied by those that go on from it."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
from raw_nights import Nights
from raw_windows import ZONE

from warehouse.connection import StorageSettings
from warehouse.models import build

SEED = 7


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Built once a worker; not to be lived on."""
    folder = tmp_path_factory.mktemp("first-night")
    nights = Nights(folder / "soundings.duckdb", SEED)
    nights.live()
    build(nights.con_path, folder, StorageSettings(), reporting_timezone=ZONE, full_refresh=False)
    return nights


@pytest.fixture
def nights(tmp_path: Path, first_night: Nights) -> Nights:
    """One's own copy of it, in which the next nights can be lived."""
    twin = copy.copy(first_night)
    del twin.con  # closed
    twin = copy.deepcopy(twin)
    twin.con_path = tmp_path / first_night.con_path.name
    shutil.copy(first_night.con_path, twin.con_path)
    return twin
