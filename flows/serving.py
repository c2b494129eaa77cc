"""Run on schedule: one process tree with a Prefect server, the cron, and the nights as its children."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import FrameType

import httpx

from expectations.errors import SoundingsError
from flows import present, runs
from flows import settings as configured
from flows.schedule import scheduled_before
from flows.settings import Settings

STARTS_WITHIN = 120  # seconds, on a slow disk and with its database to make


def serve(config: Path | None, data_dir: Path | None, port: int) -> None:
    """Serve until stopped. The operator's own PREFECT_API_URL wins: then no server is started here."""
    settings = configured.load(config, data_dir)
    configured.apply(configured.prefect_environment(settings.data_dir, settings.prefect_api_url))
    if settings.prefect_api_url:
        _schedule(settings)
        return
    signal.signal(signal.SIGTERM, _leave)  # until Prefect's runner minds it: the server must end with us
    with _server(settings, port) as url:
        configured.apply({"PREFECT_API_URL": f"{url}/api", "PREFECT_UI_API_URL": f"{url}/api"})
        present.say(f"Prefect: {url}. Nights by '{settings.schedule.cron}' ({settings.schedule.timezone}).")
        _schedule(settings)


def missed_night(settings: Settings, now: datetime) -> datetime | None:
    """The newest scheduled moment before `now` (UTC without zone) that no night has served; None where all is well."""
    due = scheduled_before(settings.schedule.cron, settings.schedule.timezone, now)
    nights = [run for run in runs.history(settings.data_dir) if run.kind == "nightly"]
    if not nights:  # nothing was promised yet: the first night is the first one scheduled
        return None
    is_served = any(run.as_of >= due and run.state in ("completed", "failed") for run in nights)
    return None if is_served else due


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _server(settings: Settings, port: int) -> Iterator[str]:
    """A Prefect server on the loopback interface, ended with us."""
    _claim(port)
    url = f"http://127.0.0.1:{port}"
    log = settings.data_dir / "prefect" / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)  # noqa: S603 - our own words
        try:
            _wait(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _claim(port: int) -> None:
    """Raises SoundingsError where the port is not ours to take: what answers there would be taken for our server."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: what lingers is no one's
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise SoundingsError(f"port {port} is not open to this user; choose one above 1023 with --port") from None
        except OSError:
            raise SoundingsError(f"port {port} is in use; choose another with --port") from None


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    is_healthy = False
    while time.monotonic() < deadline:
        if process.poll() is not None:  # also where something healthy answers: it is not ours
            raise SoundingsError(f"the Prefect server ended at once (is the port free?); it says why in {log}")
        if is_healthy:
            return
        with suppress(httpx.TransportError):
            is_healthy = httpx.get(f"{url}/api/health", timeout=2).is_success
        time.sleep(0.5)
    raise SoundingsError(f"the Prefect server did not answer within {STARTS_WITHIN} s; see {log}")


def _schedule(settings: Settings) -> None:
    """Register the night and run what falls due, one at a time."""
    from flows.deployment import run_on_schedule

    now = runs.utc_now()
    missed = missed_night(settings, now)
    if missed is not None:
        present.say(f"The night of {missed:%Y-%m-%d %H:%M} UTC was missed: it runs now.")
    asyncio.run(run_on_schedule(settings, is_night_missed=missed is not None))
