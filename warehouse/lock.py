"""One run at a time: a lock that the system frees when its holder dies, and a note of who holds it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from warehouse.errors import LockedError


class Holder(msgspec.Struct, frozen=True):
    """Who runs: what `run.lock.json` says."""

    pid: int
    run_id: str
    host: str
    since: str


@contextmanager
def hold_lock(data_dir: Path, run_id: str) -> Iterator[None]:
    """Hold the data folder for one run. Raises LockedError, naming the holder, where another run has it.

    The lock is the operating system's (flock): kill -9 frees it. The note beside it may outlive a killed run and
    is believed only while the lock is held.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_dir / "run.lock", blocking=False)
    note = data_dir / "run.lock.json"
    try:
        lock.acquire()
    except Timeout as error:
        raise LockedError(f"{data_dir} is in use by {_describe(note)}: wait for it, or stop it first") from error
    try:
        _write(note, run_id)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def is_held(data_dir: Path) -> bool:
    """Whether a run is at work in the data folder now. Asks without writing, as readers may not be let to."""
    if not (data_dir / "run.lock.json").exists():
        return False
    with (data_dir / "run.lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _write(note: Path, run_id: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    holder = Holder(pid=os.getpid(), run_id=run_id, host=socket.gethostname(), since=since)
    fresh = note.with_suffix(".tmp")
    fresh.write_bytes(msgspec.json.encode(holder))
    fresh.replace(note)


def _describe(note: Path) -> str:
    try:
        holder = msgspec.json.decode(note.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return "another run that has only just started"
    return f"run {holder.run_id} (process {holder.pid} on {holder.host}, since {holder.since})"
