"""Two runs cannot overlap, and a dead one blocks nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.errors import LockedError
from warehouse.lock import hold_lock

HOLD = """
import sys, time
from pathlib import Path
from warehouse.lock import hold_lock
with hold_lock(Path(sys.argv[1]), "run-a"):
    print("held", flush=True)
    time.sleep(60)
"""


def _holder(data_dir: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(data_dir)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_run_is_told_who_holds_the_first_and_kill_9_frees_it(tmp_path: Path) -> None:
    process = _holder(tmp_path)
    with (
        pytest.raises(LockedError, match=rf"in use by run run-a \(process {process.pid} on .+, since 20\d\d-"),
        hold_lock(tmp_path, "run-b"),
    ):
        pytest.fail("two runs at once")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (tmp_path / "run.lock.json").exists()  # what a killed run leaves is not believed
    with hold_lock(tmp_path, "run-b"):
        assert '"run-b"' in (tmp_path / "run.lock.json").read_text()
    assert not (tmp_path / "run.lock.json").exists()


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_lock(tmp_path / "new" / "folder", "run-a"):
        raise ZeroDivisionError
    with hold_lock(tmp_path / "new" / "folder", "run-b"):
        pass


def test_a_note_that_cannot_be_read_hides_no_lock(tmp_path: Path) -> None:
    with hold_lock(tmp_path, "run-a"):
        (tmp_path / "run.lock.json").write_text("{")
        with pytest.raises(LockedError, match="another run that has only just started"), hold_lock(tmp_path, "run-b"):
            pytest.fail("two runs at once")
