"""What an operator and an analyst type, and what comes back."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_samples import CONFIG, POSTS, write_posts
from testbed import Said, Typed

from flows import runs


@dataclass(frozen=True)
class Place:
    folder: Path
    config: Path


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
def type_in(typed: Typed, place: Place) -> Typed:
    """Types a command at the place of the two nights, or of another configuration."""

    def type_in(*words: str, config: Path | None = place.config) -> Said:
        return typed(*words, config=config)

    return type_in


def test_status_is_a_document_with_every_source_and_the_sums(type_in: Typed) -> None:
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


def test_query_answers_in_three_formats(type_in: Typed) -> None:
    sql = "select report_date, mentions, interactions from marts.kpi_entity_daily where mentions > 0 order by 1"
    rows = list(csv.DictReader(io.StringIO(type_in("query", sql, "--format", "csv").out)))
    assert [(row["report_date"], row["mentions"]) for row in rows] == [("2026-01-02", "1"), ("2026-01-03", "1")]
    assert [row["mentions"] for row in json.loads(type_in("query", sql, "--format", "json").out)] == [1, 1]
    table = type_in("query", sql).out
    assert "2026-01-02" in table
    assert max(map(len, table.splitlines())) <= 100


def test_the_public_release_names_nobody_and_the_restricted_one_does(type_in: Typed) -> None:
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
def test_query_reads_the_release_and_nothing_else(type_in: Typed, place: Place, sql: str) -> None:
    answer = type_in("query", sql.format(folder=place.folder))
    assert answer.code == 2
    assert "error:" in answer.err
    assert not (place.folder / "stolen.csv").exists()


def test_rollback_goes_to_the_release_before_and_says_so(type_in: Typed) -> None:
    count = "select count(*) as n from marts.fct_mentions"
    newest = json.loads(type_in("query", count, "--format", "json").out)[0]["n"]
    current = json.loads(type_in("status", "--json").out)["release"]
    assert type_in("rollback").code == 0
    assert json.loads(type_in("query", count, "--format", "json").out)[0]["n"] == newest - 1
    assert type_in("rollback").code == 2  # there is none before
    assert type_in("rollback", "--to", current).code == 0
    assert json.loads(type_in("query", count, "--format", "json").out)[0]["n"] == newest


def test_topics_try_shows_hits_near_misses_and_noise(type_in: Typed) -> None:
    answer = type_in("topics", "try", "acme NOT recipe")
    assert answer.code == 0
    assert "hits" in answer.out
    assert "near misses" in answer.out
    broken = type_in("topics", "try", '"acme')
    assert broken.code == 2
    assert "^" in broken.err


def test_check_tells_what_a_configuration_does_and_writes_nothing(type_in: Typed, place: Place) -> None:
    before = sorted(place.folder.rglob("*"))
    answer = type_in("check")
    assert answer.code == 0
    assert "export" in answer.out
    assert sorted(place.folder.rglob("*")) == before


def test_a_bad_configuration_is_exit_2_and_a_sentence(type_in: Typed, tmp_path: Path) -> None:
    path = tmp_path / "soundings.toml"
    path.write_text(CONFIG.replace("own = true", "own = maybe"))
    answer = type_in("check", config=path)
    assert (answer.code, "line" in answer.err, "Traceback" in answer.err) == (2, True, False)


def test_init_writes_a_configuration_that_check_accepts(type_in: Typed, tmp_path: Path) -> None:
    path = tmp_path / "soundings.toml"
    assert type_in("init", "--brand", "Čili Pica", "--query", '"čili pica" OR @cilipica', config=path).code == 0
    assert type_in("check", config=path).code == 0


def test_init_writes_where_the_other_commands_look(
    type_in: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "SOUNDINGS_CONFIG", str(tmp_path / "mine.toml"))
    assert type_in("init", "--brand", "Acme", "--query", "acme", config=None).code == 0
    assert type_in("check", config=None).code == 0
    assert (tmp_path / "mine.toml").exists()
