"""Five sources, one of them poisoned: four load, one is withheld and says what to do; then all that heals it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from brand import acme

from flows import present, runs
from flows.runs import RunStatus
from warehouse.quarantine import Choice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NIGHT = datetime(2026, 7, 1, 2)
NAMES = ("forum", "news", "poisoned", "shop", "video")
HEAD = acme()
SOURCE = """
[[sources]]
name = "{name}"
type = "file"
platform = "{name}"
path = "{name}.ndjson"
time_format = "{time_format}"
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
"""

SPOIL = """
insert into marts.kpi_entity_daily by name
select * replace (date '2025-01-01' as report_date, 1.5 as coverage) from marts.kpi_entity_daily limit 1
"""  # a day that no later run has a reason to compute again


@dataclass(frozen=True)
class Story:
    """What each of the runs left, in the order in which they were."""

    folder: Path
    poisoned: RunStatus
    refused: RunStatus  # a replay with the mapping mended, over marts that were spoilt meanwhile
    healed: RunStatus  # a release from the quarantine
    releases: tuple[str | None, ...]
    artifact: str
    mentions: dict[str, int]

    def published(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "data/current/bi.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def raw(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "data/soundings.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()


def configure(folder: Path, poison: str, forum: str = "%Y-%m-%d") -> Path:
    formats = dict.fromkeys(NAMES, "%Y-%m-%d") | {"poisoned": poison, "forum": forum}
    config = folder / "soundings.toml"
    config.write_text(HEAD + "".join(SOURCE.format(name=name, time_format=formats[name]) for name in NAMES))
    return config


def write_posts(folder: Path) -> None:
    """Three posts a source; the poisoned one has sixty, whose days and months are mapped the wrong way round."""
    for name in NAMES:
        rows = [{"id": str(n), "text": f"acme at {name} {n}", "at": "2026-06-30"} for n in range(3)]
        if name == "poisoned":
            rows = [{"id": str(n), "text": f"acme says {n}", "at": "06/07/2026"} for n in range(60)]
        if name == "forum":
            rows.append({"id": "9", "text": "acme", "at": "30/06/2026"})
        (folder / f"{name}.ndjson").write_text("\n".join(map(json.dumps, rows)))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Story:
    from prefect.artifacts import Artifact

    from flows.backfill import replay
    from flows.nightly import nightly
    from flows.quarantine import Order
    from flows.release import release

    folder = tmp_path_factory.mktemp("poisoned")
    write_posts(folder)
    told: list[RunStatus] = []
    current: list[str | None] = []

    def note() -> None:
        newest = runs.latest(folder / "data")
        assert newest is not None
        told.append(newest)
        current.append((folder / "data/current").resolve().name)

    nightly(configure(folder, "%d/%m/%Y"), None, NIGHT, return_state=True)
    note()
    artifact = Artifact.get("expectations")
    with duckdb.connect(str(folder / "data/soundings.duckdb")) as con:
        loaded = dict(con.execute("select platform, count(*) from raw.mention group by platform").fetchall())
        con.execute(SPOIL)
    config = configure(folder, "%m/%d/%Y", "%d/%m/%Y")
    replay("poisoned", config, return_state=True)
    note()
    release(Order(Choice(source="forum")), config, return_state=True)
    note()
    return Story(folder, *told, tuple(current), str(artifact and artifact.data), loaded)


def test_four_sources_load_and_the_poisoned_one_is_withheld_with_what_to_do(story: Story) -> None:
    night = story.poisoned
    assert {source.name: source.state for source in night.sources} == {
        name: "failed" if name == "poisoned" else "completed" for name in NAMES
    }
    assert story.mentions == {"forum": 3, "news": 3, "shop": 3, "video": 3}
    assert night.state == "failed"
    assert night.release is not None
    error = str(night.source("poisoned").error)
    assert error.startswith("withheld: batch.refused_share.at_most_half is 100%")
    assert "fix the mapping or the clock, then `soundings replay`" in error


def test_broken_rules_are_in_the_journal_on_the_terminal_and_in_prefect(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {(rule.source, rule.rule): rule for rule in story.poisoned.broken_rules}
    clock = broken["poisoned", "mention.published_at.not_after_as_of"]
    assert (clock.severity, clock.failed, clock.checked) == ("critical", 60, 60)
    assert "soundings quarantine" in clock.fix
    document = json.loads(runs.report(story.poisoned))
    assert {"source", "rule", "severity", "checked", "failed", "why", "fix"} == set(document["broken_rules"][0])
    present.status(story.poisoned)
    out = capsys.readouterr().out
    assert "critical poisoned: mention.published_at.not_after_as_of fails on 60 of 60" in out
    assert "warning poisoned: batch.refused_share.small" in out
    assert f"soundings quarantine list --run {story.poisoned.run_id}" in out
    assert "mention.published_at.not_after_as_of" in story.artifact


def test_the_data_docs_have_the_run_its_suites_and_the_marts(story: Story) -> None:
    site = story.folder / "data/expectations"
    pages = {(path.parts[-4], path.parts[-3]) for path in site.glob("validations/*/*/*/*.html")}
    for night in (story.poisoned, story.refused, story.healed):
        assert {("mention", night.run_id), ("marts", night.run_id)} <= pages
    assert not any("acme says" in path.read_text() for path in site.rglob("*.html"))


def test_marts_that_contradict_themselves_are_not_published_and_the_release_before_stays(story: Story) -> None:
    assert story.refused.state == "failed"
    error = str(story.refused.error)
    assert "nothing was published, the release before stays" in error
    assert "marts.coverage.within_0_and_1" in error
    assert "kpi_entity_daily.coverage" in error
    assert "the next run builds all marts anew" in error
    assert story.refused.release is None
    assert story.releases[0] == story.releases[1] == story.poisoned.release


def test_a_release_is_a_run_of_its_own_that_publishes_what_it_let_in_and_heals_the_marts(story: Story) -> None:
    healed = story.healed
    assert (healed.kind, healed.state, healed.error) == ("quarantine", "completed", None)
    [source] = healed.sources
    assert (source.name, source.fetched, source.loaded, source.quarantined) == ("quarantine", 1, 1, 0)
    assert story.releases[2] == healed.release == healed.run_id
    volumes = story.published(
        "select platform, sum(mentions) from marts.kpi_entity_platform_daily group by 1 order by 1"
    )
    assert volumes == [("forum", 4), ("news", 3), ("poisoned", 60), ("shop", 3), ("video", 3)]
    assert story.published("select max(coverage) <= 1 from marts.kpi_entity_daily") == [(True,)]
    assert story.raw("select state, closed_run_id, payload from raw.quarantine where source = 'forum'") == [
        ("released", healed.run_id, None)
    ]
