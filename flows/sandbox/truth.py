"""What the KPIs must be, computed from the hidden world alone: no query, no matcher and no SQL of ours.

Assumptions, all of them:
- Weights 1, reporting time zone UTC, the demo's entities, accounts and sources; each of `runs` is a run's `as_of`
  (naive UTC, ascending), its sources asked at that very moment, the first one from the world's first second.
- Hacker News: a run sees what is in the search at that moment and was published after the run before it less
  `overlap_hours` (48). With `refreshed` (the default) the last run also reads again every mention known, so that text,
  counts, edits and deletions are as of the last run; without it they are as of the last run that saw the post, and a
  deletion is never noticed. A post that no run saw, because it was deleted or not yet in the search, is absent.
- Microblog: a run reads every export file that exists at its moment. The text and the counts are those of the newest
  file that holds the post. Files tell no deletions: a post that once stood in one stays.
- A mention counts for an entity if the text last read names it. Comments of Hacker News have no counts, so no E;
  stories have upvotes and replies; interactions of a day are NULL if none of its mentions has any.
- New and returning authors are by the first counted mention of the entity (per platform in the platform table, which
  is the same, as an account is of one platform). Rows: every entity and every day from the world's first to the last
  run's, with zeros; unknown shares, and ratios over nothing, are NULL.
- Followers are those of the author's newest file row that counts for any entity; potential audience sums each
  distinct author of the day once and is NULL where no author's followers are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from flows.sandbox import phrases
from flows.sandbox.accounts import followers
from flows.sandbox.engagement import counts
from flows.sandbox.export import contained, exports
from flows.sandbox.streams import epoch
from flows.sandbox.world import World

_BRANDS = [entity.entity_id for entity in phrases.ENTITIES[: phrases.BRANDS]]
_SET_COLUMNS = ("set_mentions", "set_interactions", "set_unique_authors")


def mentions(
    world: World, runs: Sequence[datetime], *, overlap_hours: int = 48, refreshed: bool = True
) -> pl.DataFrame:
    """Every post that the runs know, as they know it: one row a post, `read_s` being when it was last read.

    Columns: post, mention_id, platform, author_id, role, published_at, report_date, text, mask, sentiment, intent,
    likes, replies, reposts, quotes, views, upvotes, interactions, followers. Posts that name nobody are among them.
    """
    read = pl.concat([_hackernews_reads(world, runs, overlap_hours, refreshed), _export_reads(world, runs[-1])])
    rows, moments = read["post"].to_numpy(), read["read_s"].to_numpy()
    posts, authors = world.posts[rows], world.accounts[world.posts["account"][rows]]
    edited = posts["edited_s"] <= read["read_s"]
    told = counts(world, moments, rows)
    parts = ["likes", "replies", "reposts", "quotes", "upvotes"]
    frame = posts.select(
        "mention_id", "platform", "published_at", pl.col("published_at").dt.date().alias("report_date"), "account",
        "title", "sentiment", "intent",
    ).with_columns(
        read.get_columns() + told.get_columns(),
        author_id=authors["platform"] + ":" + authors["native_id"],
        role=authors["role"],
        text=posts["text_edited"].zip_with(edited, posts["text"]),
        mask=posts["mask_edited"].zip_with(edited, posts["mask"]),
    )  # fmt: skip
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in parts)
    frame = frame.with_columns(interactions=pl.when(known).then(pl.sum_horizontal(parts)).cast(pl.Float64))
    newest = frame.filter(pl.col("mask") > 0).group_by("account").agg(pl.col("read_s").max())
    reach = followers(world.accounts, newest["account"].to_numpy(), newest["read_s"].to_numpy())
    return frame.join(newest.select("account", followers=reach), on="account", how="left", maintain_order="left")


def expected(
    world: World, runs: Sequence[datetime], *, overlap_hours: int = 48, refreshed: bool = True
) -> dict[str, pl.DataFrame]:
    """The frames `kpi_entity_daily` and `kpi_entity_platform_daily`, sorted by their grain, without coverage."""
    known = mentions(world, runs, overlap_hours=overlap_hours, refreshed=refreshed)
    named = pl.concat([
        known.filter(pl.col("mask") & (1 << bit) > 0).with_columns(entity_id=pl.lit(entity.entity_id))
        for bit, entity in enumerate(phrases.ENTITIES)
    ])  # fmt: skip
    first = pl.col("published_at").min().over("entity_id", "author_id").dt.date()
    named = named.with_columns(is_new=first == pl.col("report_date"))
    days = [world.start.date() + timedelta(days=n) for n in range((runs[-1].date() - world.start.date()).days + 1)]
    entities = pl.DataFrame({
        "entity_id": [entity.entity_id for entity in phrases.ENTITIES],
        "entity_kind": [entity.kind for entity in phrases.ENTITIES],
    })  # fmt: skip
    spine = entities.join(pl.DataFrame({"report_date": days}), how="cross")
    platforms = pl.DataFrame({"platform": ["hackernews", "microblog"]})
    by_platform = _daily(named, spine.join(platforms, how="cross"), ["entity_id", "platform"])
    macro = (
        by_platform.group_by("entity_id", "report_date")
        .agg(share_of_voice_mentions_macro=pl.col("share_of_voice_mentions").mean())
    )  # fmt: skip
    daily = _daily(named, spine, ["entity_id"]).join(macro, on=["entity_id", "report_date"], how="left")
    return {
        "kpi_entity_daily": daily.sort("entity_id", "report_date"),
        "kpi_entity_platform_daily": by_platform.sort("entity_id", "platform", "report_date"),
    }


def _hackernews_reads(world: World, runs: Sequence[datetime], overlap_hours: int, refreshed: bool) -> pl.DataFrame:
    """post, read_s of the Hacker News posts that some run saw and that are not known to be deleted."""
    posts = world.posts.filter(pl.col("platform") == "hackernews")
    published, indexed = posts["published_s"].to_numpy(), posts["indexed_s"].to_numpy()
    deleted = posts["deleted_s"].to_numpy()
    read = np.full(len(posts), -1)
    asked_from = 0
    for run in map(epoch, runs):
        seen = (published >= asked_from) & (indexed <= run) & (run < deleted)
        read = np.where(seen, run, read)
        asked_from = run - overlap_hours * 3600
    known = read >= 0
    if refreshed:
        last = epoch(runs[-1])
        known &= deleted > last
        read = np.full(len(posts), last)
    rows = np.flatnonzero(known)
    return pl.DataFrame({"post": rows, "read_s": read[rows]})


def _export_reads(world: World, now: datetime) -> pl.DataFrame:
    """post, read_s of the microblog's posts that stand in a file, with the time of the newest one."""
    newest = np.full(len(world.posts), -1)
    for day, captured_at, _ in exports(world, now):
        rows = contained(world, day, captured_at)
        newest[rows] = np.maximum(newest[rows], epoch(captured_at))
    rows = np.flatnonzero(newest >= 0)
    return pl.DataFrame({"post": rows, "read_s": newest[rows]})


def _daily(named: pl.DataFrame, spine: pl.DataFrame, grain: list[str]) -> pl.DataFrame:
    """The KPI columns for each row of the spine (grain × report_date)."""
    keys = [*grain, "report_date"]
    role = pl.col("role")
    author = pl.col("author_id")
    counted = named.group_by(keys).agg(
        mentions=pl.len(),
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
    trailing = [_trailing(named, spine, grain, length) for length in (7, 28)]
    for frame in trailing:
        daily = daily.join(frame, on=keys, how="left")
    return daily.with_columns(
        returning_authors=pl.col("unique_authors") - pl.col("new_authors"),
        mentions_per_author=_ratio("mentions", "unique_authors"),
        ugc_ratio=_ratio("ugc_mentions", "mentions"),
    )


def _shares(daily: pl.DataFrame, within: list[str]) -> pl.DataFrame:
    """Shares of voice among the three brands; NULL for product and campaign."""
    brand = pl.col("entity_kind") == "brand"
    sums = {
        "mentions": pl.col("mentions").filter(brand).sum(),
        "unique_authors": pl.col("unique_authors").filter(brand).sum(),
    }
    sums["interactions"] = pl.when(brand.and_(pl.col("interactions").is_not_null()).any()).then(
        pl.col("interactions").filter(brand).sum()
    )
    daily = daily.with_columns(
        pl.when(brand).then(total.over(within)).alias(f"set_{name}") for name, total in sums.items()
    )
    return daily.with_columns(
        share_of_voice_mentions=_ratio("mentions", "set_mentions"),
        share_of_voice_interactions=_ratio("interactions", "set_interactions"),
        share_of_voice_authors=_ratio("unique_authors", "set_unique_authors"),
    )


def _trailing(named: pl.DataFrame, spine: pl.DataFrame, grain: list[str], length: int) -> pl.DataFrame:
    """Mentions, distinct authors and interactions of the report date and the days before it, `length` days in all."""
    later = (
        named.select(*grain, "report_date", "author_id", "interactions")
        .with_columns(ahead=pl.lit(list(range(length))))
        .explode("ahead")
    )
    later = later.with_columns(report_date=pl.col("report_date") + pl.duration(days=pl.col("ahead")))
    keys = [*grain, "report_date"]
    totals = later.group_by(keys).agg(
        pl.len().cast(pl.Int64).alias(f"mentions_{length}d"),
        pl.col("author_id").n_unique().cast(pl.Int64).alias(f"unique_authors_{length}d"),
        _known_sum("interactions").alias(f"interactions_{length}d"),
    )
    zeros = [f"mentions_{length}d", f"unique_authors_{length}d"]
    return spine.select(keys).join(totals, on=keys, how="left").with_columns(pl.col(zeros).fill_null(0))


def _known_sum(name: str) -> pl.Expr:
    """The sum of what is known; NULL where nothing is."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())


def _ratio(numerator: str, denominator: str) -> pl.Expr:
    return pl.when(pl.col(denominator) > 0).then(pl.col(numerator) / pl.col(denominator))
