"""Mentions are asked for again as long as they are kept: when, at most how many, and what is told of the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from testbed import NOW, job, no_progress

from flows import present, starter
from flows.batch import batches
from flows.extract import extract
from flows.plan import plan
from flows.run import Run
from flows.runs import RunStatus, SourceStatus
from flows.settings import load
from flows.sources import SOURCES
from flows.windows import Ask
from warehouse.connection import connect
from warehouse.load import load_batch
from warehouse.migrate import migrate
from warehouse.rechecks import overdue_of_run


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with five old stories, of which nobody has asked for months, and two that were asked for lately."""
    with connect(tmp_path_factory.mktemp("rechecks") / "w.duckdb") as con:
        migrate(con)
        con.execute(
            "insert into raw.mention by name select 'hackernews:' || n as mention_id, 'hackernews' as platform, "
            "n::varchar as native_id, 'post' as kind, '' as text, 'query' as found_by, 'hackernews' as source, "
            "? as published_at, ? as first_seen_at, ? as seen_at, 1 as content_hash, 1 as load_seq "
            "from range(1, 8) as t(n)",
            [NOW - timedelta(days=400)] * 3,
        )
        con.execute(
            "insert into raw.asked select mention_id, source, ?, null, 1 from raw.mention where native_id > '5'",
            [NOW - timedelta(days=20)],
        )
        yield con


def refreshes(con: duckdb.DuckDBPyConnection, folder: Path, settings: str) -> tuple[list[str], list[Ask]]:
    """The ids that a night asks for again, and the windows that tell what it leaves out."""
    config = folder / "soundings.toml"
    starter.write(config, "Acme", "acme")
    text = config.read_text("utf-8")
    config.write_text(text.replace('type = "hackernews"', f'type = "hackernews"\n{settings}'), encoding="utf-8")
    status = RunStatus(run_id="r1", kind="nightly", state="running", as_of=NOW, started_at=NOW)
    (found,) = (each for each in plan(Run(load(config), status), con) if each.options.name == "hackernews")
    asks = [ask for ask in found.asks if ask.verb == "refresh"]
    return [native_id for ask in asks for native_id in ask.ids], [ask for ask in asks if ask.left]


@pytest.mark.parametrize(
    ("settings", "asked", "left"),
    [
        ("", "12345", 0),
        ("recheck_days = 20", "1234567", 0),
        ("most_rechecks = 3", "123", 2),
        ("most_rechecks = 0", "", 5),
        ("recheck_days = 366", "12345", 0),
    ],
)
def test_a_night_asks_for_what_nobody_has_asked_for_within_bounds_that_the_operator_sets(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, settings: str, asked: str, left: int
) -> None:
    ids, left_out = refreshes(con, tmp_path, settings)
    assert ids == list(asked)
    assert sum(ask.left for ask in left_out) == left


def test_what_a_night_leaves_out_is_told_and_fails_no_source(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, left_out = refreshes(con, tmp_path, "most_rechecks = 3")
    bed = job(tmp_path, "http://localhost", run_id="r1")
    (outcome,) = extract(bed, left_out, no_progress)
    for folder in batches(bed, [outcome]):
        load_batch(con, folder, loaded_at=NOW)
    told = "select verb, window_start, is_covered, lost_items, error from raw.collection where run_id = 'r1'"
    assert con.execute(told).fetchall() == [("refresh", None, False, 2, None)]
    overdue = overdue_of_run(con, "r1", "bed")
    bed_status = SourceStatus(name="bed", platform="testbed", state="completed", overdue=overdue)
    status = RunStatus(run_id="r1", kind="nightly", state="completed", as_of=NOW, started_at=NOW, sources=[bed_status])
    present.status(status, is_alive=False)
    assert "bed: 2 known mentions wait to be asked for again; raise its most_rechecks" in capsys.readouterr().out


def test_each_source_that_can_be_asked_asks_within_a_month_and_those_sooner_whose_terms_say_so() -> None:
    days = {source.platform: source.recheck_days for source in SOURCES if source.refresh}
    assert {platform: each for platform, each in days.items() if each != 30} == {"reddit": 7, "youtube": 25}
