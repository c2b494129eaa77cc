"""Before a run ends: what was deleted at its platform leaves every layer that a build does not reach."""

from __future__ import annotations

import shutil
from collections.abc import Set
from functools import partial

from duckdb import DuckDBPyConnection

from flows.landing import Marks, Parser, hash_of, named_again, scrub_landing
from flows.landing.words import SHORTEST
from flows.run import Run
from flows.settings import mask_key
from flows.sources import AnyOptions, source_of
from warehouse import coverage
from warehouse.compact import clear_leftovers, compact, is_due
from warehouse.connection import connect
from warehouse.mask import load_key
from warehouse.scrub import (
    drop_releases,
    forget_forsaken,
    forsaken,
    mark_scrubbed,
    scrub_payloads,
    scrub_scope,
    scrubbed,
    unscrubbed,
)


def scrub(run: Run) -> int:
    """Scrub what this run, or one that was killed, has left to be scrubbed; how many mentions.

    Call it after the publication, with no connection to the warehouse open. Raises WarehouseError where the current
    release still shows a deleted mention; what is not done then is done by the next run.
    """
    data_dir = run.settings.data_dir
    marks = Marks(run.landing, load_key(data_dir, mask_key(run.settings)))
    with connect(run.warehouse, settings=run.storage) as con:
        gone, again, people = unscrubbed(con), _named_again(run, con, marks), forsaken(con)
    if gone or again or people:
        parsers = {options.name: _parser(options) for options in run.settings.sources}
        scrub_landing(run.landing, gone | again, people, parsers, marks, partial(_scrub_payloads, run))
    marks.note(run.as_of)
    if gone:
        shutil.rmtree(data_dir / "staging", ignore_errors=True)  # what could not be loaded, and is staged anew
        clear_leftovers(run.warehouse)
        drop_releases(data_dir, gone)
        with connect(run.warehouse, settings=run.storage) as con:
            scrub_scope(con)
            mark_scrubbed(con, gone, run.as_of)
    with connect(run.warehouse, settings=run.storage) as con:
        forget_forsaken(con)
        must_compact = is_due(con, run.warehouse, run.as_of)
    if must_compact:
        compact(run.warehouse, run.as_of, run.storage)
    return len(gone)


def _named_again(run: Run, con: DuckDBPyConnection, marks: Marks) -> set[str]:
    """Those who are gone, and named in pages that landed since the last scrub: what they wrote may be quoted there."""
    windows = coverage.windows_since(con, marks.searched_until, run.status.run_id)
    found = named_again(run.landing, windows, marks)
    return {mention_id for mention_id in scrubbed(con) if hash_of(mention_id) in found} if found else set()


def _scrub_payloads(run: Run, words: Set[str]) -> None:
    with connect(run.warehouse, settings=run.storage) as con:
        scrub_payloads(con, [word for word in words if len(word) >= SHORTEST])


def _parser(options: AnyOptions) -> Parser:
    source = source_of(options)
    return Parser(source.items, lambda page: source.parse(page, options), source.wrap)
