"""Spikes on a warehouse of planted days: equal to the oracle's plain Python, and built by night as built at once."""

from __future__ import annotations

import math
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kpi_oracle import Oracle
from oracle_alerts import Alerts
from oracle_campaigns import Campaigns
from planted_days import DAYS, ENTITIES, FIRST, Planted
from raw_nights import Nights
from test_incremental import EPISODES
from test_incremental import differences as differences_in

from warehouse.connection import StorageSettings
from warehouse.models import build

Mart = dict[tuple[str, str, str, date], dict[str, Any]]
EVIDENCE = (
    "entity_kind", "coverage", "is_complete", "posts", "authors", "first_mention_id", "first_mention_at",
    "top_mention_id", "top_terms", "platforms",
)  # fmt: skip
NAMES = {
    "expected_posts": "mean", "standard_deviation": "sd", "z": "z", "cusum": "cusum", "lift": "lift", "volume_p": "p",
    "volume_q": "q", "others": "others", "others_posts": "others_posts", "others_expected_posts": "others_mean",
    "others_lift": "others_lift", "surge_check": "surge_check", "baseline_basis": "basis", "baseline_days": "n",
    "negative_author_p": "negative_p", "top_negative_author_posts": "negative_top_posts",
    "negative_posts": "negative_posts", "top_negative_author_share": "negative_top", "positive_author_p": "positive_p",
    "top_positive_author_posts": "positive_top_posts", "positive_posts": "positive_posts",
    "top_positive_author_share": "positive_top", "is_spike": "is_spike", "is_crisis": "is_negative",
    "is_opportunity": "is_positive",
}  # fmt: skip


def agrees(found: object, right: object) -> bool:
    if isinstance(found, float) and isinstance(right, float | int):
        return math.isclose(found, right, rel_tol=1e-9, abs_tol=1e-12)
    return found == right


def mart(path: Path) -> Mart:
    with duckdb.connect(str(path), read_only=True) as con:
        cursor = con.execute("from marts.kpi_spikes")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["entity_id"], row["scope"], row["sentiment"], row["report_date"]): row for row in rows}


def rows_of(path: Path, table: str) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(f"from marts.{table} order by all").fetchall()


def differences(path: Path) -> list[str]:
    """Where spikes and episodes are not what the oracle makes of schema raw."""
    with duckdb.connect(str(path), read_only=True) as con:
        right = Alerts(con, Oracle(con, "UTC"))
        wrong = differences_in(con, "kpi_episodes", EPISODES, right.episodes)
    rows = mart(path)
    wrong += [f"{key}: only in one" for key in rows.keys() ^ right.spikes.keys()]
    for key in rows.keys() & right.spikes.keys():
        want = right.spikes[key]
        wrong += [
            f"{key} {name}: {rows[key][name]!r} should be {want.get(other)!r}"
            for name, other in {**NAMES, **dict(zip(EVIDENCE, EVIDENCE, strict=True))}.items()
            if not agrees(rows[key][name], want.get(other))
        ]
    return wrong


def built(path: Path, data_dir: Path, *, full: bool = False) -> None:
    build(path, data_dir, StorageSettings(), reporting_timezone="UTC", full_refresh=full)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A warehouse built by nights (months at once, late posts and deletions, one day more), and what was wrong."""
    folder = tmp_path_factory.mktemp("spikes")
    planted = Planted(folder / "soundings.duckdb")
    planted.night(0, DAYS - 2)
    built(planted.path, folder)
    wrong = differences(planted.path)
    planted.delete(66, "acme", 30)
    planted.night(DAYS - 2, DAYS - 1, extra=[(40, "bolt", "weibo")] * 25)
    built(planted.path, folder)
    wrong += differences(planted.path)
    planted.night(DAYS - 1, DAYS)
    built(planted.path, folder)
    return planted.path, wrong + differences(planted.path)


def test_every_cell_is_what_plain_python_makes_of_raw(lived: tuple[Path, list[str]]) -> None:
    assert lived[1][:10] == []


def test_so_is_every_cell_of_random_nights(tmp_path: Path) -> None:
    """Posts without an author, a sentiment or counts, corrected, renamed and retold; days that only some asked."""
    nights = Nights(tmp_path / "soundings.duckdb", seed=2)
    for loads in (1, 1, 2):
        for _ in range(loads):
            nights.live()
        built(nights.con_path, tmp_path)
        assert differences(nights.con_path) == []
    assert len(rows_of(nights.con_path, "kpi_episodes")) > 0


def test_a_night_gives_what_a_full_rebuild_gives(lived: tuple[Path, list[str]], tmp_path: Path) -> None:
    copy = tmp_path / lived[0].name
    shutil.copy(lived[0], copy)
    built(copy, tmp_path, full=True)
    for table in ("kpi_spikes", "kpi_episodes"):
        nightly, whole = (rows_of(path, table) for path in (lived[0], copy))
        assert nightly == whole
        assert len(whole) > 0


def test_a_campaign_is_controversial_in_its_brands_crisis(lived: tuple[Path, list[str]]) -> None:
    with duckdb.connect(str(lived[0]), read_only=True) as con:
        oracle = Campaigns(con, Oracle(con, "UTC"))
        assert differences_in(con, "kpi_campaigns", ["entity_id", "report_date"], oracle.days) == []
    verdicts = [row["is_controversial"] for row in oracle.days.values()]
    assert 0 < sum(verdicts) < len(verdicts)


def test_what_was_planted_is_called_by_its_name(lived: tuple[Path, list[str]]) -> None:
    rows = mart(lived[0])

    def at(entity: str, scope: str, day: int, sentiment: str = "all") -> dict[str, Any]:
        return rows[entity, scope, sentiment, FIRST + timedelta(days=day)]

    assert at("acme", "*", 67)["is_crisis"]
    assert at("acme", "*", 67)["top_terms"].startswith("said, negative")
    shouted = at("bolt", "x", 72)
    assert shouted["is_spike"]
    assert not shouted["is_crisis"]  # one author is no crisis
    assert {at(entity, "x", 50)["surge_check"] for entity in ("acme", "bolt", "cora")} == {"surge"}
    assert not any(at(entity, "x", 50)["is_spike"] for entity in ENTITIES)
    assert any(at("cora", "*", day)["is_spike"] for day in range(80, DAYS))  # what rises slowly
    assert not at("acme", "x", 61)["is_complete"]
