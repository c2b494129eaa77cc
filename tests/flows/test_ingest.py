"""From what a source gives to schema raw: what goes wrong stays where it went wrong."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import extract, ingest, runs
from flows import plan as planning
from flows.run import Run, opened
from flows.runs import RunStatus
from warehouse.connection import connect

NIGHT = datetime(2026, 7, 1, 2)
HEAD = """
[project]
name = "Acme"
data_dir = "data"
[http]
attempts = 1
first_backoff = 0
request_seconds = 5
"""
ENTITY = """
[[entities]]
id = "{id}"
name = "{id}"
kind = "brand"
own = true
query = '{query}'
"""
FILE = """
[[sources]]
name = "{name}"
type = "file"
platform = "x"
path = "{path}"
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
"""
DEAD = """
[[sources]]
name = "{name}"
type = "hackernews"
base_url = "http://127.0.0.1:9/api/v1"
items_url = "http://127.0.0.1:9/v0"
allow_private = true
"""
ACME = ENTITY.format(id="acme", query="acme")


def configure(folder: Path, *parts: str) -> Path:
    path = folder / "soundings.toml"
    path.write_text("".join([HEAD, *parts]))
    return path


def posts(path: Path, *rows: tuple[str, str, str]) -> None:
    path.write_bytes(b"\n".join(json.dumps(dict(zip(("id", "text", "at"), row, strict=True))).encode() for row in rows))


def load(run: Run) -> dict[str, list[str]]:
    """All sources of a run to raw, as the night does it; errors by source."""
    con = connect(run.warehouse, settings=run.storage)
    try:
        for each in planning.plan(run, con):
            job = run.job(each.options)
            outcomes = extract.extract(job, each.asks, lambda _done, _all: None)
            ingest.ingest(job, outcomes, con, lambda: None)
        rows = con.execute("select source, error from raw.collection where run_id = ?", [run.status.run_id]).fetchall()
    finally:
        con.close()
    errors: dict[str, list[str]] = {source: [] for source, _ in rows}
    for source, error in rows:
        errors[source] += [error] if error else []
    return errors


def night(config: Path, as_of: datetime = NIGHT) -> dict[str, list[str]]:
    with opened(config, None, "nightly", as_of=as_of) as run:
        errors = load(run)
        for source in run.status.sources:
            source.state = "completed"
    return errors


def raw(config: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(config.parent / "data/soundings.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_two_sources_that_are_down_each_say_so(tmp_path: Path) -> None:
    config = configure(tmp_path, ACME, DEAD.format(name="one"), DEAD.format(name="two"))
    errors = night(config)
    assert errors["one"]
    assert errors["two"]
    assert raw(config, "select source, bool_or(is_covered) from raw.collection group by all order by 1") == [
        ("one", False),
        ("two", False),
    ]


def test_a_broken_file_beside_good_ones_fails_alone_and_starves_none(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.ndjson.gz").write_bytes(gzip.compress(name.encode() * 90_000)[:40])
    posts(tmp_path / "d.ndjson", ("1", "acme", "2026-06-30"))
    config = configure(tmp_path, ACME, FILE.format(name="files", path="*.ndjson*"))
    errors = night(config)["files"]
    assert len(errors) == 3
    assert "a.ndjson.gz" in " ".join(errors)
    assert raw(config, "select count(*) from raw.mention") == [(1,)]


@pytest.mark.parametrize("at", ["9999-12-31 23:59:59", "0001-01-01", "2026-06-30"])
def test_clocks_that_lie_end_in_quarantine_and_end_nothing_else(tmp_path: Path, at: str) -> None:
    posts(tmp_path / "a.ndjson", ("1", "acme", at), ("2", "acme", "2026-06-29"))
    config = configure(tmp_path, ACME, FILE.format(name="files", path="*.ndjson"))
    assert night(config) == {"files": []}
    good = at.startswith("2026")
    assert raw(config, "select loaded, quarantined from raw.load") == [(1 + good, 1 - good)]
    assert raw(config, "select window_end from raw.collection")[0][0] <= NIGHT


def test_a_file_is_read_again_when_a_new_entity_asks_for_it(tmp_path: Path) -> None:
    posts(tmp_path / "a.ndjson", ("1", "acme", "2026-06-30"), ("2", "rival", "2026-06-30"))
    config = configure(tmp_path, ACME, FILE.format(name="files", path="*.ndjson"))
    night(config)
    assert night(config, NIGHT + timedelta(days=1)) == {}
    configure(tmp_path, ACME, ENTITY.format(id="rival", query="rival"), FILE.format(name="files", path="*.ndjson"))
    night(config, NIGHT + timedelta(days=2))
    assert raw(config, "select entity_id, count(*) from raw.mention_entity group by all order by 1") == [
        ("acme", 1),
        ("rival", 1),
    ]


def test_the_same_posts_in_another_file_are_duplicates(tmp_path: Path) -> None:
    posts(tmp_path / "a.ndjson", ("1", "acme", "2026-06-30"))
    posts(tmp_path / "b.ndjson", ("1", "acme", "2026-06-30"), ("2", "acme", "2026-06-30"))
    config = configure(tmp_path, ACME, FILE.format(name="files", path="*.ndjson"))
    night(config)
    assert raw(config, "select sum(fetched), sum(loaded), sum(duplicate) from raw.load") == [(3, 2, 1)]


def cut_off(config: Path) -> RunStatus:
    """A run that was killed before its end."""

    def interrupted() -> None:
        with opened(config, None, "nightly") as run:
            load(run)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (newest,) = runs.history(config.parent / "data")
    assert newest.state == "running"
    return newest


def test_a_run_that_was_cut_off_is_taken_up_with_its_clock_and_loads_nothing_twice(tmp_path: Path) -> None:
    posts(tmp_path / "a.ndjson", ("1", "acme", "2026-06-30"))
    config = configure(tmp_path, ACME, FILE.format(name="files", path="*.ndjson"))
    before = cut_off(config)
    litter = tmp_path / "data/staging/half.tmp"
    litter.mkdir(parents=True)
    with opened(config, None, "nightly") as run:
        assert (run.status.run_id, run.as_of) == (before.run_id, before.as_of)
        assert not litter.exists()
        load(run)
        run.status.sources[0].state = "completed"
    assert raw(config, "select count(*) from raw.load") == [(1,)]
    assert runs.history(tmp_path / "data")[0].state == "completed"


def test_a_run_that_is_taken_up_has_the_sources_of_the_configuration_as_it_is_now(tmp_path: Path) -> None:
    posts(tmp_path / "a.ndjson", ("1", "acme", "2026-06-30"))
    config = configure(tmp_path, ACME, FILE.format(name="old", path="*.ndjson"))
    cut_off(config)
    configure(tmp_path, ACME, FILE.format(name="new", path="*.ndjson"))
    with opened(config, None, "nightly") as run:
        assert [source.name for source in run.status.sources] == ["new"]
        load(run)


def test_an_old_cut_off_run_is_buried_and_a_new_one_begins(tmp_path: Path) -> None:
    config = configure(tmp_path, ACME, FILE.format(name="files", path="*.ndjson"))
    posts(tmp_path / "a.ndjson", ("1", "acme", "2026-06-30"))
    old = RunStatus(run_id="old", kind="nightly", state="running", as_of=NIGHT - timedelta(days=400), started_at=NIGHT)
    runs.save(tmp_path / "data", old)
    with opened(config, None, "nightly") as run:
        assert run.status.run_id != "old"
    assert {run.run_id: run.state for run in runs.history(tmp_path / "data")}["old"] == "crashed"


@pytest.mark.parametrize(("hours_before", "is_taken_up"), [(3, False), (0, True)])
def test_a_night_that_has_come_due_meanwhile_is_not_spent_on_an_older_run(
    tmp_path: Path, hours_before: int, is_taken_up: bool
) -> None:
    posts(tmp_path / "a.ndjson", ("1", "acme", "2026-06-30"))
    due = runs.utc_now() - timedelta(minutes=2)
    line = f'[schedule]\ncron = "{due.minute} {due.hour} * * *"\n'
    config = configure(tmp_path, line, ACME, FILE.format(name="files", path="*.ndjson"))
    as_of = due - timedelta(hours=hours_before)
    runs.save(
        tmp_path / "data",
        RunStatus(run_id="cut-off", kind="nightly", state="running", as_of=as_of, started_at=as_of),
    )
    with opened(config, None, "nightly") as run:
        assert (run.status.run_id == "cut-off") is is_taken_up
        load(run)
