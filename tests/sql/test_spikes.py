"""Spikes on a warehouse of planted days: equal to the oracle's plain Python, and built by night as built at once."""

from __future__ import annotations

import math
import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kpi_oracle import Oracle
from oracle_campaigns import Campaigns
from oracle_spikes import Day, spikes
from planted_days import DAYS, ENTITIES, FIRST, PLATFORMS, Planted
from test_incremental import differences as differences_in

from warehouse.connection import StorageSettings
from warehouse.models import build

FAMILY = {entity: parent or entity for entity, parent in ENTITIES.items()}
Mart = dict[tuple[str, str, str, date], dict[str, Any]]


def expected(path: Path) -> dict[tuple[str, str, str, int], dict[str, Any]]:
    """The oracle's rows from what is in schema raw."""
    with duckdb.connect(str(path), read_only=True) as con:
        posts = con.execute(
            "select entity_id, platform, published_at::date, author_id, sentiment from raw.mention "
            "join raw.mention_entity using (mention_id) left join raw.text_signal using (mention_id) "
            "where deleted_at is null"
        ).fetchall()
        asked = con.execute("select platform, window_start::date, is_covered from raw.collection").fetchall()
    covered = defaultdict(dict)
    for platform, day, is_covered in asked:
        covered[day][platform] = is_covered
    found = defaultdict(list)
    for entity, platform, day, author, mood in posts:
        found[entity, platform, day].append((author, mood))
    series = {}
    for entity in ENTITIES:
        for scope, parts in (("*", PLATFORMS), *((platform, (platform,)) for platform in PLATFORMS)):
            for sentiment in ("all", "negative", "positive"):
                days = []
                for day, by_platform in sorted(covered.items()):
                    said = [post for platform in parts for post in found[entity, platform, day]]
                    chosen = [author for author, mood in said if sentiment in ("all", mood)]
                    scored = sum(mood is not None for _, mood in said)
                    told = sentiment == "all" or not said or scored / len(said) >= 0.9
                    counts = Counter(chosen)
                    days.append(Day(
                        (day - FIRST).days, len(chosen) if told else None,
                        all(by_platform[platform] for platform in parts) and told,
                        len(counts), max(counts.values(), default=None),
                    ))  # fmt: skip
                series[entity, scope, sentiment] = days
    return spikes(series, FAMILY)


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
    rows, right = mart(path), expected(path)
    keys = {(*key[:3], FIRST + timedelta(days=key[3])) for key in right}
    wrong = [f"{key}: only in one" for key in rows.keys() ^ keys]
    for key in rows.keys() & keys:
        want = right[*key[:3], (key[3] - FIRST).days]
        wrong += [
            f"{key} {name}: {rows[key][name]!r} should be {want.get(other)!r}"
            for name, other in NAMES.items()
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
