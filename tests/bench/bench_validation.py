"""Validation of a million mentions and as many snapshots, beside one aggregate pass written by hand."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from expectations.validate import validate
from flows import records
from flows.matching import ITEM

ROWS = 1_000_000
AS_OF = datetime(2026, 1, 2)
BY_HAND = """
select
    count(*), count(*) filter (mention_id is null), count(*) filter (not regexp_matches(mention_id, '^[a-z0-9_]+:.+$')),
    count(*) filter (published_at is null), count(*) filter (published_at > timestamp '2026-01-02 00:02:00'),
    count(*) filter (length(text) > 100000), count(*) filter (contains(text, chr(0))),
    count(*) filter (not regexp_matches(url, '^https?://')),
    count(*) filter (found_by not in ('query', 'account', 'thread'))
from read_parquet('{folder}/mention.parquet')
union all
select
    count(*), count(*) filter (mention_id is null), count(*) filter (captured_at is null),
    count(*) filter (age_hours < 0),
    count(*) filter (likes < 0), count(*) filter (replies < 0), count(*) filter (likes > 1e12),
    count(*) filter (replies > 1e12), 0
from read_parquet('{folder}/engagement_snapshot.parquet')
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage(folder)
        validate(folder, as_of=AS_OF)  # compiles the suites once, as the first night does
        began = time.perf_counter()
        verdict = validate(folder, as_of=AS_OF)
        ours = time.perf_counter() - began
        began = time.perf_counter()
        duckdb.connect().execute(BY_HAND.format(folder=folder)).fetchall()
        by_hand = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"validation: {ROWS:,} mentions and as many snapshots, {len(verdict.rules)} rules: {ours:.2f} s, "
            f"a pass by hand {by_hand:.2f} s: {ours / by_hand:.1f} times; peak RSS {peak:.0f} MB"
        )


def stage(folder: Path) -> None:
    """A batch in which nothing is wrong, made of columns."""
    number = pl.int_range(ROWS)
    lineage = {"page_id": pl.lit("w/a/0001-x"), "item_no": number}
    key = pl.format("x:{}", number)
    blank = {n: pl.lit(None, t) for n, t in records.schema(records.Mention).items()}
    mention = blank | {
        "mention_id": key,
        "platform": pl.lit("x"),
        "native_id": number.cast(pl.String),
        "kind": pl.lit("post"),
        "text": pl.format("Acme is late again, they said at gate {}", number.hash(1)),
        "url": pl.format("https://x.example/{}", number),
        "published_at": pl.lit(datetime(2026, 1, 1)),
        "found_by": pl.lit("query"),
    }
    nothing = {n: pl.lit(None, t) for n, t in records.schema(records.EngagementSnapshot).items()}
    snapshot = nothing | {
        "mention_id": key,
        "captured_at": pl.lit(AS_OF),
        "age_hours": pl.lit(24.0),
        "likes": number % 97,
        "replies": number % 7,
    }
    item = {n: pl.lit(None, t) for n, t in ITEM.items()} | {"mention_id": key, "outcome": pl.lit("candidate")}
    for name, columns in (("mention", mention), ("engagement_snapshot", snapshot), ("item", item)):
        pl.select(**{**columns, **lineage}).write_parquet(folder / f"{name}.parquet")
    about = {
        "batch_id": "bench",
        "run_id": "bench",
        "source": "bench",
        "platform": "x",
        "as_of": AS_OF.isoformat(),
        "pages": 1,
    }
    (folder / "batch.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main()
