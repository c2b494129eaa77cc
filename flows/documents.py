"""The record of a run for people: Great Expectations' pages on disk, and its broken rules in Prefect's own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from expectations.data_docs import prepare, write_data_docs
from expectations.errors import SoundingsError
from expectations.verdict import Verdict
from flows.run import Run
from warehouse import ledger
from warehouse.connection import connect


class Record:
    """Great Expectations' pages of one run, written by a process of its own while the run goes on.

    The long import they need would hold up all else in this process.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._verdicts: list[Verdict] = []
        self._pages: Future[Path] | None = None

    def begin(self) -> None:
        """Write the pages: all that the run has to judge is judged."""
        self._pages = self._written()

    def finish(self) -> tuple[Path, int]:
        """Where the pages begin, and how many rules they hold."""
        pages = self._pages or self._written()
        try:
            return pages.result(), len({result.rule_id for verdict in self._verdicts for result in verdict.rules})
        except BrokenExecutor:  # it was killed: the next run has another
            _process.cache_clear()
            raise

    def _written(self) -> Future[Path]:
        run_id, as_of = self._run.status.run_id, self._run.as_of
        con = connect(self._run.warehouse, settings=self._run.storage)
        try:
            self._verdicts = ledger.verdicts_of_run(con, run_id)
        finally:
            con.close()
        site = self._run.settings.data_dir / "expectations"
        return _process().submit(write_data_docs, site, self._verdicts, run_id, as_of)


@contextmanager
def recorded(run: Run) -> Iterator[Record]:
    """Great Expectations' record of the run, also of marts that are refused; begin it when they are judged."""
    if any(source.fetched for source in run.status.sources):
        prepare_early()
    record = Record(run)
    try:
        yield record
    except SoundingsError:
        document(run, record)
        raise
    document(run, record)


def prepare_early() -> None:
    """Begin the import, in the process that will need it."""
    _process().submit(prepare)


@cache
def _process() -> ProcessPoolExecutor:
    """One for all runs of this process, which ends it: the import costs more than a run's pages."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


@task(name="document", cache_policy=NO_CACHE)
def document(run: Run, record: Record) -> None:
    """The pages of this run in the Data Docs, and its broken rules in Prefect's own."""
    index, held = record.finish()
    rules = [msgspec.to_builtins(rule) for rule in run.status.broken_rules]
    told = f"{len(rules)} of {held} rules are broken; all of them, with their counts: {index.as_uri()}"
    create_table_artifact(table=rules, key="expectations", description=told)
