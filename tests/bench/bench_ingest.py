"""A file of posts through extract, match, validate and load, beside DuckDB reading the same file into one table."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from flows import extract, ingest
from flows import plan as planning
from flows.run import opened
from warehouse.connection import connect

ROWS = 200_000
CONFIG = """
[project]
name = "Bench"
data_dir = "data"
[[entities]]
id = "acme"
name = "Acme"
kind = "brand"
own = true
query = '"acme air" OR @acmeair OR #acme NOT recipe'
[[sources]]
name = "export"
type = "file"
platform = "x"
path = "*.ndjson"
time_format = "unix"
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
author_handle = "who"
likes = "likes"
replies = "replies"
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "soundings.toml").write_text(CONFIG)
        write_posts(folder / "posts.ndjson", ROWS)
        with measured() as ours:
            run(folder)
        with measured() as bare:
            read_bare(folder)
    print(
        f"ingest: {ROWS:,} items of a file to schema raw: {ours['cpu']:.1f} CPU s ({ROWS / ours['cpu']:,.0f} items/s), "
        f"{ours['wall']:.1f} s, peak RSS {ours['rss']:.0f} MB; bare read_ndjson into a table {bare['cpu']:.2f} CPU s: "
        f"{ours['cpu'] / bare['cpu']:.1f} times"
    )


def write_posts(path: Path, rows: int) -> None:
    """Three of four posts name the brand; a tenth of the ids stand twice."""
    number = pl.int_range(rows)
    words = pl.when(number % 4 > 0).then(pl.lit("Acme Air is late again")).otherwise(pl.lit("nothing to see here"))
    pl.select(
        id=(number % (rows * 9 // 10)).cast(pl.String),
        text=pl.concat_str(words, pl.lit(", they said at gate "), number.hash(1).cast(pl.String)),
        at=1_780_000_000 + number,
        who=pl.format("author{}", number % 5_000),
        likes=number % 97,
        replies=number % 7,
    ).write_ndjson(path)


def run(folder: Path) -> None:
    with opened(folder / "soundings.toml", None, "nightly") as run:
        con = connect(run.warehouse, settings=run.storage)
        for plan in planning.plan(run, con):
            job = run.job(plan.options)
            ingest.ingest(job, extract.extract(job, plan.asks, lambda _done, _all: None), con, lambda: None)
        con.close()


def read_bare(folder: Path) -> None:
    con = connect(folder / "bare.duckdb")
    con.execute("create table posts as from read_ndjson(?)", [str(folder / "posts.ndjson")])
    con.execute("checkpoint")
    con.close()


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    found: dict[str, float] = {}
    began, used = time.perf_counter(), time.process_time()
    yield found
    found["wall"] = time.perf_counter() - began
    found["cpu"] = time.process_time() - used
    found["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
