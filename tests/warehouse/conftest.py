from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from staged_items import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A new warehouse at the newest version."""
    opened = Warehouse(tmp_path)
    yield opened
    opened.con.close()
