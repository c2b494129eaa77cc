"""What the KPIs must be, computed from the hidden world alone: no query, no matcher and no SQL of ours.

Assumptions, all of them:
- Weights 1, reporting time zone UTC, the demo's entities, accounts and sources; each of `runs` is a run's `as_of`
  (naive UTC, ascending) and the sandbox's clock during it; no source failed. The first run asks from before the world.
- What is known of a post, its text and its counts, is what it was when it was last read: see `reads.py`, which tells
  the reading policy. With one run that is: as of that run. A post deleted before a run could see it is absent; one that
  was seen stays until a reading finds it deleted. Files tell no deletions: a post that once stood in one stays.
- A mention counts for an entity if the text last read names it. Comments of Hacker News have no counts, so no E;
  stories have upvotes and replies; interactions of a day are NULL if none of its mentions has any.
- New and returning authors are by the day of the first counted mention of the entity. Rows: every entity and every
  day from the world's first to the last run's, with zeros, but on the microblog only days that a file tells of; sums
  and ratios of nothing are NULL. (A run that asks from before the world has more rows of zeros there.)
- Followers are read from every file row of an author; the last reading of a day serves until the next, the first one
  the days before it too. Potential audience sums each distinct author of the day once; NULL where none is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from flows.sandbox import phrases
from flows.sandbox.accounts import PLATFORMS, followers
from flows.sandbox.engagement import counts
from flows.sandbox.export import exports
from flows.sandbox.reads import Policy, file_reads, reads
from flows.sandbox.world import World

_NIGHTLY = Policy()


def mentions(world: World, runs: Sequence[datetime], policy: Policy = _NIGHTLY) -> pl.DataFrame:
    """Every post that the runs know, as they know it: one row a post, `read_s` being when it was last read.

    Columns: post, read_s, mention_id, platform, account, author_id, role, published_at, report_date, title, text, mask,
    sentiment, intent, likes, replies, reposts, quotes, views, upvotes, interactions. Some name nobody (mask 0).
    """
    read = reads(world, runs, policy)
    rows = read["post"].to_numpy()
    posts, authors = world.posts[rows], world.accounts[world.posts["account"].gather(rows)]
    edited = posts["edited_s"] <= read["read_s"]
    parts = ["likes", "replies", "reposts", "quotes", "upvotes"]
    frame = posts.select(
        "mention_id", "platform", "account", "published_at", pl.col("published_at").dt.date().alias("report_date"),
        "title", "sentiment", "intent",
    ).with_columns(
        *read.get_columns(),
        *counts(world, read["read_s"].to_numpy(), rows).get_columns(),
        author_id=authors["platform"] + ":" + authors["native_id"],
        role=authors["role"],
        text=posts["text_edited"].zip_with(edited, posts["text"]),
        mask=posts["mask_edited"].zip_with(edited, posts["mask"]),
    )  # fmt: skip
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in parts)
    return frame.with_columns(interactions=pl.when(known).then(pl.sum_horizontal(parts)).cast(pl.Float64))


def expected(world: World, runs: Sequence[datetime], policy: Policy = _NIGHTLY) -> dict[str, pl.DataFrame]:
    """The frames `kpi_entity_daily` and `kpi_entity_platform_daily`, sorted by their grain, without coverage."""
    known = mentions(world, runs, policy)
    named = pl.concat([
        known.filter(pl.col("mask") & (1 << bit) > 0).with_columns(entity_id=pl.lit(entity.entity_id))
        for bit, entity in enumerate(phrases.ENTITIES)
    ])  # fmt: skip
    first = pl.col("report_date").min().over("entity_id", "author_id")
    named = _with_followers(world, named.with_columns(is_new=first == pl.col("report_date")), runs[-1])
    days = [world.start.date() + timedelta(days=n) for n in range((runs[-1].date() - world.start.date()).days + 1)]
    entities = pl.DataFrame({
        "entity_id": [entity.entity_id for entity in phrases.ENTITIES],
        "entity_kind": [entity.kind for entity in phrases.ENTITIES],
    })  # fmt: skip
    spine = entities.join(pl.DataFrame({"report_date": days}), how="cross")
    in_files = pl.col("report_date").is_in({day.date() for day, _, _ in exports(world, runs[-1])})
    asked = spine.join(pl.DataFrame({"platform": list(PLATFORMS)}), how="cross")
    by_platform = _daily(
        named, asked.filter((pl.col("platform") == "hackernews") | in_files), ["entity_id", "platform"]
    )
    macro = by_platform.group_by("entity_id", "report_date").agg(
        share_of_voice_mentions_macro=pl.col("share_of_voice_mentions").mean()
    )
    daily = _daily(named, spine, ["entity_id"]).join(macro, on=["entity_id", "report_date"], how="left")
    return {
        "kpi_entity_daily": daily.sort("entity_id", "report_date"),
        "kpi_entity_platform_daily": by_platform.sort("entity_id", "platform", "report_date"),
    }


def _with_followers(world: World, named: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Each mention's author's followers as last read by the report date, or as first read where that came later."""
    read = file_reads(world, now)
    account = world.posts["account"].gather(read["post"])
    readings = pl.DataFrame({"account": account, "read_s": read["read_s"]}).unique().sort("read_s")
    known = followers(world.accounts, readings["account"].to_numpy(), readings["read_s"].to_numpy())
    captured = pl.from_epoch("read_s").dt.date().alias("captured_date")
    readings = readings.select("account", captured, followers=known)
    first = readings.group_by("account", maintain_order=True).agg(pl.col("followers").first().alias("first_followers"))
    joined = named.sort("report_date").join_asof(
        readings, left_on="report_date", right_on="captured_date", by="account", check_sortedness=False
    )
    joined = joined.join(first, on="account", how="left", maintain_order="left")
    return joined.with_columns(followers=pl.coalesce("followers", "first_followers"))


def _daily(named: pl.DataFrame, spine: pl.DataFrame, grain: list[str]) -> pl.DataFrame:
    """The KPI columns for each row of the spine (grain × report_date)."""
    keys = [*grain, "report_date"]
    role = pl.col("role")
    author = pl.col("author_id")
    counted = named.group_by(keys).agg(
        mentions=pl.len(),
        mentions_with_author=author.count(),
        mentions_with_interactions=pl.col("interactions").count(),
        unique_authors=author.n_unique(),
        new_authors=author.filter("is_new").n_unique(),
        interactions=_known_sum("interactions"),
        views=_known_sum("views"),
        owned_mentions=(role == "owned").sum(),
        employee_mentions=(role == "employee").sum(),
        media_mentions=(role == "media").sum(),
        ugc_mentions=(role == "public").sum(),
    )
    audience = named.unique([*keys, "author_id"]).group_by(keys).agg(potential_audience=_known_sum("followers"))
    zeros = [
        "mentions",
        "mentions_with_author",
        "mentions_with_interactions",
        "unique_authors",
        "new_authors",
        "owned_mentions",
        "employee_mentions",
        "media_mentions",
        "ugc_mentions",
    ]
    daily = spine.join(counted, on=keys, how="left").join(audience, on=keys, how="left")
    daily = daily.with_columns(pl.col(zeros).cast(pl.Int64).fill_null(0)).sort(keys)
    daily = _shares(daily, [key for key in keys if key != "entity_id"])
    for trailing in [_trailing(named, daily, grain, length) for length in (7, 28)]:
        daily = daily.join(trailing, on=keys, how="left")
    return daily.with_columns(
        returning_authors=pl.col("unique_authors") - pl.col("new_authors"),
        mentions_per_author=_ratio("mentions_with_author", "unique_authors"),
        ugc_ratio=_ratio("ugc_mentions", "mentions"),
    )


def _shares(daily: pl.DataFrame, within: list[str]) -> pl.DataFrame:
    """Shares of voice among the three brands; NULL for product and campaign."""
    brand = pl.col("entity_kind") == "brand"
    sums = {
        "mentions": pl.col("mentions").filter(brand).sum(),
        "unique_authors": pl.col("unique_authors").filter(brand).sum(),
    }
    unknown = pl.col("interactions").is_null()
    is_told = brand.and_(~unknown).any() & ~brand.and_(unknown, pl.col("mentions") > 0).any()
    sums["interactions"] = pl.when(is_told).then(pl.col("interactions").filter(brand).sum())
    daily = daily.with_columns(
        pl.when(brand).then(total.over(within)).alias(f"set_{name}") for name, total in sums.items()
    )
    return daily.with_columns(
        share_of_voice_mentions=_ratio("mentions", "set_mentions"),
        share_of_voice_interactions=pl.when((pl.col("mentions") == 0) & (pl.col("set_interactions") > 0))
        .then(0.0)  # who is silent has no part
        .otherwise(_ratio("interactions", "set_interactions")),
        share_of_voice_authors=_ratio("unique_authors", "set_unique_authors"),
    )


def _trailing(named: pl.DataFrame, daily: pl.DataFrame, grain: list[str], length: int) -> pl.DataFrame:
    """Mentions, distinct authors and interactions of the report date and the days before it, `length` days in all."""
    keys = [*grain, "report_date"]
    sums = (
        _ahead(daily.select(*keys, "mentions", "interactions"), length)
        .group_by(keys)
        .agg(
            pl.col("mentions").sum().alias(f"mentions_{length}d"),
            _known_sum("interactions").alias(f"interactions_{length}d"),
        )
    )
    authors = (
        _ahead(named.select(*keys, "author_id").unique(), length)
        .group_by(keys)
        .agg(pl.col("author_id").n_unique().cast(pl.Int64).alias(f"unique_authors_{length}d"))
    )
    totals = sums.join(authors, on=keys, how="left")
    return totals.with_columns(pl.col(f"unique_authors_{length}d").fill_null(0))


def _ahead(rows: pl.DataFrame, length: int) -> pl.DataFrame:
    """Each row on its own day and on the `length` − 1 days whose window still reaches back to it."""
    days = pl.DataFrame({"ahead": list(range(length))})
    moved = pl.col("report_date") + pl.duration(days=pl.col("ahead"))
    return rows.join(days, how="cross").with_columns(report_date=moved).drop("ahead")


def _known_sum(name: str) -> pl.Expr:
    """The sum of what is known; NULL where nothing is."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())


def _ratio(numerator: str, denominator: str) -> pl.Expr:
    return pl.when(pl.col(denominator) > 0).then(pl.col(numerator) / pl.col(denominator))
