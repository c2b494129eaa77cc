"""What tests of the flows share: a terminal, a server that misbehaves, and time that passes when someone sleeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from testbed import FakeTime, Said, Typed

from flows import cli
from tests.flows.fault_server import FaultServer


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command: its exit code and what it says."""

    def typed(*words: str, config: Path | None = None) -> Said:
        monkeypatch.setattr("sys.argv", ["soundings", *words, *(["--config", str(config)] if config else [])])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return typed
