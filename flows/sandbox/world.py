"""The synthetic world: who wrote what, when, what became of it. Frozen; the same seed gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from flows.sandbox import engagement, phrases, threads
from flows.sandbox.accounts import HACKERNEWS, PLATFORMS, population
from flows.sandbox.streams import Drafts, Event, Ints, epoch, events, first_posts
from flows.sandbox.wording import words

_NEVER = np.iinfo(np.int64).max
_SITES = ("papers", "tinkering", "longreads", "fieldnotes")


@dataclass(frozen=True, eq=False)
class World:
    """`days` days of two platforms before `end` (naive UTC).

    `posts` has one row a post, ordered by platform and time; `parent`, `root` and `account` are row numbers. Its hidden
    truth: `mask` and `mask_edited` (bit i: names phrases.ENTITIES[i]), sentiment, intent, final_* counts, deleted_at.
    """

    seed: int
    days: int
    scale: float
    start: datetime
    end: datetime
    accounts: pl.DataFrame
    posts: pl.DataFrame
    events: tuple[Event, ...]

    @classmethod
    def make(cls, seed: int, days: int, scale: float = 1.0, *, end: datetime) -> Self:
        """About 130 posts a day at scale 1, growing with `scale`. `end` is naive UTC; its microseconds are dropped."""
        if days < 1 or scale <= 0:
            raise ValueError(f"a world needs at least one day and a scale above 0, not {days} days at {scale}")
        rng = np.random.default_rng(seed)
        end = end.replace(microsecond=0)
        start = end - timedelta(days=days)
        story = events(start, days)
        accounts = population(rng, days, scale, start)
        platform = accounts["platform_no"].to_numpy()
        public = [np.where(platform == number, accounts["activity"].to_numpy(), 0) for number in range(len(PLATFORMS))]
        shared = threads.same_people(accounts["handle"].to_list(), platform)
        first = first_posts(rng, start, days, scale, story, public)
        drafts = threads.grow(rng, first, public, shared, epoch(end))
        posts = _posts(rng, drafts, accounts)
        return cls(seed, days, scale, start, end, accounts, posts, story)

    @cached_property
    def reply_keys(self) -> Ints:
        """Sorted keys row·span + seconds since start, of every reply, for the post whose replies it raises."""
        replies = self.posts.select(
            "published_s",
            "platform",
            answers=pl.when(pl.col("platform") == "hackernews").then("root").otherwise("parent"),
            is_reply=pl.col("parent").is_not_null(),
        ).filter("is_reply")
        return np.sort(
            replies["answers"].to_numpy() * self.key_span + replies["published_s"].to_numpy() - epoch(self.start)
        )

    @cached_property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The columns that counts are computed from, for quick access row by row; -1 for NULL."""
        names = [name for name in self.posts.columns if name.startswith("final_")] + ["published_s", "onset_s", "tau_s"]
        return {name: self.posts[name].fill_null(-1).to_numpy() for name in names}

    @property
    def key_span(self) -> int:
        """Seconds that a key has room for: the world's length and a little."""
        return (self.days + 2) * 86_400

    def at(self, now: datetime) -> pl.DataFrame:
        """What every post is at `now`, a row each: post (row), text, mask, is_published, is_deleted, is_indexed."""
        moment = epoch(now)
        edited = pl.col("edited_s") <= moment
        published, gone = pl.col("published_s") <= moment, pl.col("deleted_s") <= moment
        return self.posts.select(
            post=pl.int_range(pl.len()),
            text=pl.when(edited).then("text_edited").otherwise("text"),
            mask=pl.when(edited).then("mask_edited").otherwise("mask"),
            is_published=published,
            is_deleted=gone,
            is_indexed=(pl.col("indexed_s") <= moment) & ~gone,
        )


def _posts(rng: np.random.Generator, drafts: Drafts, accounts: pl.DataFrame) -> pl.DataFrame:
    size = len(drafts.root)
    on_hackernews = drafts.platform == HACKERNEWS
    public = accounts["role"].to_numpy()[drafts.account] == "public"
    said = words(rng, drafts, accounts["language_no"].to_numpy()[drafts.account], public)
    gone = public & (rng.random(size) < 0.015)
    life = np.maximum(rng.lognormal(np.log(8 * 3600), 1.5, size), 120).astype(np.int64)
    deleted = np.where(gone, drafts.published + life, _NEVER)
    delay = np.where(rng.random(size) < 0.03, rng.integers(600, 2_400, size), rng.integers(20, 240, size))
    title = said["title"].is_not_null().to_numpy()
    asked = said["title"].str.starts_with("Ask HN").fill_null(False).to_numpy()
    linked = title & ~asked & (said["text"] == "").to_numpy()
    site = rng.integers(0, len(_SITES), size)
    lone_url = linked & (drafts.subject < 0) & (rng.random(size) < 0.1)  # the address names a brand, the text does not
    hosts = np.where(lone_url, "www.acmeair", np.array(_SITES)[site])
    frame = said.with_columns(
        platform=pl.Series([PLATFORMS[p] for p in drafts.platform]),
        native_id=pl.Series(_native_ids(rng, drafts.published, on_hackernews)).cast(pl.String),
        kind=pl.Series(np.where(drafts.parent < 0, "post", np.where(on_hackernews, "comment", "reply"))),
        theme=pl.Series([phrases.THEMES[theme] for theme in drafts.theme]),
        account=pl.Series(drafts.account),
        parent=_row(drafts.parent),
        root=pl.Series(drafts.root),
        copy_of=_row(drafts.copy_of),
        published_s=pl.Series(drafts.published),
        indexed_s=pl.Series(drafts.published + np.where(on_hackernews, delay, 0)),
        deleted_s=pl.Series(deleted),
        is_dead=pl.Series(gone & on_hackernews & (rng.random(size) < 0.3)),
        link=pl.when(pl.Series(linked)).then(
            pl.format("https://{}.example/{}", pl.Series(hosts), pl.Series(rng.integers(1, 10**6, size)))
        ),
    )
    moments = {
        name: pl.when(pl.col(f"{name[:-3]}_s") < _NEVER).then(pl.from_epoch(f"{name[:-3]}_s")).cast(pl.Datetime("us"))
        for name in ("published_at", "edited_at", "deleted_at")
    }
    frame = frame.with_columns(mention_id=pl.format("{}:{}", "platform", "native_id"), **moments)
    return pl.concat([frame, engagement.potential(rng, drafts, accounts)], how="horizontal")


def _row(numbers: Ints) -> pl.Series:
    return pl.Series(numbers).set(pl.Series(numbers < 0), None)


def _native_ids(rng: np.random.Generator, published: Ints, on_hackernews: np.ndarray) -> Ints:
    """Hacker News counts up over stories and comments alike; the microblog's ids hold the time, as others' do."""
    position = np.arange(len(published))
    counted = 41_000_000 + np.cumsum(rng.integers(2, 30, len(published)))
    return np.where(on_hackernews, counted, published * 1_000 * 4_096 + position % 4_096_000)
