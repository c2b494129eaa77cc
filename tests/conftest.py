"""What whole-pipeline tests share: one Prefect server a session, so that not every process pays for its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before anything imports Prefect: its server sends nothing, and tests see no configuration of the developer's own.
os.environ.update(PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1")
for name in ("PREFECT_API_URL", "SOUNDINGS_CONFIG", "SOUNDINGS_DATA_DIR", "SOUNDINGS_MASK_KEY"):
    os.environ.pop(name, None)

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """The address of a Prefect server with a database of its own, for flows in this process and its children."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield str(PREFECT_API_URL.value())


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real posts beside the project; tests on them skip, saying so, where they are missing."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not here: {folder.relative_to(REPOSITORY.parent)} is missing beside the project")
    return folder
