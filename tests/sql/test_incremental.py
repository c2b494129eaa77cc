"""A night builds what changed: the same rows as a full rebuild, and as the KPIs worked out again in plain Python."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import oracle_service as service
import pytest
from kpi_oracle import Oracle
from oracle_alerts import Alerts
from oracle_campaigns import Campaigns
from oracle_engagement import EngagementOracle
from oracle_facts import Facts
from oracle_inbound import Inbound
from oracle_journey import Wants
from oracle_response import Responses
from oracle_rows import Key, Row
from oracle_targets import Targets
from oracle_topics import topics
from oracle_visits import referrals
from oracle_voices import Voices
from raw_nights import Nights
from raw_windows import ZONE

from warehouse.check_marts import check_marts
from warehouse.connection import StorageSettings
from warehouse.models import BuildReport, Check, build

MARTS = (
    "dim_entities", "dim_accounts", "dim_platforms", "dim_dates", "fct_mentions", "fct_mention_entities",
    "kpi_entity_daily", "kpi_entity_platform_daily", "kpi_coverage", "kpi_response", "kpi_response_daily",
    "kpi_response_hours", "kpi_departments", "kpi_departments_daily",
    "fct_engagement_daily", "fct_follower_fit", "fct_post_buckets", "kpi_post_performance", "kpi_account_daily",
    "kpi_conversations", "kpi_conversation_generations", "kpi_voices", "kpi_influence", "kpi_campaigns",
    "kpi_topics", "kpi_referrals", "kpi_journey", "kpi_intents", "kpi_employer_daily", "kpi_targets", "kpi_content",
    "kpi_message_accounts", "kpi_message_consistency", "kpi_spikes", "kpi_episodes",
)  # fmt: skip
EPISODES = ["entity_id", "scope", "sentiment", "episode_no"]
TOPICS = ["entity_id", "report_date", "language", "term"]


@contextmanager
def opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse)) as con:
        yield con


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a build leaves the SQL of a model that fails."""
    return tmp_path_factory.mktemp("dbt")


def built(warehouse: Path, data_dir: Path, *, full_refresh: bool = False, check: Check | None = None) -> BuildReport:
    settings = StorageSettings()
    return build(warehouse, data_dir, settings, reporting_timezone=ZONE, full_refresh=full_refresh, check=check)


def asserted(nights: Nights) -> Check:
    """The check of a night's run, of which nothing may come: what is so in the oracle's marts breaks no rule."""

    def check(con: duckdb.DuckDBPyConnection, is_full: bool) -> None:
        verdict = check_marts(con, "run", nights.as_of, ZONE, is_full=is_full)
        assert verdict.reasons == ()
        assert {rule.rule_id for rule in verdict.rules if not rule.is_met} <= {"marts.source.fresh"}
        assert all(rule.checked for rule in verdict.rules if rule.severity == "critical")

    return check


def contents(warehouse: Path) -> dict[str, list[Any]]:
    with opened(warehouse) as con:
        return {name: con.execute(f"from marts.{name} order by all").fetchall() for name in MARTS}


def rebuilt(warehouse: Path, data_dir: Path) -> dict[str, list[Any]]:
    """What a full rebuild of a copy gives."""
    copy = warehouse.parent / "copy" / warehouse.name
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(warehouse, copy)
    assert built(copy, data_dir, full_refresh=True).is_full
    return contents(copy)


def agrees(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, int | float):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)  # a logarithm of equals is near 0
    return found == expected


def differences(con: duckdb.DuckDBPyConnection, table: str, keys: list[str], expected: dict[Key, Row]) -> list[str]:
    """Every cell of the mart that is not what the oracle says, and every row that only one of them has."""
    cursor = con.execute(f"from marts.{table}")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found = {tuple(row.pop(key) for key in keys): row for row in rows}
    assert len(found) == len(rows), f"{table} has two rows of one {keys}"
    wrong = [f"{table} {key}: only in one" for key in found.keys() ^ expected.keys()]
    for key in found.keys() & expected.keys():
        assert found[key].keys() == expected[key].keys()
        wrong += [
            f"{table} {key} {name}: {value!r} should be {expected[key][name]!r}"
            for name, value in found[key].items()
            if not agrees(value, expected[key][name])
        ]
    return wrong


def misjudged(warehouse: Path) -> list[str]:
    """Where the marts and the oracle differ."""
    with opened(warehouse) as con:
        oracle = Oracle(con, ZONE)
        platform_days = oracle.entity_days(by_platform=True)
        entity_days = {(e, d): row for (e, _, d), row in oracle.entity_days(by_platform=False).items()}
        for (entity, day), row in entity_days.items():
            row |= oracle.macro(entity, day, platform_days)
        visits = referrals(con, oracle, platform_days)
        return [
            *differences(con, "kpi_entity_daily", ["entity_id", "report_date"], entity_days),
            *differences(con, "kpi_entity_platform_daily", ["entity_id", "platform", "report_date"],
                         platform_days),
            *differences(con, "kpi_coverage", ["source", "platform", "topic_id", "report_date"], oracle.coverage()),
            *differences(con, "kpi_topics", TOPICS, topics(oracle, Inbound(con, ZONE))),
            *differences(con, "kpi_referrals", ["site", "platform", "landing_page", "visit_date"], visits),
            *misjudged_facts(con),
            *misjudged_service(con),
            *misjudged_voices(con, oracle, {"talk": entity_days, "visits": visits}),
            *differences(con, "kpi_campaigns", ["entity_id", "report_date"], Campaigns(con, oracle).days),
            *differences(con, "kpi_episodes", EPISODES, Alerts(con, oracle).episodes),
        ]  # fmt: skip


def misjudged_facts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Where the facts and dimensions and their oracle differ."""
    oracle = Facts(con, ZONE)
    return [
        *differences(con, "fct_mentions", ["mention_id"], oracle.fct_mentions()),
        *differences(con, "fct_mention_entities", ["mention_id", "entity_id"], oracle.fct_mention_entities()),
        *differences(con, "dim_accounts", ["account_id"], oracle.dim_accounts()),
        *differences(con, "dim_entities", ["entity_id"], oracle.dim_entities()),
        *differences(con, "dim_platforms", ["platform"], oracle.dim_platforms()),
        *differences(con, "dim_dates", ["report_date"], oracle.dim_dates()),
    ]


def misjudged_service(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Where the marts of service and their oracle differ."""
    oracle = Responses(con, ZONE)
    by_day = ["entity_id", "department", "platform", "report_date"]
    return [
        *differences(con, "kpi_response", ["mention_id", "brand_id"], oracle.responses),
        *differences(con, "kpi_response_daily", by_day, service.daily(oracle)),
        *differences(con, "kpi_response_hours", ["entity_id", "iso_weekday", "hour_of_day"], service.hours(oracle)),
        *differences(con, "kpi_departments", ["mention_id", "brand_id"], service.queue(oracle)),
        *differences(con, "kpi_departments_daily", ["department", "report_date"], service.by_department(oracle)),
    ]


def misjudged_voices(con: duckdb.DuckDBPyConnection, oracle: Oracle, days: dict[str, dict[Key, Row]]) -> list[str]:
    """Where the marts of voices, of what they want and of targets differ from their oracles."""
    responses = Responses(con, ZONE)
    voices = Voices(con, oracle, responses, EngagementOracle(con, ZONE))
    wants = Wants(oracle, voices, days["talk"])
    targets = Targets(con, oracle, responses, {**days, "work": wants.employer, "service": service.daily(responses)})
    return [
        *differences(con, "kpi_conversations", ["thread_id"], voices.conversations),
        *differences(con, "kpi_conversation_generations", ["thread_id", "generation"], voices.generations),
        *differences(con, "kpi_voices", ["entity_id", "period"], voices.voices),
        *differences(con, "kpi_influence", ["account_id", "entity_id"], voices.influence),
        *differences(con, "kpi_journey", ["entity_id", "stage", "report_date"], wants.journey),
        *differences(con, "kpi_intents", ["entity_id", "intent", "report_date"], wants.intents),
        *differences(con, "kpi_employer_daily", ["entity_id", "report_date"], wants.employer),
        *differences(con, "kpi_targets", ["metric", "entity_id", "month_start_date"], targets.targets),
    ]


@pytest.mark.timeout(900)  # a net, not a bound: a busy machine takes its time
@pytest.mark.parametrize("seed", range(4))
def test_nights_add_up_to_a_full_rebuild_and_to_the_oracle(seed: int, tmp_path: Path, data_dir: Path) -> None:
    warehouse = tmp_path / "soundings.duckdb"
    nights = Nights(warehouse, seed)
    for loads in (1, 1, 2, 2):  # of one night, or of two, where the first of them was not built
        is_first = nights.load_seq == 0
        for _ in range(loads):
            nights.live()
        assert built(warehouse, data_dir, check=asserted(nights)).is_full == is_first
        assert misjudged(warehouse) == []
    found = contents(warehouse)
    assert found == rebuilt(warehouse, data_dir)
    assert any(row[-1] is not None for row in found["kpi_topics"])  # rich enough for a z
