"""Runs that are killed at a random instant and taken up again, beside one that nobody disturbs."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from flows import runs
from flows.sandbox.demo import write_configuration
from flows.sandbox.export import write_export
from flows.sandbox.server import serve
from flows.sandbox.world import World
from tests.warehouse_state import differences, state

LONGEST_RUN = 240  # seconds
END = datetime(2026, 6, 1, 2)


@dataclass
class Arena:
    """One night before the last has been published; the last night is what is killed."""

    folder: Path
    as_of: datetime
    seconds: float  # of the undisturbed last night
    expected: dict[str, list[tuple[object, ...]]] = field(repr=False)
    prefect_api: str = ""

    def attempt(self, name: str, kill_after: float) -> tuple[bool, Path]:
        """A copy of the stage, a run killed after so many seconds, then a run to the end; whether the kill struck."""
        stage = _copy(self.folder / "stage", self.folder / name)
        struck = _killed(start(stage, self.as_of, self.prefect_api), kill_after)
        return struck, stage

    def finish(self, stage: Path) -> dict[str, tuple[list[object], list[object]]]:
        """Run what was killed to its end; how the warehouse then differs from the undisturbed one.

        A process that was killed while it only had to exit has finished its run: another one would be a second night.
        """
        newest = runs.latest(stage / "data")
        if newest is None or newest.as_of != self.as_of or newest.state != "completed":
            _finished(start(stage, self.as_of, self.prefect_api))
        return differences(self.expected, state(stage / "data" / "soundings.duckdb"))


@contextmanager
def arena(folder: Path, prefect_api: str, *, seed: int = 3, days: int = 6) -> Iterator[Arena]:
    """A small synthetic world, its first night published, its last night run once without disturbance."""
    world = World.make(seed, days, scale=0.3, end=END)
    with serve(world) as (url, sandbox):
        stage = folder / "stage"
        write_configuration(stage, url, world)
        first = END - timedelta(days=1)
        sandbox.now = first
        write_export(world, stage / "exports", first)
        _finished(start(stage, first, prefect_api))
        sandbox.now = END
        write_export(world, stage / "exports", END)
        calm = _copy(stage, folder / "calm")
        began = time.monotonic()
        _finished(start(calm, END, prefect_api))
        seconds = time.monotonic() - began
        yield Arena(folder, END, seconds, state(calm / "data" / "soundings.duckdb"), prefect_api)


def start(stage: Path, as_of: datetime, prefect_api: str) -> subprocess.Popen[bytes]:
    """`soundings run` as an operator starts it, in a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "flows",
        "run",
        "--config",
        str(stage / "soundings.toml"),
        "--as-of",
        as_of.isoformat(),
    ]
    environment = {**os.environ, **({"PREFECT_API_URL": prefect_api} if prefect_api else {})}
    log = (stage / "run.log").open("ab")
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


def instants(seed: int, count: int, seconds: float) -> list[float]:
    """Uniform over the measured run."""
    chance = random.Random(seed)
    return [chance.uniform(0, seconds) for _ in range(count)]


def _killed(process: subprocess.Popen[bytes], after: float) -> bool:
    """Kill the whole group, so that no child goes on working; False where the run had ended before."""
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def _finished(process: subprocess.Popen[bytes]) -> None:
    code = process.wait(LONGEST_RUN)
    assert code == 0, f"the run ended with exit code {code}; run.log says why"


def _copy(stage: Path, to: Path) -> Path:
    shutil.copytree(stage, to, symlinks=True)
    return to


class Reader:
    """A BI tool that opens `current` again and again; every failure is kept."""

    def __init__(self, data_dir: Path) -> None:
        self.failures: list[str] = []
        self.reads = 0
        self._file = data_dir / "current" / "bi.duckdb"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(30)

    def _read(self) -> None:
        while not self._stopped.wait(0.05):
            try:
                with duckdb.connect(str(self._file), read_only=True) as con:
                    con.execute("select count(*), sum(mentions) from marts.kpi_entity_daily").fetchall()
                self.reads += 1
            except duckdb.Error as error:
                self.failures.append(str(error))
