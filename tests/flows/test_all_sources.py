"""One run with all sources and ten entities: calm, with three of them failing in different ways, and healed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from all_sources import House, Night, variables, world_of

from flows.sandbox.faults import Fault
from flows.sandbox.platforms import FACADES
from flows.sandbox.server import serve
from flows.sources import SOURCES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HEALED = datetime(2026, 6, 1)
CALM, BROKEN = HEALED - timedelta(days=2), HEALED - timedelta(days=1)
GAP = CALM.date()  # the day that the broken night should have brought
FAILING = {"bluesky", "lemmy", "reddit"}
ENDLESS = ("bluesky", "lemmy")
HANGS = 12  # seconds that one which hangs, or floods, may take
QUESTIONS = 20
"""Asked about an entity and a day: eleven searches, three feeds, six lists of WordPress; files tell their own days."""


@dataclass(frozen=True)
class Story:
    """Three nights of one house."""

    house: House
    calm: Night
    broken: Night
    healed: Night


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Iterator[Story]:
    """Bluesky floods from mid-night on, Reddit's secret has expired, Lemmy says nothing any more."""
    world = world_of(16, HEALED)
    with (
        serve(world, platforms=dict.fromkeys(FACADES, world)) as (url, sandbox),
        pytest.MonkeyPatch.context() as environment,
    ):
        house = House(tmp_path_factory.mktemp("all"), url, sandbox, first_asked=CALM - timedelta(days=1))
        for name, value in variables().items():
            environment.setenv(name, value)
        house.configure()
        calm = house.night(CALM)

        environment.setenv("SOUNDINGS_REDDIT_CLIENT_SECRET", "hunter2")
        house.configure(**{name: {"max_minutes": HANGS / 60} for name in ENDLESS})
        broken = house.night(
            BROKEN,
            Fault(match="/platforms/bluesky/", kind="oversized", count=None, skip=20, megabytes=1_000, pace=0.2),
            Fault(match="/platforms/lemmy/", kind="timeout", count=None),
        )

        environment.setenv("SOUNDINGS_REDDIT_CLIENT_SECRET", variables()["SOUNDINGS_REDDIT_CLIENT_SECRET"])
        house.configure()
        yield Story(house, calm, broken, house.night(HEALED))


@pytest.mark.parametrize("name", ["calm", "healed"])
def test_a_night_in_which_nothing_fails_covers_every_source_and_every_entity(story: Story, name: str) -> None:
    night: Night = getattr(story, name)
    status, told = night.status, night.coverage
    assert (status.state, status.error) == ("completed", None)
    assert {(source.state, source.error) for source in status.sources} == {("completed", None)}
    assert len(status.sources) == len(SOURCES) == 16
    assert all(source.loaded for source in status.sources)
    assert (set(told["coverage"]), set(told["lost_items"]), set(told["rate_limited"])) == ({1.0}, {0}, {0})
    assert set(told["source"]) == {source.name for source in status.sources}
    assert told["topic_id"].n_unique() == 10 + 1  # and what is read whatever the topics
    for days in (night.days, night.platform_days):
        asked = days.filter(pl.col("report_date") >= story.house.first_asked.date())
        assert (asked["entity_id"].n_unique(), set(asked["coverage"])) == (10, {1.0})
        assert set(days["coverage"]) <= {1.0, None}  # what a feed lists of days before, nobody asked for


def test_sound_answers_of_no_source_break_a_rule(story: Story) -> None:
    broken = [rule for night in (story.calm, story.healed) for rule in night.status.broken_rules]
    assert {(rule.source, rule.rule) for rule in broken} == set()


def test_no_platform_had_to_refuse_a_request(story: Story) -> None:
    hosted = story.house.sandbox.hosted
    assert {name: each.limiter.refused for name, each in hosted.items()} == dict.fromkeys(FACADES, 0)
    assert all(each.limiter.admitted for each in hosted.values())
    assert story.house.sandbox.refusals == {}


def test_every_item_of_every_source_and_night_has_one_outcome(story: Story) -> None:
    for night in (story.calm, story.broken, story.healed):
        for each in night.status.sources:
            assert each.fetched == each.loaded + each.duplicate + each.rejected + each.quarantined, each
            assert each.quarantined == 0


def test_three_sources_fail_each_with_what_mends_it_and_all_others_are_loaded(story: Story) -> None:
    broken = story.broken.status
    assert (broken.state, broken.error) == ("failed", None)
    assert {source.name for source in broken.sources if source.state == "failed"} == FAILING
    others = [source for source in broken.sources if source.name not in FAILING]
    assert all((each.state, each.error) == ("completed", None) and each.loaded for each in others)
    errors = {name: str(broken.source(name).error) for name in FAILING}
    assert "answered more than 20,971,520 bytes" in errors["bluesky"]
    assert "SOUNDINGS_REDDIT_CLIENT_SECRET" in errors["reddit"]
    assert "401" in errors["reddit"]
    assert "its max_minutes (0.2) are over; the next run goes on" in errors["lemmy"]
    assert "hunter2" not in "".join(errors.values())


@pytest.mark.parametrize("endless", ENDLESS)
def test_a_source_that_hangs_or_floods_delays_no_other(story: Story, endless: str) -> None:
    landing, run_id = story.house.folder / "data/landing", story.broken.status.run_id
    gave_up = min(written(landing / endless, f"*/{run_id}/attempt.json")) + HANGS
    for source in story.broken.status.sources:
        if source.name not in FAILING:
            began = min(written(landing / source.name, f"*/{run_id}/*.zst"))
            assert began < gave_up, source.name
    told = story.house.raw(f"select error from raw.collection where (run_id, source) = ('{run_id}', '{endless}')")
    assert told["error"].str.contains("max_minutes (0.2) are over", literal=True).any()  # it was at it until then


def written(folder: Path, pattern: str) -> list[float]:
    """When the files of a source were written."""
    return [path.stat().st_mtime for path in folder.glob(pattern)]


def test_coverage_says_which_sources_are_missing_and_how_much(story: Story) -> None:
    gaps = story.broken.coverage.filter(pl.col("coverage") < 1)
    assert (set(gaps["source"]), set(gaps["report_date"]), set(gaps["covered_hours"])) == (FAILING, {GAP}, {0.0})
    missing = {source: set(topics) for source, topics in gaps.group_by("source").agg("topic_id").rows()}
    assert [len(missing[source]) for source in ("lemmy", "reddit")] == [10, 10]
    assert 0 < len(missing["bluesky"]) < 10  # it broke down in mid-night
    assert gaps["asked_hours"].sum() == 24 * sum(map(len, missing.values()))
    days = story.broken.days.filter(report_date=GAP)
    lost = {entity: sum(entity in topics for topics in missing.values()) for entity in days["entity_id"]}
    told = dict(days.select("entity_id", "coverage").rows())
    assert told == pytest.approx({entity: 1 - each / QUESTIONS for entity, each in lost.items()})


def test_the_next_night_brings_what_was_missing_and_nothing_twice(story: Story) -> None:
    house = story.house
    found = house.raw("select platform, text, published_at, mention_id, first_seen_at from raw.mention")
    keys = ["platform", "text", "published_at"]
    told = house.told(HEALED)
    assert set(told["platform"]) == {name for name, facade in FACADES.items() if facade.mentions}
    assert told.join(found, on=keys, how="anti").rows() == []
    assert told.join(found, on=keys).height == told.height > 700
    assert set(house.listed(HEALED)) <= set(found["mention_id"])
    late = found.filter((pl.col("published_at").dt.date() == GAP) & (pl.col("first_seen_at") == HEALED))
    assert set(late["platform"]) >= FAILING
    for table, grain in (
        ("mention", "mention_id"), ("engagement_snapshot", "mention_id, captured_at"),
        ("interaction", "mention_id, kind"), ("account", "account_id"), ("account_snapshot", "account_id, captured_at"),
        ("mention_entity", "mention_id, entity_id"),
    ):  # fmt: skip
        assert house.raw(f"select {grain} from raw.{table} group by all having count(*) > 1").rows() == [], table
        assert house.raw(f"from raw.{table}").height > 0
