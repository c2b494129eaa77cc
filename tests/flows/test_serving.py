"""The schedule really fires, and a missed night is caught up once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from brand import acme

from expectations.errors import SoundingsError
from flows import runs, serving, settings
from flows.runs import RunStatus

CONFIG = (
    acme()
    + """
[schedule]
cron = "{cron}"
timezone = "Europe/Vilnius"
[[sources]]
name = "export"
type = "file"
platform = "x"
path = "*.csv"
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
"""
)


def configured(folder: Path, cron: str) -> settings.Settings:
    (folder / "posts.csv").write_text("id,text,at\n1,Acme is fine,2026-01-02\n")
    (folder / "soundings.toml").write_text(CONFIG.format(cron=cron))
    return settings.load(folder / "soundings.toml")


def note(found: settings.Settings, as_of: datetime, state: runs.RunState) -> None:
    run = RunStatus(run_id=f"{as_of:%H%M}", kind="nightly", state=state, as_of=as_of, started_at=as_of)
    runs.save(found.data_dir, run)


NOW = datetime(2026, 7, 10, 8)
NIGHT = datetime(2026, 7, 9, 23)  # 02:00 in Vilnius


def test_a_first_start_has_missed_nothing(tmp_path: Path) -> None:
    assert serving.missed_night(configured(tmp_path, "0 2 * * *"), NOW) is None


@pytest.mark.parametrize(
    ("last", "state", "missed"),
    [
        (NIGHT, "completed", None),
        (NIGHT + timedelta(minutes=3), "failed", None),
        (NIGHT - timedelta(days=1), "completed", NIGHT),
        (NIGHT - timedelta(days=9), "completed", NIGHT),
        (NIGHT, "crashed", NIGHT),
        (NIGHT, "running", NIGHT),
    ],
)
def test_the_newest_scheduled_night_is_missed_if_none_ran_since(
    tmp_path: Path, last: datetime, state: runs.RunState, missed: datetime | None
) -> None:
    found = configured(tmp_path, "0 2 * * *")
    note(found, last, state)
    assert serving.missed_night(found, NOW) == missed


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_port_that_another_server_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_HOME", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    found = configured(tmp_path, "0 2 * * *")
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        with pytest.raises(SoundingsError, match=f"port {port} is in use; choose another with --port"):
            serving.serve(found.path, None, port)


def test_two_installations_have_two_deployments(tmp_path: Path) -> None:
    from flows.deployment import deployment_name

    found = configured(tmp_path, "0 2 * * *")
    other = settings.load(found.path, tmp_path / "other")
    assert deployment_name(found).startswith("acme-")
    assert deployment_name(found) == deployment_name(settings.load(found.path))
    assert deployment_name(found) != deployment_name(other)


def ends_within(seconds: float, port: int) -> bool:
    """Whether nobody is left who was started to serve at this port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not servers_at(port):
            return True
        time.sleep(0.2)
    return False


def command_line(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended since
        return b""


def servers_at(port: int) -> list[str]:
    """Command lines of the servers that were started for this port."""
    lines = [line for path in Path("/proc").glob("[0-9]*/cmdline") if (line := command_line(path))]
    if not lines:  # not Linux
        lines = subprocess.run(["ps", "-Ao", "args="], capture_output=True, check=True).stdout.splitlines()
    told = [line.replace(b"\0", b" ").decode(errors="replace").split() for line in lines]
    return [" ".join(words) for words in told if str(port) in words and "server" in words]


@pytest.mark.slow
def test_a_stop_while_the_server_starts_leaves_no_server_behind(tmp_path: Path) -> None:
    found, port = configured(tmp_path, "0 2 * * *"), free_port()
    command = [sys.executable, "-m", "flows", "serve", "--config", str(found.path), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not servers_at(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert servers_at(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 128 + signal.SIGTERM
        assert ends_within(10, port)
    finally:
        process.kill()
        for left in servers_at(port):
            os.kill(left, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_missed_night_runs_at_once_and_then_the_cron_fires(tmp_path: Path) -> None:
    found = configured(tmp_path, "* * * * *")
    note(found, runs.utc_now() - timedelta(days=2), "completed")
    command = [sys.executable, "-m", "flows", "serve", "--config", str(found.path), "--port", str(free_port())]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    with (tmp_path / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        nights: list[RunStatus] = []
        while len(nights) < 2 and time.monotonic() < deadline:
            time.sleep(1)
            assert process.poll() is None, (tmp_path / "serve.log").read_text()
            nights = [run for run in runs.history(found.data_dir) if run.state == "completed"][:-1]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    assert len(nights) >= 2, (tmp_path / "serve.log").read_text()[-4000:]
    caught_up, fired = nights[-1], nights[-2]
    assert runs.totals(caught_up).loaded == 1
    assert fired.as_of > caught_up.as_of
