"""Who is heard when people talk of an entity: weighted PageRank over who replied to, quoted and reposted whom."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import rustworkx

from warehouse.ledger import LoadCounts, last_load_seq
from warehouse.signals import SignalBatch, last_load_of, load_signals

SOURCE = "influence"
DAMPING = 0.85
CLOSE_ENOUGH = 1e-12
"""Power iteration ends when all ranks together moved less than this."""
MOST_ITERATIONS = 1_000
DECIMALS = 15
"""Accounts in the same position differ only by the order of sums, far behind this place: they are to rank alike."""

_ACTS = """
    create temp table act as
    with irrelevant as (
        select mention_id, entity_id from raw.correction
        where field = 'irrelevant'
        qualify row_number() over (
            partition by mention_id, entity_id order by corrected_at desc, load_seq desc, value desc
        ) = 1 and lower(value) in ('true', 'yes', '1')
    ),

    belonging as (
        select b.mention_id, b.entity_id from raw.mention_entity as b
        semi join raw.entity using (entity_id)
        anti join irrelevant as i
            on b.mention_id = i.mention_id and (i.entity_id is null or b.entity_id = i.entity_id)
    ),

    owned as (
        select account_id from raw.account
        semi join (from raw.tracked_account where role = 'owned') using (platform, handle)
    ),

    recent as (
        select
            i.mention_id, i.target_mention_id, m.author_id as actor_id, coalesce(t.author_id, i.target_id) as target_id,
            if(i.kind = 'quote', 2, 1) * pow(0.5, date_sub('second', i.occurred_at, $as_of) / (30 * 86400.0)) as weight
        from raw.interaction as i
        join raw.mention as m on i.mention_id = m.mention_id
        left join raw.mention as t on i.target_mention_id = t.mention_id
        where
            i.occurred_at > $as_of - interval 90 day and i.occurred_at <= $as_of
            and m.deleted_at is null and t.deleted_at is null
    ),

    acts as (
        from recent
        where actor_id <> target_id and actor_id not in (from owned) and target_id not in (from owned)
    ),

    -- An act belongs to what its own text names and to what it answers, once.
    belongs as (
        select a.mention_id, a.target_mention_id, b.entity_id from acts as a join belonging as b using (mention_id)
        union
        select a.mention_id, a.target_mention_id, b.entity_id
        from acts as a join belonging as b on a.target_mention_id = b.mention_id
    )

    select b.entity_id, a.actor_id, a.target_id, sum(a.weight order by a.weight) as weight
    from acts as a
    join belongs as b
        on a.mention_id = b.mention_id and a.target_mention_id is not distinct from b.target_mention_id
    group by all
"""
_ENTITIES = "select distinct entity_id from act order by all"
_ACCOUNTS = """
    select actor_id as account_id from act where entity_id = $entity_id
    union
    select target_id as account_id from act where entity_id = $entity_id
    order by all
"""
_EDGES = "select actor_id, target_id, weight from act where entity_id = $entity_id order by all"


def rank_accounts(
    con: duckdb.DuckDBPyConnection, staging: Path, run_id: str, *, as_of: datetime, loaded_at: datetime
) -> LoadCounts | None:
    """Rank the accounts of each entity's graph of the 90 days up to `as_of`, in place of the ranking before.

    None where nothing was loaded since that, or nobody acted. Decay takes the same part from every edge, so that time
    alone moves no rank. Only the newest ranking is kept: it names accounts, and an account that was forgotten must not
    live on in an old one. A run that was killed in between ranks again.
    """
    newest, before = last_load_seq(con), last_load_of(con, SOURCE)
    if before is not None and before.load_seq == newest:
        return None
    folder = staging / f"{SOURCE}-{newest}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        is_empty = not _write_ranks(con, as_of, folder)
        con.execute("delete from raw.account_rank")
        if is_empty:
            return None
        return load_signals(con, folder, SignalBatch(folder.name, run_id, SOURCE), loaded_at=loaded_at)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def page_rank(accounts: int, edges: Sequence[tuple[int, int, float]]) -> list[float]:
    """The stationary share of each of `accounts` numbered from 0, for edges (from, to, weight); 1 in sum.

    Who has no edge of its own gives to all alike. Raises rustworkx.FailedToConverge.
    """
    graph = rustworkx.PyDiGraph(node_count_hint=accounts, edge_count_hint=len(edges))
    graph.add_nodes_from(range(accounts))
    graph.add_edges_from(edges)
    shares = rustworkx.pagerank(
        graph, alpha=DAMPING, weight_fn=float, tol=CLOSE_ENOUGH / accounts, max_iter=MOST_ITERATIONS
    )
    return [shares[node] for node in range(accounts)]


def _write_ranks(con: duckdb.DuckDBPyConnection, as_of: datetime, folder: Path) -> int:
    """One file an entity, one graph in memory at a time; how many files."""
    with con.cursor() as reading:  # its temporary table ends with it
        reading.execute(_ACTS, {"as_of": as_of})
        entities = [row[0] for row in reading.execute(_ENTITIES).fetchall()]
        for number, entity_id in enumerate(entities):
            accounts = reading.sql(_ACCOUNTS, params={"entity_id": entity_id}).pl()["account_id"]
            edges = reading.sql(_EDGES, params={"entity_id": entity_id}).pl()
            ranks = _ranks(accounts, edges).with_columns(
                pl.lit(entity_id).alias("entity_id"), pl.lit(as_of, pl.Datetime("us")).alias("ranked_at")
            )
            ranks.write_parquet(folder / f"account_rank-{number:05}.parquet")
    return len(entities)


def _ranks(accounts: pl.Series, edges: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.int_range(len(accounts), eager=True)
    numbered = edges.select(
        pl.col("actor_id", "target_id").replace_strict(accounts, numbers, return_dtype=pl.Int64), "weight"
    )
    shares = page_rank(len(accounts), numbered.rows())
    return pl.DataFrame({"account_id": accounts, "pagerank": pl.Series(shares).round(DECIMALS)})
