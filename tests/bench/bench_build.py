"""A night on a short and on a long history: what the models cost, of the night and of building all of it anew.

History grows as it does in life: so many mentions a day, for more days. `--per-day` and `--mentions` say how many.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb

from warehouse import ledger
from warehouse.connection import StorageSettings, connect
from warehouse.migrate import migrate
from warehouse.models import build

P = ParamSpec("P")
T = TypeVar("T")
HERE = Path(__file__).parent
FIRST_DAY = datetime(2024, 1, 1)
SETTINGS = StorageSettings(memory_limit="3GB")  # of a process that is to fit 4 GB
DEAREST = 10
ENTITIES = (
    ("e0", "Acme", "brand", True, None, "airlines"),
    ("e1", "Bolt", "brand", False, None, "airlines"),
    ("e2", "Acme Lounge", "product", True, "e0", "airlines"),
    ("e3", "Cora", "brand", False, None, "airlines"),
    ("e4", "Acme Spring", "campaign", True, "e0", "airlines"),
    ("e5", "Dune", "brand", False, None, "airlines"),
)
DESKS = (("desk0", "e0", "owned"), ("desk1", "e1", "owned"), ("desk2", "e0", "employee"))
PLATFORMS = ("x", "reddit", "youtube", "hackernews", "bluesky")


@dataclass(frozen=True)
class Cost:
    """One build in a process of its own."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    models: dict[str, float]  # seconds, by the clock


@dataclass(frozen=True)
class Costs:
    mentions: int
    snapshots: int
    touched: int
    full: Cost
    night: Cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes of history")
    parser.add_argument("--per-day", type=int, default=11_000, help="mentions published a day")
    parser.add_argument("--touched", type=int, default=100_000, help="mentions of the night, new or counted again")
    given = parser.parse_args()
    found = []
    for size in given.mentions:
        found.append(cost_of(size, given.per_day, given.touched))
        print(report(found[-1]), flush=True)
    for line in growth(found):
        print(line)


def cost_of(mentions: int, per_day: int, touched: int) -> Costs:
    """A history and a night on it, generated and built."""
    with tempfile.TemporaryDirectory() as name:
        warehouse = Path(name) / "soundings.duckdb"
        alone(live, warehouse, mentions, per_day)
        full = alone(cost, warehouse, True)
        loaded, snapshots = alone(live_on, warehouse, mentions, per_day, touched)
        return Costs(mentions, snapshots, loaded, full, alone(cost, warehouse, False))


def alone(work: Callable[P, T], *given: P.args, **_: P.kwargs) -> T:
    """In a process of its own: its peak of memory is then the work's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def cost(warehouse: Path, is_full: bool) -> Cost:
    began, used = time.perf_counter(), time.process_time()
    found = build(warehouse, warehouse.parent, SETTINGS, reporting_timezone="UTC", full_refresh=is_full)
    assert found.is_full == is_full
    return Cost(
        time.perf_counter() - began,
        time.process_time() - used,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        {model.name: model.seconds for model in found.models},
    )


def live(warehouse: Path, mentions: int, per_day: int) -> None:
    """The configuration, and all that came before the night, as one load."""
    with connect(warehouse, settings=SETTINGS) as con:
        migrate(con)
        configure(con)
        end = FIRST_DAY + timedelta(days=mentions / per_day)
        run(con, "history.sql", first_no=0, end_no=mentions, per_day=per_day, load_seq=1, as_of=end)


def live_on(warehouse: Path, mentions: int, per_day: int, touched: int) -> tuple[int, int]:
    """The night: a day's new mentions, and as many older ones counted again as make `touched`; what it then holds."""
    new = min(per_day, touched)
    end = FIRST_DAY + timedelta(days=(mentions + new) / per_day)
    with connect(warehouse, settings=SETTINGS) as con:
        ledger.prune_touched(con)  # as each night ends
        run(con, "history.sql", first_no=mentions, end_no=mentions + new, per_day=per_day, load_seq=2, as_of=end)
        run(con, "refresh.sql", refreshed=touched - new, load_seq=2, as_of=end)
        row = con.execute(
            "select (select count(distinct mention_id) from raw.touched where load_seq = 2), "
            "(select count(*) from raw.engagement_snapshot)"
        ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])


def configure(con: duckdb.DuckDBPyConnection) -> None:
    con.executemany("insert into raw.entity values (?, ?, ?, ?, ?, ?)", ENTITIES)
    topics = [(entity, entity, "said", "h") for entity, *_ in ENTITIES]
    con.executemany("insert into raw.topic values (?, ?, ?, ?)", topics)
    tracked = [(platform, *desk) for platform in PLATFORMS for desk in DESKS]
    con.executemany("insert into raw.tracked_account values (?, ?, ?, ?, null)", tracked)
    con.execute(
        "insert into raw.department values ('desk', 'Desk', 4, 'Europe/Berlin', [1, 2, 3, 4, 5], 540, 1020, [])"
    )
    con.execute("insert into raw.routing_rule values (1, 'desk', null, null, 'complaint', null, 4, null)")
    campaign = [FIRST_DAY.date() + timedelta(days=30), FIRST_DAY.date() + timedelta(days=60)]
    con.execute("insert into raw.campaign values ('e4', ?, ?, 900, 'EUR')", campaign)
    con.execute("insert into raw.message values ('m1', 'e0', 'late', null)")


def run(con: duckdb.DuckDBPyConnection, script: str, **variables: object) -> None:
    con.execute("set enable_progress_bar = false")
    for name, value in variables.items():
        con.execute(f"set variable {name} = $value", {"value": value})
    con.execute((HERE / script).read_text("utf-8"))


def report(found: Costs) -> str:
    lines = [f"build: {found.mentions:,} mentions, {found.snapshots:,} snapshots"]
    for name, one in (("all anew", found.full), (f"a night of {found.touched:,} touched", found.night)):
        dearest = sorted(one.models.items(), key=lambda item: -item[1])[:DEAREST]
        lines += [
            f"  {name}: {one.cpu_seconds:.0f} CPU s, {one.seconds:.0f} s ({sum(one.models.values()):.0f} s in models), "
            f"peak RSS {one.peak_megabytes:,.0f} MB (DuckDB's limit {SETTINGS.memory_limit})",
            "    " + ", ".join(f"{model} {seconds:.1f}" for model, seconds in dearest),
        ]
    return "\n".join(lines)


def growth(found: Sequence[Costs]) -> Iterator[str]:
    """The night on the longest history beside the one on the shortest, and the models that became dearer with it."""
    first, last = found[0], found[-1]
    if first is last:
        return
    cpu, clock = (getattr(last.night, name) / getattr(first.night, name) for name in ("cpu_seconds", "seconds"))
    yield (
        f"a night at {last.mentions:,} beside one at {first.mentions:,}: {cpu:.2f} times the CPU s, "
        f"{clock:.2f} times the seconds"
    )
    grown = {model: seconds - first.night.models[model] for model, seconds in last.night.models.items()}
    for model, more in sorted(grown.items(), key=lambda item: -item[1])[: 2 * DEAREST]:
        yield f"  {model}: {first.night.models[model]:.2f} s -> {last.night.models[model]:.2f} s (+{more:.2f})"


if __name__ == "__main__":
    main()
