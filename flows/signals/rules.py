"""Which queries of routing rules a mention's text matches: all texts when the queries change, else those that did."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from flows import topics
from flows.sections import Routing
from flows.sources.base import Topic
from warehouse.ledger import LoadCounts, last_load_seq
from warehouse.signals import SignalBatch, last_load_of, load_signals

SOURCE = "routing-rules"
TEXTS_AT_A_TIME = 20_000
_CHANGED = """
    select mention_id, text, handles, hashtags, links, language_reported
    from raw.mention
    where load_seq > $since and deleted_at is null
"""


def match_rules(
    con: duckdb.DuckDBPyConnection, routing: Sequence[Routing], staging: Path, run_id: str, *, loaded_at: datetime
) -> LoadCounts | None:
    """Match what changed since the last time, and load it; None where there is nothing to do.

    A mention's row remembers the load that last changed it, so what a killed run left open is matched by the next.
    """
    queries = _queries(routing)
    before, digest = last_load_of(con, SOURCE), _digest(queries)
    if before is None and not queries:
        return None
    is_known = before is not None and before.batch_id.startswith(f"{SOURCE}-{digest}-")
    since = before.load_seq if before and is_known else -1
    newest = last_load_seq(con)
    folder = staging / f"{SOURCE}-{digest}-{newest}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for number, texts in enumerate(_texts(con, since)):
            _matches(texts, queries).write_parquet(folder / f"mention_rule-{number:05}.parquet")
        if is_known and not any(folder.iterdir()):
            return None
        return load_signals(con, folder, SignalBatch(folder.name, run_id, SOURCE), loaded_at=loaded_at)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _queries(routing: Sequence[Routing]) -> list[Topic]:
    """Each query once, named by its hash."""
    found = {topics.query_hash(topics.parse(rule.query)): rule.query for rule in routing if rule.query}
    return [Topic(query_hash, query) for query_hash, query in sorted(found.items())]


def _digest(queries: Sequence[Topic]) -> str:
    return hashlib.sha256("\n".join(query.topic_id for query in queries).encode()).hexdigest()[:16]


def _texts(con: duckdb.DuckDBPyConnection, since: int) -> Iterator[pl.DataFrame]:
    """Texts changed by loads after `since`, some at a time."""
    with con.cursor() as reading:
        for batch in reading.sql(_CHANGED, params={"since": since}).to_arrow_reader(TEXTS_AT_A_TIME):
            texts = pl.from_arrow(batch)
            if isinstance(texts, pl.DataFrame) and len(texts):
                yield texts


def _matches(texts: pl.DataFrame, queries: Sequence[Topic]) -> pl.DataFrame:
    """One row without a query for each text, and one for each query that it matches."""
    each = texts.select("mention_id", pl.lit(None, pl.String).alias("query_hash"))
    if not queries:
        return each
    names = texts.select("mention_id").with_row_index("row_no")
    found = topics.match(texts, queries).join(names, on="row_no", how="inner")
    return pl.concat([each, found.select("mention_id", pl.col("topic_id").alias("query_hash"))])
