"""The night with refused items, loaded once, and a copy of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from places import Place


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The night, loaded once: each test gets a copy."""
    folder = tmp_path_factory.mktemp("quarantine") / "loaded"
    folder.mkdir()
    Place(folder).load()
    return folder


@pytest.fixture
def place(tmp_path: Path, loaded: Path) -> Place:
    return Place(shutil.copytree(loaded, tmp_path / "place"))
