"""A night: ask every source, land what it answers, validate, load, compute, publish."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import State, flow
from prefect.futures import wait

from flows import documents, present, tasks
from flows.run import Run, opened


@flow(name="nightly")
def nightly(config: Path | None = None, data_dir: Path | None = None, as_of: datetime | None = None) -> State:
    """One night on the configuration at `config`; `as_of` is its clock (default: now)."""
    with opened(config, data_dir, "nightly", as_of=as_of) as run:
        steps(run)
    return tasks.ended(run)


def steps(run: Run) -> None:
    """What every run does: sources side by side on the network, one after the other into the warehouse."""
    with present.progress() as bars:
        plans = tasks.plan(run)
        sources = [tasks.extract.submit(run, plan, bars) for plan in plans]
        try:
            for plan, extracting in zip(plans, sources, strict=True):
                tasks.load(run, plan, tasks.landed(run, plan, extracting))
        finally:
            wait(sources)  # no source goes on landing when the run has ended
    conclude(run)


def conclude(run: Run) -> None:
    """From what is loaded to what is served."""
    with documents.recorded(run) as record:
        tasks.read_signals(run)
        tasks.build(run)
        record.begin()
        tasks.publish(run)
        tasks.tidy(run)
        tasks.scrub(run)
    tasks.report(run)
