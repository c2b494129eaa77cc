"""Counts of the synthetic posts at any moment: a pure function of the post and the time, never falling.

A count is floor(N · g(age)) with g = x/(1+x), x = ((age − onset)/τ)^1.1: quick at first, never quite done. A few posts
are found late: their onset is days away. N follows the author's followers only in part (exponent 0.6); the rest is the
author's and the post's own quality, so that KPIs of engagement beyond followers have something to find.
Replies are those in the world plus, on the microblog, as many unseen ones as the curve says.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from flows.sandbox.accounts import HACKERNEWS, followers
from flows.sandbox.streams import Drafts, Floats, Ints, epoch

if TYPE_CHECKING:
    from flows.sandbox.world import World

FOLLOWER_EXPONENT = 0.6
_LATE = 0.04  # share of posts found days after they were written
_REPLY_DISCOUNT = 2.5  # replies are seen by a twelfth of those who see a first post
_DAY = 86_400
_RATES = {"likes": 0.035, "reposts": 0.006, "quotes": 0.0015, "unseen_replies": 0.004}  # of final views
_SHARPNESS = 1.1


def potential(rng: np.random.Generator, posts: Drafts, accounts: pl.DataFrame) -> pl.DataFrame:
    """One row a post: final_<count> (NULL where the platform has no such count), onset_s and tau_s."""
    size = len(posts.account)
    known = followers(accounts, posts.account, posts.published).fill_null(0).to_numpy()
    quality = accounts["quality"].to_numpy()[posts.account] + rng.normal(0, 0.8, size)
    quality = quality - np.where(posts.parent >= 0, _REPLY_DISCOUNT, 0)
    views = np.exp(2.6 + FOLLOWER_EXPONENT * np.log1p(known) + quality)
    late = rng.random(size) < _LATE
    microblog = posts.platform != HACKERNEWS
    story = (posts.platform == HACKERNEWS) & (posts.parent < 0)
    final = {name: views * rate * rng.lognormal(0, 0.35, size) for name, rate in _RATES.items()}
    points = np.minimum(3 * np.exp(rng.normal(0.9, 1.4, size)), 5_000)
    columns = {
        "final_views": _where(microblog, views),
        "final_points": _where(story, points),
        **{f"final_{name}": _where(microblog, value) for name, value in final.items()},
        "onset_s": pl.Series(np.where(late, rng.integers(_DAY, 6 * _DAY, size), 0)),
        "tau_s": pl.Series(rng.lognormal(np.log(4 * 3600), 0.6, size)),
    }
    return pl.DataFrame(columns)


def _where(told: np.ndarray, final: Floats) -> pl.Series:
    """Whole numbers where the platform tells them, NULL elsewhere."""
    return pl.Series(final.astype(np.int64)).set(pl.Series(~told), None)


def counts(world: World, at: datetime | Ints, rows: Ints | None = None) -> pl.DataFrame:
    """likes, replies, reposts, quotes, views, upvotes of `rows` (default: all posts) at one moment, or one moment each.

    NULL where the platform never tells: Hacker News has upvotes and replies of stories only. A post that is not
    yet published has no counts to speak of: zeros.
    """
    rows = np.arange(len(world.posts)) if rows is None else rows
    moment = np.full(len(rows), epoch(at)) if isinstance(at, datetime) else at
    told = numbers(world, rows, moment)
    return pl.DataFrame({name: pl.Series(value).set(pl.Series(value < 0), None) for name, value in told.items()})


def numbers(world: World, rows: Ints, moment: Ints) -> dict[str, Ints]:
    """The same counts as arrays, -1 where the platform tells none."""
    known = world.arrays
    grown = np.maximum(moment - known["published_s"][rows] - known["onset_s"][rows], 0) / known["tau_s"][rows]
    grown **= _SHARPNESS
    share = grown / (1 + grown)
    told = {}
    for name in ("likes", "reposts", "quotes", "views", "points", "unseen_replies"):
        final = known[f"final_{name}"][rows]
        told[name] = np.where(final < 0, -1, np.floor(final * share)).astype(np.int64)
    story = told["points"] >= 0
    written, unseen = _written_replies(world, rows, moment), told["unseen_replies"]
    published = known["published_s"][rows] <= moment
    return {
        "likes": told["likes"],
        "replies": np.where(story, written, np.where(unseen < 0, -1, unseen + written)),
        "reposts": told["reposts"],
        "quotes": told["quotes"],
        "views": told["views"],
        "upvotes": np.where(story, told["points"] + published, -1),  # one's own vote
    }


def _written_replies(world: World, rows: Ints, moment: Ints) -> Ints:
    """Replies of the world itself: to the post, or in the whole thread of a story; deleted ones stay counted."""
    keys = world.reply_keys
    span = world.key_span
    first = np.searchsorted(keys, rows * span, side="left")
    until = np.clip(moment - epoch(world.start) + 1, 0, span - 1)
    return np.asarray(np.searchsorted(keys, rows * span + until, side="left") - first, dtype=np.int64)
