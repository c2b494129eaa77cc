"""What tests of the flows share: a server that misbehaves, and time that passes only when someone sleeps."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from testbed import FakeTime

from tests.flows.fault_server import FaultServer


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()
