"""The demo's KPIs, and the README's questions as they are typed there, are what the sandbox's hidden world says."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from questions import Answers, asked
from testbed import Typed

from flows import demo, records
from flows.sandbox.accounts import REACH_OF_BRAND
from flows.sandbox.demo import write_configuration
from flows.sandbox.server import serve
from flows.sandbox.truth import expected, mentions
from flows.sandbox.world import World
from warehouse.connection import connect
from warehouse.signals import SignalBatch, load_signals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NIGHT = datetime(2026, 6, 1, 2)
RUNS = [NIGHT - timedelta(days=1), NIGHT]
DAYS = 35
QUESTIONS = asked()
LIFTED = ("mentions", "authors", "interactions")
Ask = Callable[[str], list[dict[str, str]]]


@dataclass
class Told:
    """A release of the sandbox's world, and what must be read from it."""

    config: Path
    truth: Answers

    def release(self, sql: str) -> pl.DataFrame:
        with duckdb.connect(str(self.config.parent / "data/current/bi.duckdb"), read_only=True) as con:
            return con.sql(sql).pl()


def tell_moods(warehouse: Path, world: World) -> None:
    """What a model of texts would say of the mentions that are stored, had it no faults."""
    known = mentions(world, RUNS[:1])
    rows = [
        records.TextSignal(
            mention_id=mention_id, model_version="truth", scored_at=RUNS[0], sentiment=sentiment,
            intents=[intent] if intent else [],
        )
        for mention_id, sentiment, intent in known.select("mention_id", "sentiment", "intent").rows()
    ]  # fmt: skip
    folder = warehouse.parent / "moods"
    folder.mkdir()
    frame = records.frame(records.TextSignal, [("page", 0, row) for row in rows]).drop(list(records.LINEAGE))
    frame.write_parquet(folder / "text_signal.parquet")
    with connect(warehouse) as con:
        load_signals(con, folder, SignalBatch("moods", "truth", "models"), loaded_at=RUNS[0])


@pytest.fixture
def ask(told: Told, typed: Typed) -> Ask:
    """Type the command of the question that begins so."""

    def ask(beginning: str) -> list[dict[str, str]]:
        (found,) = (found for question, found in QUESTIONS.items() if question.startswith(beginning))
        sql, options = found
        answer = typed("query", *options, "--format", "csv", sql, config=told.config)
        assert answer.code == 0
        return list(csv.DictReader(io.StringIO(answer.out)))

    return ask


@pytest.fixture(scope="module", params=[1, 2, 3])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Iterator[Told]:
    world = World.make(request.param, DAYS, scale=0.4, end=NIGHT)
    folder = tmp_path_factory.mktemp(f"world{request.param}")
    with serve(world) as (url, sandbox):
        config = write_configuration(folder, url, world)
        assert demo.live(sandbox, config, DAYS, RUNS[0])
        tell_moods(folder / "data/soundings.duckdb", world)
        assert demo.live(sandbox, config, DAYS, NIGHT)
        yield Told(config, Answers(world, RUNS, (RUNS[0] - timedelta(days=DAYS)).date()))


def test_the_demos_kpis_equal_the_hidden_truth(told: Told) -> None:
    for mart, rows in expected(told.truth.world, RUNS).items():
        keys = [name for name in ("entity_id", "platform", "report_date") if name in rows.columns]
        found = told.release(f"from marts.{mart}").join(rows.select(keys), on=keys, how="semi")
        assert_equal(found, rows, keys, mart)
        days_beyond = told.release(f"from marts.{mart}").join(rows.select(keys), on=keys, how="anti")
        assert days_beyond["mentions"].sum() == 0
    assert told.release("select min(coverage) as low from marts.kpi_entity_daily")["low"][0] == 1.0


def assert_equal(found: pl.DataFrame, truth: pl.DataFrame, keys: list[str], name: str) -> None:
    assert found.height == truth.height
    both = truth.join(found, on=keys, suffix="_found", nulls_equal=True)
    assert both.height == truth.height
    for column in set(truth.columns) - set(keys):
        mine, theirs = both[column], both[f"{column}_found"]
        if mine.dtype.is_numeric():
            mine, theirs = mine.cast(pl.Float64), theirs.cast(pl.Float64)
            apart = both.filter(
                ~(mine.eq_missing(theirs) | ((mine - theirs).abs() <= 1e-9 * mine.abs()).fill_null(value=False))
            )
        else:
            apart = both.filter(mine.ne_missing(theirs))
        assert apart.is_empty(), f"{name}.{column}: {apart.select([*keys, column, f'{column}_found']).head(5)}"


def test_the_account_with_most_followers_earns_least_beyond_them(told: Told, ask: Ask) -> None:
    rows = ask("Who earns")
    planted = dict(zip(("acmeair", "globexair", "initechair"), REACH_OF_BRAND, strict=True))
    assert {row["handle"] for row in rows} == set(planted)
    least = min(rows, key=lambda row: float(row["index"]))
    assert least["handle"] == min(planted, key=planted.__getitem__)
    assert (least["followers_rank"], least["index_rank"]) == ("1", "3")


def test_the_complaints_that_wait_longest(told: Told, ask: Ask) -> None:
    found = [(row["mention_id"], float(row["age_hours"])) for row in ask("Which complaints")]
    truth = told.truth.longest_waits()[:10]
    assert len(truth) == 10
    assert [name for name, _ in found] == [name for name, _ in truth]
    assert [hours for _, hours in found] == pytest.approx([hours for _, hours in truth], rel=1e-9)


def test_what_the_campaign_lifted(told: Told, ask: Ask) -> None:
    rows = ask("Did the campaign")
    truth = told.truth.campaign()
    assert [row["report_date"] for row in rows] == [str(day) for day, *_ in truth]
    for name, lifts in zip(LIFTED, zip(*(lifts for _, *lifts in truth), strict=True), strict=True):
        assert [number(row[f"brand_{name}_uplift"]) for row in rows] == pytest.approx(list(lifts), rel=1e-9)
    assert sum(mentions for _, mentions, *_ in truth) > 0  # it did


def number(text: str) -> float | None:
    return float(text) if text else None


def test_who_moves_people_although_few_follow_them(told: Told, ask: Ask) -> None:
    rows = ask("Who moves")
    found = [(row["handle"], int(row["followers"]), int(row["pagerank_rank"])) for row in rows]
    assert found == told.truth.movers()[:10]
    assert len(found) == 10


def test_a_crisis_is_told_from_a_loud_author_and_a_loud_day(told: Told, ask: Ask) -> None:
    rows = ask("Is this a crisis")
    event = next(event for event in told.truth.world.events if event.name == "crisis")
    crises = [row for row in rows if row["is_crisis"].lower() == "true"]
    first, last = str(event.start.date()), str(event.end.date())
    assert {row["entity_id"] for row in crises} == {"acme"}
    assert first in {row["start_date"] for row in crises}
    assert {row["sentiment"] for row in crises} == {"all", "negative"}
    assert [first <= row["start_date"] <= row["end_date"] <= last for row in crises] == [True, True]
    loud = next(event for event in told.truth.world.events if event.name == "loud author")
    shouting = [row for row in rows if row["start_date"] <= str(loud.start.date()) <= row["end_date"]]
    assert {(row["entity_id"], row["is_crisis"].lower()) for row in shouting} >= {("globex", "false")}


def test_where_we_stand_and_whether_the_change_is_real(told: Told, ask: Ask) -> None:
    rows = ask("Where do we stand")
    truth = told.truth.voice()
    assert [row["entity_id"] for row in rows] == [brand for brand, *_ in truth]
    assert [row["is_real"].lower() == "true" for row in rows] == [is_real for *_, is_real in truth]
    for name, at in (("voice", 1), ("change", 2)):
        assert all(
            math.isclose(float(row[name]), each[at], abs_tol=1e-9) for row, each in zip(rows, truth, strict=True)
        )
