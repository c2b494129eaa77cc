"""Alarms of the models beside three that everybody uses, on years with planted bursts. `--seed` repeats a run.

Each entity has its own level, weekly season, drift and overdispersion (negative binomial, as real counts have).
Planted: bursts of all posts and of negative ones, one loud author, a loud platform, outages and their recovery, slow
ramps. Where the real posts of ../shared/data are there, the same is planted into their daily counts too.
Bursts are of three to eight standard deviations of their days; one counts where it reaches ten posts, is found by an
alarm on one of its days, and has a delay of 30 days where it is missed. Alarms on other days are false, but for the two
days after a burst. What really burst in the real counts is a false alarm of every method that finds it.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from tests.bench.spike_years import DAYS, QUIET, REAL, Counts, Year, plant, real, seeded, surge
from warehouse.connection import StorageSettings
from warehouse.migrate import migrate
from warehouse.models import build

FIRST = date(2025, 1, 1)


def mean_and_three_sigma(posts: Counts, day: int) -> bool:
    past = posts[max(0, day - 14) : day]
    return bool(posts[day] > past.mean() + 3 * past.std(ddof=1))


def twice_the_week(posts: Counts, day: int) -> bool:
    return bool(posts[day] > 2 * posts[max(0, day - 7) : day].mean())


def ears_c2(posts: Counts, day: int) -> bool:
    past = posts[max(0, day - 9) : day - 2]
    return bool(posts[day] > past.mean() + 3 * past.std(ddof=1))


OTHERS: dict[str, Callable[[Counts, int], bool]] = {
    "mean + 3 sigma, 14 days": mean_and_three_sigma,
    "twice the mean of 7 days": twice_the_week,
    "EARS C2": ears_c2,
}


def by_models(years: list[Year], folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """What kpi_spikes says of every entity and day: spikes and crises."""
    path = folder / "soundings.duckdb"
    with duckdb.connect(str(path)) as con:
        migrate(con)
        _write(con, years, folder)
    build(path, folder, StorageSettings(), reporting_timezone="UTC", full_refresh=True)
    found: dict[str, dict[str, np.ndarray]] = {
        y.entity: {n: np.zeros(DAYS, bool) for n in ("spike", "crisis")} for y in years
    }
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute(
            "select entity_id, report_date, is_spike and sentiment = 'all', is_crisis from marts.kpi_spikes "
            "where scope = '*' and is_spike"
        ).fetchall()
    for entity, day, is_spike, is_crisis in rows:
        found[entity]["spike"][(day - FIRST).days] |= is_spike
        found[entity]["crisis"][(day - FIRST).days] |= is_crisis
    return found


def _write(con: duckdb.DuckDBPyConnection, years: list[Year], folder: Path) -> None:
    as_of = datetime.combine(FIRST + timedelta(days=DAYS), datetime.min.time()) + timedelta(hours=2)
    con.execute("insert into raw.run values ('r', ?, ?)", [as_of, as_of])
    con.execute("insert into raw.load values ('b', 1, 'r', 's', 0, 0, 0, 0, 0, 0, 0, ?)", [as_of])
    con.executemany("insert into raw.entity values (?, ?, 'brand', true, null, 's')", [[y.entity] * 2 for y in years])
    rows: list[dict[str, Any]] = [
        {"entity": y.entity, "day": FIRST + timedelta(days=day), "posts": int(y.posts[day]),
         "negative": int(y.negative[day]), "loud": int(y.loud[day]), "masked": bool(y.masked[day])}
        for y in years for day in range(DAYS)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(folder / "days.parquet")
    con.execute("create temp table day as from read_parquet(?)", [str(folder / "days.parquet")])
    con.execute(
        "create temp table post as select entity || '-' || day || '-' || n as id, entity, day, "
        "if(n <= loud, 'loud', 'a' || hash(entity, day, n) % 5000) as author, "
        "if(n <= negative, 'negative', 'neutral') as mood from (select *, unnest(range(1, posts + 1)) as n from day)"
    )
    con.execute(
        "insert into raw.mention by name select id as mention_id, 'x' as platform, id as native_id, 'post' as kind, "
        "'x:' || author as author_id, 'said' as text, day::timestamp + interval 9 hour as published_at, "
        "'query' as found_by, 's' as source, $as_of as first_seen_at, $as_of as seen_at, 0 as content_hash, "
        "1 as load_seq from post",
        {"as_of": as_of},
    )
    con.execute("insert into raw.mention_entity select id, entity, [], 1 from post")
    con.execute(
        "insert into raw.text_signal by name select id as mention_id, 'm' as model_version, $as_of as scored_at, "
        "mood as sentiment, 1 as load_seq from post",
        {"as_of": as_of},
    )
    con.execute(
        "insert into raw.collection by name select 'r' as run_id, 's' as source, 'x' as platform, 'discover' as verb, "
        "entity as topic_id, entity || day as window_id, day::timestamp as window_start, "
        "day::timestamp + interval 1 day as window_end, $as_of as asked_at, not masked as is_covered, 1 as pages, "
        "1 as items, 0 as rejected, 0 as quarantined, 0 as lost_items, 0 as rate_limited, 1 as load_seq from day",
        {"as_of": as_of},
    )


def told(name: str, years: list[Year], alarms: dict[str, np.ndarray]) -> str:
    """Recall, delay and false alarms of one method."""
    delays: list[int] = []
    false, days = 0, 0
    for year in years:
        busy = np.zeros(DAYS, bool)
        busy[:QUIET] = True
        for start, end, kind in year.bursts:
            busy[start : end + 2] = True
            if kind != "loud" and year.posts[start:end].max() >= 10:
                hits = np.flatnonzero(alarms[year.entity][start:end])
                delays.append(int(hits[0]) if len(hits) else 30)
        false += int((alarms[year.entity] & ~busy).sum())
        days += int((~busy).sum())
    recall = np.mean(np.array(delays) < 30) if delays else float("nan")
    delay = np.median(delays) if delays else float("nan")
    return (
        f"  {name:26s} recall {recall:6.1%} of {len(delays)}, median delay {delay:.0f} d, "
        f"false alarms {false / days * 365:5.2f} a year"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--entities", type=int, default=24)
    given = parser.parse_args()
    dice = np.random.default_rng(given.seed)
    sets = {"seeded": [seeded(dice, f"seeded-{n}") for n in range(given.entities)]}
    if REAL.exists():
        sets["real counts"] = real(dice, 12)
    else:
        print(f"spikes: {REAL} is not there, only seeded years")
    for name, years in sets.items():
        surge_day = int(dice.integers(QUIET, DAYS))
        for year in years:
            plant(dice, year)
        surge(years, surge_day, 2.5)
        with tempfile.TemporaryDirectory() as folder:
            found = by_models(years, Path(folder))
        print(f"spikes, {name}: {len(years)} entities, {sum(len(y.bursts) for y in years)} bursts, seed {given.seed}")
        print(told("soundings", years, {entity: flags["spike"] for entity, flags in found.items()}))
        for other, alarm in OTHERS.items():
            flags = {y.entity: np.array([d >= 14 and alarm(y.posts, d) for d in range(DAYS)]) for y in years}
            print(told(other, years, flags))
        loud = sum(found[y.entity]["crisis"][start] for y in years for start, _, kind in y.bursts if kind == "loud")
        calm = [y for y in years if not any(start <= surge_day < end + 2 for start, end, _ in y.bursts)]
        surged = sum(found[y.entity]["crisis"][surge_day] for y in calm)
        print(
            f"  crises among loud authors: {loud}; on the loud platform's day, of {len(calm)} without a burst: {surged}"
        )


if __name__ == "__main__":
    main()
