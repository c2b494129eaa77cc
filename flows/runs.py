"""The journal of runs: one status document a run, written as it goes, readable while the warehouse is locked.

A run that did not end (its process was killed) is found here and taken up again with its own clock and id.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from expectations.suites import Severity
from flows.landing.files import UNFINISHED, write_whole

LOG = logging.getLogger(__name__)
RunState = Literal["running", "completed", "failed", "crashed"]
RunKind = Literal["nightly", "backfill", "replay", "quarantine"]
SourceState = Literal["pending", "extracting", "loading", "completed", "failed"]
TIMES = ("as_of", "started_at", "ended_at", "since")  # UTC: without zone in here, with one in the document
_WRITING = threading.Lock()  # sources are extracted side by side, and each notes how it fares


class SourceStatus(msgspec.Struct):
    """How one source fared: fetched = loaded + duplicate + rejected + quarantined."""

    name: str
    platform: str
    state: SourceState = "pending"
    error: str | None = None
    fetched: int = 0
    loaded: int = 0
    duplicate: int = 0
    rejected: int = 0
    quarantined: int = 0
    pages: int = 0
    overdue: int = 0  # known mentions that were to be asked for again, and were left out for `most_rechecks`


class BrokenRule(msgspec.Struct, frozen=True):
    """A rule that some rows of a source broke in the run; `source` is `marts` for what was computed."""

    source: str
    rule: str  # table.column.what_holds
    severity: Severity
    checked: int
    failed: int
    why: str
    fix: str  # what to do


class RunStatus(msgspec.Struct):
    """What `soundings status --json` prints."""

    run_id: str
    kind: RunKind
    state: RunState
    as_of: datetime
    started_at: datetime
    ended_at: datetime | None = None
    release: str | None = None
    error: str | None = None
    since: datetime | None = None  # backfill: how far back
    sources: list[SourceStatus] = []
    broken_rules: list[BrokenRule] = []

    def __post_init__(self) -> None:
        for name in TIMES:
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is not None:
                setattr(self, name, moment.astimezone(UTC).replace(tzinfo=None))

    def source(self, name: str) -> SourceStatus:
        return next(source for source in self.sources if source.name == name)


class Totals(msgspec.Struct):
    fetched: int
    loaded: int
    duplicate: int
    rejected: int
    quarantined: int
    pages: int


def totals(status: RunStatus) -> Totals:
    """The sums over all sources."""
    return Totals(**{name: sum(getattr(s, name) for s in status.sources) for name in Totals.__struct_fields__})


def report(status: RunStatus, *, is_alive: bool | None = None) -> bytes:
    """The status document with its totals, as JSON; `is_alive`, where it is known: a process is at it right now."""
    document = {**msgspec.to_builtins(status), "totals": msgspec.to_builtins(totals(status))}
    document |= {name: f"{document[name]}Z" for name in TIMES if document[name] is not None}
    if is_alive is not None:
        document["is_alive"] = is_alive
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def save(data_dir: Path, status: RunStatus) -> None:
    """Write the document whole or not at all."""
    folder = data_dir / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    with _WRITING:
        write_whole(folder / f"{status.run_id}.json", report(status))


def history(data_dir: Path) -> list[RunStatus]:
    """All runs, newest first; a document that cannot be read is named in the log and left out."""
    found = []
    for path in _documents(data_dir):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=RunStatus))
        except FileNotFoundError:
            continue  # pruned since we looked
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            LOG.warning("%s: left out, as it is damaged (%s); move it away or restore it", path, error)
    return sorted(found, key=lambda run: (run.as_of, run.started_at, len(run.run_id), run.run_id), reverse=True)


def _documents(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "runs").glob("*.json") if not path.name.startswith(UNFINISHED)]


def latest(data_dir: Path) -> RunStatus | None:
    return next(iter(history(data_dir)), None)


def interrupted(data_dir: Path, kind: RunKind, now: datetime, within: timedelta) -> RunStatus | None:
    """The newest run, if it was cut off and is young enough to be taken up; called by who holds the lock."""
    newest = latest(data_dir)
    if newest is None or newest.state != "running" or newest.kind != kind:
        return None
    return newest if now - newest.as_of <= within else None


def bury(data_dir: Path, keep: str | None = None) -> None:
    """Mark as crashed what says it is running though the lock was free."""
    for run in history(data_dir):
        if run.state == "running" and run.run_id != keep:
            run.state, run.ended_at = "crashed", utc_now()
            save(data_dir, run)


def prune(data_dir: Path, keep: int) -> None:
    """Drop the oldest journals."""
    for run in history(data_dir)[keep:]:
        (data_dir / "runs" / f"{run.run_id}.json").unlink(missing_ok=True)


def new_id(data_dir: Path, as_of: datetime) -> str:
    """A run is named by its clock; a second one at the same second gets a number."""
    name = f"{as_of:%Y%m%dt%H%M%Sz}"
    taken = {path.stem for path in _documents(data_dir)}
    return next(each for each in (name, *(f"{name}-{n}" for n in range(2, 1000))) if each not in taken)


def utc_now() -> datetime:
    """Wall clock, UTC without zone, to the second: asked once when a run starts, and for bookkeeping."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
