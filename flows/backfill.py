"""The past: a night that looks further back, and one that reads what has landed before once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from prefect import State, flow

from flows import settings, tasks
from flows.errors import ConfigError
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
    names = [options.name for options in settings.load(config, data_dir).sources if options.enabled]
    if source is not None and source not in names:
        raise ConfigError(f"there is no source {source!r} to replay; there are {', '.join(names)}")
    with opened(config, data_dir, "replay") as run:
        tasks.replay(run, source)
        conclude(run)
    return tasks.ended(run)
