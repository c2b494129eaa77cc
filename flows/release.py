"""A second chance for what was refused: quarantined items, parsed, judged and loaded again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import State, flow

from flows import tasks
from flows.nightly import conclude
from flows.quarantine import Order
from flows.run import opened


@flow(name="release", validate_parameters=False)
def release(
    order: Order, config: Path | None = None, data_dir: Path | None = None, as_of: datetime | None = None
) -> State:
    """Release what `order` chooses, as a run of its own that asks no platform."""
    with opened(config, data_dir, "quarantine", as_of=as_of) as run:
        tasks.release(run, order)
        conclude(run)
    return tasks.ended(run)
