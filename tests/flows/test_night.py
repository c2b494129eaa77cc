"""Whole nights on the sandbox: failing sources, and what comes after."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from flows import runs
from flows.runs import RunStatus
from flows.sandbox.demo import write_configuration
from flows.sandbox.export import write_export
from flows.sandbox.server import Sandbox, serve
from flows.sandbox.world import World
from tests.warehouse_state import differences, state

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NIGHT = datetime(2026, 6, 1, 2)
BRANDS = ("entity_id", "report_date")


def release(folder: Path, sql: str) -> pl.DataFrame:
    with duckdb.connect(str(folder / "data/current/bi.duckdb"), read_only=True) as con:
        return con.sql(sql).pl()


class Stage:
    """A small world, a night published, and hands on the sandbox."""

    def __init__(self, folder: Path, url: str, sandbox: Sandbox, config: Path) -> None:
        self.folder, self.url, self.sandbox, self.config = folder, url, sandbox, config

    def run(self, as_of: datetime) -> RunStatus:
        from flows.nightly import nightly

        self.sandbox.now = as_of
        write_export(self.sandbox.world, self.folder / "exports", as_of)
        nightly(self.config, None, as_of, return_state=True)
        status = runs.latest(self.folder / "data")
        assert status is not None
        return status

    def faults(self, *faults: dict[str, Any]) -> None:
        body = json.dumps(faults).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/__sandbox/faults", body, method="POST")).read()

    def warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "data/soundings.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()


@dataclass(frozen=True)
class Served:
    """A sandbox, and what a night without disturbance has left on it: to be copied, and not to be run on."""

    url: str
    sandbox: Sandbox
    calm: Path
    status: RunStatus
    artifacts: dict[str, str]  # of the run, in Prefect

    def copied(self, folder: Path) -> Stage:
        shutil.copytree(self.calm, folder, symlinks=True)
        return Stage(folder, self.url, self.sandbox, folder / "soundings.toml")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Iterator[Served]:
    from prefect.artifacts import Artifact

    folder = tmp_path_factory.mktemp("calm")
    world = World.make(5, 6, scale=0.3, end=NIGHT)
    with serve(world) as (url, sandbox):
        config = write_configuration(folder, url, world)
        text = config.read_text().replace("[[entities]]", "[http]\nattempts = 2\nfirst_backoff = 0.01\n[[entities]]", 1)
        config.write_text(text)
        status = Stage(folder, url, sandbox, config).run(NIGHT)
        told = {key: Artifact.get(key) for key in ("sources", "release")}
        yield Served(url, sandbox, folder, status, {key: str(one and one.data) for key, one in told.items()})


@pytest.fixture
def stage(served: Served, tmp_path: Path) -> Stage:
    """After the calm night."""
    return served.copied(tmp_path / "stage")


@pytest.fixture
def before(served: Served, tmp_path: Path) -> Iterator[Stage]:
    """Before any night."""
    stage = served.copied(tmp_path / "stage")
    shutil.rmtree(stage.folder / "data")
    yield stage
    stage.faults()


def test_a_failing_source_stops_no_other_and_the_next_night_heals_the_gap(before: Stage) -> None:
    stage = before
    stage.faults({"match": "/api/", "kind": "503", "count": None})
    broken = stage.run(NIGHT - timedelta(days=1))
    assert (broken.state, broken.source("hackernews").state, broken.source("microblog").state) == (
        "failed",
        "failed",
        "completed",
    )
    assert "503" in str(broken.source("hackernews").error)
    assert broken.release is not None
    low = "select max(coverage) from marts.kpi_coverage where source = 'hackernews'"
    assert release(stage.folder, low).item() == 0
    mixed = release(
        stage.folder,
        "select coverage from marts.kpi_entity_daily where report_date = date '2026-05-30' and entity_id = 'acme'",
    )
    assert 0 < mixed["coverage"][0] < 1

    stage.faults()
    healed = stage.run(NIGHT)
    assert healed.state == "completed"
    assert healed.source("hackernews").loaded > 0
    assert release(stage.folder, low.replace("max", "min")).item() == 1
    assert stage.warehouse("select count(*) - count(distinct mention_id) from raw.mention") == [(0,)]


def test_faults_that_pass_leave_what_a_quiet_night_leaves(served: Served, before: Stage) -> None:
    stage = before
    faults = [
        {"match": "/api/", "kind": kind, "count": 1, "skip": skip, **more}
        for skip, (kind, more) in enumerate(
            [
                ("429", {"retry_after": "0"}),
                ("429", {}),
                ("500", {}),
                ("503", {"retry_after": "0"}),
                ("reset", {}),
                ("truncated", {}),
            ]
        )
    ]
    stage.faults(*faults)
    status = stage.run(NIGHT)
    assert (status.state, status.source("hackernews").error) == ("completed", None)
    assert runs.totals(status) == runs.totals(served.status)
    expected = state(served.calm / "data/soundings.duckdb", ("raw", "marts"))
    found = differences(expected, state(stage.folder / "data/soundings.duckdb", ("raw", "marts")))
    limited = stage.warehouse("select sum(rate_limited) from raw.collection")
    assert limited == [(2,)]
    assert set(found) <= {"raw.collection", "marts.kpi_coverage"}  # where the refusals are counted


def test_each_window_accounts_for_all_of_its_items(served: Served, stage: Stage) -> None:
    windows = stage.warehouse(
        "with booked as (select run_id, source, window_id, sum(fetched) as fetched, sum(duplicate) as duplicate, "
        "sum(quarantined) as quarantined, sum(loaded + duplicate + rejected + quarantined) as told "
        "from raw.load_window group by all) "
        "select items, coalesce(fetched, 0), coalesce(told, 0), coalesce(duplicate, 0), c.quarantined, "
        "coalesce(b.quarantined, 0) from raw.collection as c left join booked as b using (run_id, source, window_id)"
    )
    assert sum(items for items, *_ in windows) == runs.totals(served.status).fetched
    assert all(items == fetched == told for items, fetched, told, *_ in windows)
    assert all(said == kept for *_, said, kept in windows)
    repeated = stage.warehouse("select sum(duplicates), bool_and(duplicates <= items) from marts.kpi_coverage")
    assert repeated == [(sum(window[3] for window in windows), True)]


def test_a_replay_of_what_has_landed_changes_nothing(served: Served, stage: Stage) -> None:
    from flows.backfill import replay

    first = served.status
    assert first.state == "completed"
    before = state(stage.folder / "data/soundings.duckdb", ("raw", "marts"))
    replay(None, stage.config, return_state=True)
    again = runs.latest(stage.folder / "data")
    assert again is not None
    assert (again.state, again.error) == ("completed", None)
    assert runs.totals(again).loaded == 0
    assert runs.totals(again).fetched == runs.totals(first).fetched
    changed = set(differences(before, state(stage.folder / "data/soundings.duckdb", ("raw", "marts"))))
    # What notes that a run was, how fresh all is by its clock, and the calendar up to it.
    notes = {"raw.run", "raw.build", "raw.collection", "raw.load", "raw.load_window", "raw.verdict", "raw.account_rank"}
    by_clock = {"marts.kpi_response_hours", "marts.kpi_departments", "marts.kpi_departments_daily"}  # the queue's age
    by_clock |= {"marts.kpi_account_daily", "marts.kpi_spikes", "marts.kpi_voices", "marts.kpi_influence"}
    assert changed <= notes | by_clock | {"marts.kpi_coverage", "marts.kpi_content", "marts.dim_dates"}


def test_a_page_that_was_lost_from_landing_fails_its_window_and_no_other(stage: Stage) -> None:
    for page in (stage.folder / "data/landing/microblog").glob("*/*/*.zst"):
        page.write_bytes(page.read_bytes()[:-7])
    from flows.backfill import replay

    replay(None, stage.config, return_state=True)
    status = runs.latest(stage.folder / "data")
    assert status is not None
    assert (status.source("hackernews").state, status.source("microblog").state) == ("completed", "failed")


def test_a_night_tells_prefect_its_sources_and_its_release(served: Served) -> None:
    assert "hackernews" in served.artifacts["sources"]
    assert str(served.status.release) in served.artifacts["release"]


def test_staging_is_empty_after_a_night_and_a_second_folder_is_refused_while_one_runs(stage: Stage) -> None:
    from flows.errors import SoundingsError
    from flows.run import opened
    from warehouse.errors import LockedError

    assert list((stage.folder / "data/staging").iterdir()) == []
    with opened(stage.config, None, "nightly") as run:
        with pytest.raises(LockedError, match=run.status.run_id), opened(stage.config, None, "nightly"):
            pytest.fail("two runs hold one folder")
        run.status.sources = []
    with pytest.raises(SoundingsError, match="back in time"), opened(stage.config, None, "nightly", as_of=NIGHT):
        pytest.fail("a run went back in time")
    shutil.rmtree(stage.folder / "exports")
