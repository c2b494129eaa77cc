"""What becomes of each item: whose mention it is, how it was found, or that it is nobody's.

One definition for all platforms: what a query found is matched again with our own matcher. Posts of tracked accounts
and messages of a matched mention's thread need not match; `found_by` tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows import records, topics
from flows.sources.base import FOUND_BY, Topic

ITEM = pl.Schema(
    {
        **records.LINEAGE, "mention_id": pl.String(), "outcome": pl.String(), "reason": pl.String(),
        "payload": pl.String(),
    }
)  # fmt: skip
KEYS = list(records.LINEAGE)
DEEPEST_THREAD = 100

Tracked = frozenset[str]
"""Handles of tracked accounts as `platform:handle`, lower case."""

_EMPTY_LIST = pl.lit([], pl.List(pl.String))


@dataclass(frozen=True)
class Settled:
    """The items with their outcome so far, and the rows of those that go on."""

    items: pl.DataFrame
    tables: dict[str, pl.DataFrame]


def settle(
    items: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    malformed: pl.DataFrame,
    asked: Sequence[Topic],
    tracked: Tracked,
    *,
    keep_threads: bool,
) -> Settled:
    """Match what some pages say; `items` has page_id, item_no and verb of all their items."""
    empty = pl.DataFrame(schema=records.schema(records.Mention, lineage=True))
    mentions = with_entities_of_text(tables.get("mention", empty))
    entities = _entities(mentions, asked)
    mentions = _found_by(
        mentions.join(items, on=KEYS, how="left", maintain_order="left"), entities, tables, tracked, keep_threads
    )
    kept = mentions.filter(pl.col("found_by").is_not_null()).drop("verb")
    rejected = mentions.filter(pl.col("found_by").is_null()).join(kept, on=KEYS, how="anti")
    going_on = {
        name: frame.join(rejected, on=KEYS, how="anti", maintain_order="left") for name, frame in tables.items()
    }
    going_on |= {"mention": kept, "mention_entity": entities.join(rejected, on=KEYS, how="anti", maintain_order="left")}
    outcomes = _outcomes(items, tables, malformed, mentions, rejected)
    return Settled(outcomes, {name: frame for name, frame in going_on.items() if len(frame)})


def with_entities_of_text(mentions: pl.DataFrame) -> pl.DataFrame:
    """Hashtags, handles and links of the text, added to what the platform told."""
    text = pl.col("text").fill_null("")
    tags = text.str.extract_all(r"[#＃][\p{L}\p{M}\p{N}_]+").list.eval(pl.element().str.slice(1).str.to_lowercase())
    handles = text.str.extract_all(r"(?:^|[^\p{L}\p{N}_@/.])[@＠][\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?")
    handles = handles.list.eval(pl.element().str.replace(r"^.*[@＠]", "").str.to_lowercase())
    links = text.str.extract_all(r"""https?://[^\s<>"'\u{00a0}]*[^\s<>"'.,;:!?)\]}\u{00a0}]""")
    return mentions.with_columns(
        pl.concat_list(pl.col(name).fill_null(_EMPTY_LIST), found).list.unique(maintain_order=True).alias(name)
        for name, found in (("hashtags", tags), ("handles", handles), ("links", links))
    )


def _entities(mentions: pl.DataFrame, asked: Sequence[Topic]) -> pl.DataFrame:
    found = topics.match(mentions, asked)
    numbered = mentions.select(*KEYS, "mention_id").with_row_index("row_no")
    joined = numbered.join(found, on="row_no", how="inner", maintain_order="left_right")
    return joined.rename({"topic_id": "entity_id"}).select(records.schema(records.MentionEntity, lineage=True).names())


def _found_by(
    mentions: pl.DataFrame,
    entities: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    tracked: Tracked,
    keep_threads: bool,
) -> pl.DataFrame:
    """How each mention was found; NULL: it is nobody's."""
    matched = pl.col("mention_id").is_in(entities["mention_id"].implode())
    way = pl.col("verb").replace_strict(FOUND_BY, return_dtype=pl.String)
    mentions = mentions.with_columns(found_by=pl.when(way != "query").then(way).when(matched).then(pl.lit("query")))
    if (mentions["verb"] == "read").any():
        mentions = _by_account(mentions, tables, tracked)
        if keep_threads:
            mentions = _by_thread(mentions)
    return mentions


def _by_account(mentions: pl.DataFrame, tables: dict[str, pl.DataFrame], tracked: Tracked) -> pl.DataFrame:
    """Posts of tracked accounts that stand in a file."""
    if "account" not in tables or not tracked:
        return mentions
    name = pl.concat_str("platform", pl.coalesce("handle", "native_id").str.to_lowercase(), separator=":")
    ours = tables["account"].filter(name.is_in(list(tracked)))["account_id"].implode()
    by_account = pl.when((pl.col("verb") == "read") & pl.col("author_id").is_in(ours)).then(pl.lit("account"))
    return mentions.with_columns(found_by=pl.coalesce("found_by", by_account))


def _by_thread(mentions: pl.DataFrame) -> pl.DataFrame:
    """Answers to kept mentions, and what these answer, as far as the batch holds them."""
    for _ in range(DEEPEST_THREAD):
        kept = mentions.filter(pl.col("found_by").is_not_null())
        beside = pl.col("parent_id").is_in(kept["mention_id"].implode()) | pl.col("mention_id").is_in(
            kept["parent_id"].drop_nulls().implode()
        )
        fresh = pl.when((pl.col("verb") == "read") & beside.fill_null(value=False)).then(pl.lit("thread"))
        found = mentions.with_columns(found_by=pl.coalesce("found_by", fresh))
        if found["found_by"].null_count() == mentions["found_by"].null_count():
            break
        mentions = found
    return mentions


def _outcomes(
    items: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    malformed: pl.DataFrame,
    mentions: pl.DataFrame,
    rejected: pl.DataFrame,
) -> pl.DataFrame:
    named = [mentions.select(*KEYS, "mention_id")]
    named.append(malformed.select(*KEYS, "mention_id"))
    if "deletion" in tables:
        named.append(tables["deletion"].select(*KEYS, "mention_id"))
    names = pl.concat(named).unique(KEYS, keep="first", maintain_order=True)
    off_topic = rejected.select(KEYS).unique().with_columns(off_topic=pl.lit(value=True))
    joined = items.join(names, on=KEYS, how="left", maintain_order="left").join(
        off_topic, on=KEYS, how="left", maintain_order="left"
    )
    joined = joined.join(malformed.drop("mention_id").unique(KEYS), on=KEYS, how="left", maintain_order="left")
    # The same unreadable item again brings nothing: like any candidate without rows, it is a duplicate.
    is_repeated = pl.col("mention_id").is_not_null() & ~pl.struct("mention_id", "reason").is_first_distinct()
    outcome = (
        pl.when(pl.col("reason").is_not_null() & ~is_repeated)
        .then(pl.lit("malformed"))
        .when(pl.col("off_topic"))
        .then(pl.lit("rejected"))
        .otherwise(pl.lit("candidate"))
    )
    return joined.with_columns(outcome=outcome, payload=pl.lit(None, pl.String)).select(ITEM.names())
