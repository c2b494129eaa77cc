"""The record of a run for people: Great Expectations' pages on disk, and its broken rules in Prefect's own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache

import msgspec
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from expectations.data_docs import prepare, write_data_docs
from expectations.errors import SoundingsError
from flows.run import Run
from warehouse import ledger
from warehouse.connection import connect


@contextmanager
def recorded(run: Run) -> Iterator[None]:
    """Great Expectations' record of the run, also of marts that are refused.

    By a process of its own, which does the long import while the models are built: here it would hold up all else.
    """
    if any(source.fetched for source in run.status.sources):
        _process().submit(prepare)
    try:
        yield
    except SoundingsError:
        document(run)
        raise
    document(run)


@cache
def _process() -> ProcessPoolExecutor:
    """One for all runs of this process, which ends it: the import costs more than a run's pages."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


@task(name="document", cache_policy=NO_CACHE)
def document(run: Run) -> None:
    """The pages of this run in the Data Docs, and its broken rules in Prefect's own."""
    con = connect(run.warehouse, settings=run.storage)
    try:
        verdicts = ledger.verdicts_of_run(con, run.status.run_id)
    finally:
        con.close()
    site = run.settings.data_dir / "expectations"
    try:
        _process().submit(write_data_docs, site, verdicts, run.status.run_id, run.as_of).result()
    except BrokenExecutor:  # it was killed: the next run has another
        _process.cache_clear()
        raise
    rules = [msgspec.to_builtins(rule) for rule in run.status.broken_rules]
    held = len({result.rule_id for verdict in verdicts for result in verdict.rules})
    told = f"{len(rules)} of {held} rules are broken; all of them, with their counts: {(site / 'index.html').as_uri()}"
    create_table_artifact(table=rules, key="expectations", description=told)
