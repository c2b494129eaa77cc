"""Worlds for a month of nights, in which engagement comes late, posts are edited and deleted, and every text has a word
that stands nowhere else; and what is true of them at any moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np
import polars as pl

from flows.sandbox.engagement import counts
from flows.sandbox.platforms import FACADES
from flows.sandbox.platforms.facade import Counts
from flows.sandbox.streams import Ints
from flows.sandbox.world import World

LAST = datetime(2026, 6, 30, 2)
MONTH = tuple(LAST - timedelta(days=back) for back in range(29, -1, -1))
LATER = (LAST + timedelta(days=31), LAST + timedelta(days=32))
"""Two runs after a month without any: most posts are past all ages at which counts are read."""
NIGHTS = (*MONTH, *LATER)
FIRST_DAYS, SCALE = 3, 0.03
HOUR = 3600
WORD = rb"zq[0-9]{6}[ab]"
"""A text's own word: the platform's number, the post's, and whether the text is the first (a) or an edited one (b)."""
HANDLE = rb"[a-z]+[_-][a-z]+[0-9]*p[1-9]"
"""Who writes of the public: a name of one platform only. Some platforms write no underscore."""
_NEVER = np.iinfo(np.int64).max
_OF_HACKERNEWS: tuple[Counts, Counts] = ({"upvotes": "upvotes", "replies": "replies"}, {})
COUNTS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")


@dataclass(frozen=True)
class Truth:
    """One platform's world; rows are those of `world.posts`."""

    platform: str
    number: int
    world: World

    @property
    def rows(self) -> pl.DataFrame:
        """Its posts: row, word, moments, author, whether they name us, or our name only stands in them (is_alike)."""
        accounts = self.world.accounts.select("role", "handle")[self.world.posts["account"]]
        told = self.world.posts.with_row_index("row").with_columns(accounts.get_columns())
        here = "hackernews" if self.platform == "hackernews" else "microblog"
        return told.filter(pl.col("platform") == here).select(
            pl.col("row").cast(pl.Int64), "published_s", "deleted_s", "edited_s", "role", "handle",
            word=_word(self.number), is_reply=pl.col("parent").is_not_null(),
            is_alike=pl.concat_str("title", "text", "text_edited", ignore_nulls=True).str.contains("(?i)acme"),
            is_named=pl.col("mask") & 1 > 0, is_named_edited=pl.col("mask_edited") & 1 > 0,
        )  # fmt: skip

    def told(self, row: Ints, moment: Ints) -> pl.DataFrame:
        """The columns of a snapshot for each post at its moment; NULL where the platform does not tell them."""
        grown = counts(self.world, moment, row)
        is_reply = self.world.posts["parent"].gather(row).is_not_null()
        of_first, of_replies = self._tells()
        return pl.DataFrame(
            {name: _count(grown, of_replies.get(name)).zip_with(is_reply, _count(grown, of_first.get(name)))
             for name in COUNTS}
        )  # fmt: skip

    def _tells(self) -> tuple[Counts, Counts]:
        if self.platform == "hackernews":
            return _OF_HACKERNEWS
        facade = FACADES[self.platform]
        return facade.tells, facade.tells if facade.tells_of_replies is None else facade.tells_of_replies


def month(platform: str, number: int) -> Truth:
    """The world of one platform: much of what the public writes is deleted, edited or found late."""
    seed = crc32(platform.encode()) % 1000
    world = World.make(seed, len(MONTH) + FIRST_DAYS, 10 * SCALE if platform == "hackernews" else SCALE, end=LAST)
    chance = np.random.default_rng(seed)
    posts, size = world.posts.with_row_index("row"), world.posts.height
    public = (world.accounts["role"] == "public").gather(posts["account"]).to_numpy()
    is_gone, is_edited, is_late = (public & (chance.random(size) < share) for share in (0.6, 0.25, 0.2))
    titled = posts["title"].is_not_null().to_numpy()
    first, edited = _word(number), _word(number, "b")
    noted = pl.format("{} (Now I think otherwise.)", "text")
    onset = pl.Series(chance.integers(86_400, 25 * 86_400, size))
    told = posts.with_columns(
        deleted_s=pl.when(pl.Series(is_gone)).then(_moment(chance, posts)).otherwise("deleted_s"),
        edited_s=pl.when(pl.Series(is_edited & ~titled)).then(_moment(chance, posts)).otherwise("edited_s"),
        text_edited=pl.when(pl.Series(is_edited & ~titled)).then(noted).otherwise("text_edited"),
        mask_edited=pl.when(pl.Series(is_edited & ~titled)).then("mask").otherwise("mask_edited"),
        onset_s=pl.when(pl.Series(is_late)).then(onset).otherwise("onset_s"),
    ).with_columns(
        title=pl.format("{} {}", "title", first),
        text=pl.when(pl.col("text") == "").then("text").otherwise(pl.format("{} {}", "text", first)),
        text_edited=pl.format("{} {}", "text_edited", edited),
    )  # fmt: skip
    return Truth(platform, number, replace(world, posts=told.drop("row"), accounts=_named(world.accounts, number)))


def _named(accounts: pl.DataFrame, number: int) -> pl.DataFrame:
    """The public with handles that no other platform knows; Hacker News knows them by these alone."""
    named = pl.format(f"{{}}p{number}", "handle")
    by_name = pl.col("native_id") == pl.col("handle")
    return accounts.with_columns(
        handle=pl.when(pl.col("role") == "public").then(named).otherwise("handle"),
        native_id=pl.when(by_name & (pl.col("role") == "public")).then(named).otherwise("native_id"),
    )


def _moment(chance: np.random.Generator, posts: pl.DataFrame) -> pl.Series:
    """From two hours after each was published to four weeks by orders of magnitude, or evenly to seven weeks."""
    soon = np.exp(chance.uniform(np.log(2 * HOUR), np.log(28 * 24 * HOUR), posts.height))
    after = np.where(chance.random(posts.height) < 0.7, soon, chance.uniform(0, 49 * 24 * HOUR, posts.height))
    return posts["published_s"] + pl.Series(after.astype(np.int64))


def _word(number: int, version: str = "a") -> pl.Expr:
    return pl.format(f"zq{number}{{}}{version}", pl.col("row").cast(pl.String).str.zfill(5))


def _count(grown: pl.DataFrame, count: str | int | None) -> pl.Series:
    """A count of the world, a number that never changes, or nothing."""
    if isinstance(count, str):
        return grown[count].cast(pl.Int64)
    return pl.repeat(count, grown.height, dtype=pl.Int64, eager=True)


def truths(platforms: tuple[str, ...]) -> Mapping[str, Truth]:
    """The worlds of some platforms, numbered."""
    return {name: month(name, number) for number, name in enumerate(platforms, 1)}
