"""What an operator and an analyst type, and what comes back."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows import cli, runs
from warehouse.lock import hold_lock

CONFIG = """
[project]
name = "Acme"
data_dir = "data"
[[entities]]
id = "acme"
name = "Acme"
kind = "brand"
own = true
query = "acme NOT recipe"
[[sources]]
name = "export"
type = "file"
platform = "x"
path = "*.csv"
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
author_handle = "who"
likes = "likes"
"""
POSTS = [
    ("1", "Acme is fine, says @stranger, see https://x.example/stranger/1", "2026-01-02", "ann", 3),
    ("2", "An Acme recipe", "2026-01-02", "bob", 0),
    ("3", "Acme again", "soon", "cid", 1),
    ("1", "Acme is fine, says @stranger, see https://x.example/stranger/1", "2026-01-02", "ann", 3),
]


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    folder: Path
    config: Path


def write_posts(path: Path, posts: list[tuple[Any, ...]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("id", "text", "at", "who", "likes"), *posts])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Place:
    """Two nights, so that there is a release to go back to."""
    from flows.nightly import nightly

    folder = tmp_path_factory.mktemp("cli")
    config = folder / "soundings.toml"
    config.write_text(CONFIG)
    write_posts(folder / "a.csv", POSTS)
    assert nightly(config, return_state=True).is_completed()
    write_posts(folder / "b.csv", [("9", "acme", "2026-01-03", "ann", 1)])
    assert nightly(config, return_state=True).is_completed()
    return Place(folder, config)


@pytest.fixture
def type_in(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Place) -> Any:
    def type_in(*words: str, config: Path | None = place.config) -> Answer:
        monkeypatch.setattr("sys.argv", ["soundings", *words, *(["--config", str(config)] if config else [])])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return type_in


def test_status_is_a_document_with_every_source_and_the_sums(type_in: Any) -> None:
    answer = type_in("status", "--json")
    status = json.loads(answer.out)
    assert answer.code == 0
    assert {"run_id", "state", "started_at", "ended_at", "release", "sources", "totals"} <= status.keys()
    (source,) = status["sources"]
    names = ("name", "platform", "state", "error", "fetched", "loaded", "duplicate", "rejected", "quarantined", "pages")
    assert set(names) <= source.keys()
    assert (source["fetched"], source["loaded"], status["state"]) == (1, 1, "completed")
    assert status["totals"]["fetched"] == 1


def test_the_first_night_gave_each_item_one_outcome(place: Place) -> None:
    first = runs.history(place.folder / "data")[-1].source("export")
    assert (first.fetched, first.loaded, first.duplicate, first.rejected, first.quarantined) == (4, 1, 1, 1, 1)


def test_query_answers_in_three_formats(type_in: Any) -> None:
    sql = "select report_date, mentions, interactions from marts.kpi_entity_daily where mentions > 0 order by 1"
    rows = list(csv.DictReader(io.StringIO(type_in("query", sql, "--format", "csv").out)))
    assert [(row["report_date"], row["mentions"]) for row in rows] == [("2026-01-02", "1"), ("2026-01-03", "1")]
    assert [row["mentions"] for row in json.loads(type_in("query", sql, "--format", "json").out)] == [1, 1]
    table = type_in("query", sql).out
    assert "2026-01-02" in table
    assert max(map(len, table.splitlines())) <= 100


def test_the_public_release_names_nobody_and_the_restricted_one_does(type_in: Any) -> None:
    public = type_in("query", "from marts.fct_mentions", "--format", "csv").out
    assert "stranger" not in public
    assert "ann" not in type_in("query", "from marts.dim_accounts", "--format", "csv").out
    restricted = type_in("query", "from marts.fct_mentions", "--format", "csv", "--audience", "restricted").out
    assert "says @stranger" in restricted


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{folder}/a.csv')",
        "copy (select 1) to '{folder}/stolen.csv'",
        "attach '{folder}/data/soundings.duckdb' as other",
        "create table marts.mine as select 1",
        "select 1; select 2",
        "selec 1",
    ],
)
def test_query_reads_the_release_and_nothing_else(type_in: Any, place: Place, sql: str) -> None:
    answer = type_in("query", sql.format(folder=place.folder))
    assert answer.code == 2
    assert "error:" in answer.err
    assert not (place.folder / "stolen.csv").exists()


def test_rollback_goes_to_the_release_before_and_says_so(type_in: Any) -> None:
    count = "select count(*) as n from marts.fct_mentions"
    newest = json.loads(type_in("query", count, "--format", "json").out)[0]["n"]
    current = json.loads(type_in("status", "--json").out)["release"]
    assert type_in("rollback").code == 0
    assert json.loads(type_in("query", count, "--format", "json").out)[0]["n"] == newest - 1
    assert type_in("rollback").code == 2  # there is none before
    assert type_in("rollback", "--to", current).code == 0
    assert json.loads(type_in("query", count, "--format", "json").out)[0]["n"] == newest


def test_topics_try_shows_hits_near_misses_and_noise(type_in: Any) -> None:
    answer = type_in("topics", "try", "acme NOT recipe")
    assert answer.code == 0
    assert "hits" in answer.out
    assert "near misses" in answer.out
    broken = type_in("topics", "try", '"acme')
    assert broken.code == 2
    assert "^" in broken.err


def test_check_tells_what_a_configuration_does_and_writes_nothing(type_in: Any, place: Place) -> None:
    before = sorted(place.folder.rglob("*"))
    answer = type_in("check")
    assert answer.code == 0
    assert "export" in answer.out
    assert sorted(place.folder.rglob("*")) == before


def test_a_bad_configuration_is_exit_2_and_a_sentence(type_in: Any, tmp_path: Path) -> None:
    path = tmp_path / "soundings.toml"
    path.write_text(CONFIG.replace("own = true", "own = maybe"))
    answer = type_in("check", config=path)
    assert (answer.code, "line" in answer.err, "Traceback" in answer.err) == (2, True, False)


def test_init_writes_a_configuration_that_check_accepts(type_in: Any, tmp_path: Path) -> None:
    path = tmp_path / "soundings.toml"
    assert type_in("init", "--brand", "Čili Pica", "--query", '"čili pica" OR @cilipica', config=path).code == 0
    assert type_in("check", config=path).code == 0


@pytest.fixture
def lone(tmp_path: Path) -> Path:
    """A good configuration whose data folder holds one completed run, and nothing that could be run."""
    config = tmp_path / "soundings.toml"
    config.write_text(CONFIG)
    write_posts(tmp_path / "a.csv", POSTS)
    clock = datetime(2026, 1, 4, 2)
    run = runs.RunStatus(run_id="old", kind="nightly", state="completed", as_of=clock, started_at=clock)
    runs.save(tmp_path / "data", run)
    return config


@pytest.mark.parametrize("words", [("run",), ("backfill", "--days", "2"), ("replay",)])
def test_a_run_that_dies_before_its_journal_is_no_success(
    type_in: Any, lone: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("no room for a lock")

    monkeypatch.setattr("flows.run.hold_lock", broken)
    answer = type_in(*words, config=lone)
    assert (answer.code, "old" in answer.out) == (2, False)
    assert "the run did not begin" in answer.err
    assert "no room for a lock" in answer.err


def test_a_server_of_prefect_that_is_not_there_is_a_sentence(
    type_in: Any, lone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise RuntimeError("Failed to reach API at http://127.0.0.1:1/api/")

    monkeypatch.setattr("flows.nightly.nightly", unreachable)
    answer = type_in("run", config=lone)
    assert (answer.code, "the run did not begin: Failed to reach API" in answer.err) == (2, True)


def test_a_flow_that_fails_after_its_last_step_is_no_success(
    type_in: Any, lone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ValueError("no last word")

    monkeypatch.setattr("flows.tasks.ended", broken)
    answer = type_in("run", config=lone)
    assert runs.history(lone.parent / "data")[0].state == "completed"
    assert (answer.code, "no last word" in answer.err) == (1, True)


def test_a_locked_data_folder_is_exit_2(type_in: Any, lone: Path) -> None:
    with hold_lock(lone.parent / "data", "other"):
        answer = type_in("run", config=lone)
    assert (answer.code, "run other" in answer.err, answer.out) == (2, True, "")


def test_a_clock_in_the_future_is_refused(type_in: Any, lone: Path) -> None:
    answer = type_in("run", "--as-of", "2999-01-01", config=lone)
    assert (answer.code, "lies in the future" in answer.err) == (2, True)
    assert len(runs.history(lone.parent / "data")) == 1


def test_what_cannot_be_read_or_written_is_a_sentence_with_its_path(type_in: Any, tmp_path: Path, lone: Path) -> None:
    (tmp_path / "data" / "runs" / "old.json").unlink()
    (tmp_path / "data" / "runs" / "dir.json").mkdir()
    words = ("init", "--brand", "Acme", "--query", "acme")
    for answer, path in (
        (type_in("check", config=tmp_path), tmp_path),
        (type_in(*words, config=tmp_path / "nodir" / "a.toml"), tmp_path / "nodir"),
        (type_in("status", config=lone), tmp_path / "data" / "runs" / "dir.json"),
    ):
        assert (answer.code, str(path) in answer.err, "Traceback" in answer.err) == (2, True, False)


def test_a_file_that_others_own_is_a_sentence(type_in: Any, lone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refused)
    answer = type_in("check", config=lone)
    assert (answer.code, f"{lone}: cannot be read: Permission denied" in answer.err) == (2, True)


def test_check_misses_the_files_that_a_night_would_miss(type_in: Any, lone: Path) -> None:
    (lone.parent / "a.csv").unlink()
    answer = type_in("check", config=lone)
    assert (answer.code, "sources.export" in answer.err, "'*.csv'" in answer.err) == (2, True, True)
    lone.write_text(CONFIG.replace('name = "export"', 'name = "export"\nenabled = false') + HACKERNEWS)
    assert type_in("check", config=lone).code == 0


HACKERNEWS = """
[[sources]]
name = "hackernews"
type = "hackernews"
"""


def test_status_tells_a_run_at_work_from_one_that_was_killed(type_in: Any, lone: Path) -> None:
    data = lone.parent / "data"
    clock = datetime(2026, 1, 5, 2)
    runs.save(data, runs.RunStatus(run_id="new", kind="nightly", state="running", as_of=clock, started_at=clock))
    with hold_lock(data, "new"):
        alive, said_alive = json.loads(type_in("status", "--json", config=lone).out), type_in("status", config=lone).out
        left_behind = (data / "run.lock.json").read_bytes()
    (data / "run.lock.json").write_bytes(left_behind)  # as kill -9 leaves it
    dead, said_dead = json.loads(type_in("status", "--json", config=lone).out), type_in("status", config=lone).out
    assert (alive["state"], alive["is_alive"], alive["as_of"]) == ("running", True, "2026-01-05T02:00:00Z")
    assert (dead["state"], dead["is_alive"]) == ("running", False)
    told = "cut off; `soundings run` takes it up again"
    assert (told in said_alive, told in said_dead) == (False, True)


def test_init_writes_where_the_other_commands_look(
    type_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "SOUNDINGS_CONFIG", str(tmp_path / "mine.toml"))
    assert type_in("init", "--brand", "Acme", "--query", "acme", config=None).code == 0
    assert type_in("check", config=None).code == 0
    assert (tmp_path / "mine.toml").exists()
