"""The past: a night that looks further back, and one that reads what has landed before once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from prefect import State, flow

from flows import tasks
from flows.nightly import conclude, steps
from flows.run import opened


@flow(name="backfill")
def backfill(
    days: int, config: Path | None = None, data_dir: Path | None = None, as_of: datetime | None = None
) -> State:
    """A run over the last `days`: every day that is not covered yet, and the overlap."""
    with opened(config, data_dir, "backfill", as_of=as_of, back=timedelta(days=days)) as run:
        steps(run)
    return tasks.ended(run)


@flow(name="replay")
def replay(source: str | None = None, config: Path | None = None, data_dir: Path | None = None) -> State:
    """Parse, match and load all landed windows again, oldest first, as a run of its own that asks no platform."""
    with opened(config, data_dir, "replay") as run:
        conclude(run, tasks.replay(run, source))
    return tasks.ended(run)
