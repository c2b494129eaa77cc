"""Posts and accounts: every score as worked out again in plain Python, by night as built at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from oracle_accounts import account_daily
from oracle_engagement import EngagementOracle
from oracle_scores import geometric
from post_nights import PostNights
from scipy.stats import t as student
from test_incremental import differences

from warehouse.connection import StorageSettings
from warehouse.models import build

ZONE = "Europe/Berlin"
TABLES = (
    "marts.fct_engagement_daily", "marts.fct_follower_fit", "marts.fct_post_buckets", "marts.kpi_post_performance",
    "marts.kpi_account_daily", "intermediate.int_bucket_counts", "intermediate.int_follower_posts",
    "intermediate.int_fit_sums", "intermediate.int_half_life",
)  # fmt: skip


def built(warehouse: Path, data_dir: Path, *, full_refresh: bool = False) -> bool:
    """Whether all was built anew."""
    settings = StorageSettings()
    return build(warehouse, data_dir, settings, reporting_timezone=ZONE, full_refresh=full_refresh).is_full


def contents(warehouse: Path) -> dict[str, list[Any]]:
    with duckdb.connect(str(warehouse)) as con:
        return {name: con.execute(f"from {name} order by all").fetchall() for name in TABLES}


def misjudged(warehouse: Path) -> list[str]:
    """Every cell in which a mart and the oracle differ."""
    with duckdb.connect(str(warehouse)) as con:
        oracle = EngagementOracle(con, ZONE)
        return [
            *differences(con, "fct_engagement_daily", ["mention_id", "captured_date"], oracle.engagement_daily()),
            *differences(con, "fct_follower_fit", ["platform", "bucket_hours", "fit_date"], oracle.fits),
            *differences(con, "fct_post_buckets", ["mention_id", "bucket_hours"], oracle.post_buckets),
            *differences(con, "kpi_post_performance", ["mention_id"], oracle.performance),
            *differences(con, "kpi_account_daily", ["account_id", "report_date"], account_daily(oracle)),
        ]


def one(warehouse: Path, columns: str, mart: str) -> tuple[Any, ...]:
    with duckdb.connect(str(warehouse)) as con:
        row = con.execute(f"select {columns} from marts.{mart}").fetchone()
    assert row is not None
    return row


def lived_through(folder: Path, seed: int, nights: tuple[int, ...]) -> tuple[Path, list[str]]:
    """A warehouse after so many nights a build, and what the oracle or a full rebuild has otherwise."""
    world = PostNights(folder / "soundings.duckdb", seed)
    for number, unbuilt in enumerate(nights):
        for _ in range(unbuilt):
            world.live()
        assert built(world.path, folder) == (number == 0)
    wrong = misjudged(world.path)
    copy = folder / "copy" / "soundings.duckdb"
    copy.parent.mkdir()
    shutil.copy(world.path, copy)
    built(copy, folder, full_refresh=True)
    by_night, at_once = contents(world.path), contents(copy)
    return copy, wrong + [f"{name}: by night not as at once" for name in TABLES if by_night[name] != at_once[name]]


@pytest.mark.timeout(900)
def test_scores_of_random_nights_are_the_oracles_and_a_full_rebuilds(tmp_path: Path) -> None:
    warehouse, wrong = lived_through(tmp_path, seed=39, nights=(1, 1, 2))
    assert wrong == []
    # The world is rich enough for all this to say something.
    assert one(warehouse, "count(distinct reason), count(slope) > 20", "fct_follower_fit") == (2, True)
    assert one(warehouse, "max(benchmark_posts), count(distinct benchmark_basis)", "fct_post_buckets") == (100, 2)
    assert one(warehouse, "count(beyond_follower_index_90d) > 20", "kpi_account_daily") == (True,)
    assert one(warehouse, "count(half_life_low_hours) > 20", "kpi_post_performance") == (True,)


@pytest.mark.parametrize("n", [10, 11, 15, 30, 90, 1000])
def test_the_interval_of_the_index_is_students(n: int) -> None:
    index = [100.0 * 2 ** ((k % 5) - 2) for k in range(n)]
    row = geometric(index)
    logs = [((k % 5) - 2) for k in range(n)]
    center = sum(logs) / n
    spread = (sum((one - center) ** 2 for one in logs) / (n - 1)) ** 0.5
    margin = float(student.ppf(0.975, n - 1)) * spread / n**0.5
    assert row["beyond_follower_index_90d"] == pytest.approx(100 * 2**center)
    assert row["beyond_follower_index_90d_high"] == pytest.approx(100 * 2 ** (center + margin), rel=2e-5)
    assert row["beyond_follower_index_90d_low"] == pytest.approx(100 * 2 ** (center - margin), rel=2e-5)
