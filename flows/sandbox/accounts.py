"""Who writes in the synthetic world: heavy-tailed followers, tracked accounts, one very loud author."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from flows.sandbox import phrases

PLATFORMS = ("hackernews", "microblog")
HACKERNEWS, MICROBLOG = range(2)
OWNED = np.array([[0, 1, 2], [3, 4, 5]])  # platform × brand → account
EMPLOYEE, MEDIA, LOUD = 6, (7, 8), 9
SHARED_HANDLES = 25  # people who write on both platforms under one handle
REACH_OF_BRAND = (0.4, 1.0, 2.2)
"""Hidden truth of the owned accounts: engagement as a multiple of what their followers would earn anybody else."""
_LANGUAGE_SHARES = (
    (0.95, 0.02, 0.01, 0.01, 0.0, 0.0, 0.0, 0.01),  # hackernews, in the order of phrases.LANGUAGES
    (0.42, 0.12, 0.1, 0.1, 0.1, 0.05, 0.06, 0.05),
)
_FIRST = [
    "quiet",
    "amber",
    "tall",
    "late",
    "paper",
    "copper",
    "mossy",
    "blue",
    "spare",
    "salty",
    "woolen",
    "early",
    "bright",
    "plain",
    "dusty",
    "lunar",
]
_SECOND = [
    "lantern",
    "heron",
    "kettle",
    "otter",
    "pylon",
    "walnut",
    "ferry",
    "ledger",
    "beacon",
    "thistle",
    "marmot",
    "anvil",
    "teapot",
    "comet",
    "spoon",
]
_TRACKED = [  # in the order of OWNED, EMPLOYEE, MEDIA, LOUD
    (HACKERNEWS, "acmeair", "owned", "acme", None),
    (HACKERNEWS, "globexair", "owned", "globex", None),
    (HACKERNEWS, "initechair", "owned", "initech", None),
    (MICROBLOG, "acmeair", "owned", "acme", 180_000),
    (MICROBLOG, "globexair", "owned", "globex", 60_000),
    (MICROBLOG, "initechair", "owned", "initech", 12_000),
    (MICROBLOG, "cabincrew_k7", "employee", "acme", 900),
    (HACKERNEWS, "skydesk_news", "media", None, None),
    (MICROBLOG, "skydesk_news", "media", None, 45_000),
    (MICROBLOG, "loud_kettle", "public", None, 350),
]  # fmt: skip


def population(rng: np.random.Generator, days: int, scale: float, start: datetime) -> pl.DataFrame:
    """One row an account; the row number is the account's number. `quality` is ln of its engagement multiple.

    `followers` is NULL on Hacker News, which tells none. Tracked accounts grow by `followers_per_day`; the first
    brand's buys `bought_followers` at `bought_at`. `activity` is its share of its platform's public posts.
    """
    sizes = [max(60, int(share * (days * scale) ** 0.8)) for share in (18, 45)]
    platform = np.concatenate([[row[0] for row in _TRACKED], *(np.full(size, i) for i, size in enumerate(sizes))])
    count, tracked = len(platform), len(_TRACKED)
    language = np.array([rng.choice(len(phrases.LANGUAGES), p=_LANGUAGE_SHARES[p]) for p in platform])
    language[:tracked] = 0
    position = np.concatenate([np.arange(tracked), *(np.arange(size) for size in sizes)])
    language[tracked:][position[tracked:] < SHARED_HANDLES] = 0
    followers = np.minimum(np.exp(rng.normal(5.4, 1.9, count)), 3e6).astype(np.int64)
    activity = rng.pareto(1.3, count) + 0.2
    activity[:tracked] = 0
    quality = rng.normal(0, 0.45, count)
    quality[OWNED] = np.log(REACH_OF_BRAND)
    for row, (_, _, _, _, known) in enumerate(_TRACKED):
        followers[row] = known or 0
    handles = [row[1] for row in _TRACKED] + [_handle(int(i)) for i in position[tracked:]]
    owned = np.isin(np.arange(count), OWNED[MICROBLOG])
    bought = np.arange(count) == OWNED[MICROBLOG, 0]
    frame = pl.DataFrame(
        {"platform_no": platform, "handle": handles, "language_no": language, "activity": activity}
    ).with_columns(age_hours=pl.Series(rng.integers(24, 40_000, count)))
    native = (
        pl.when(pl.col("platform_no") == HACKERNEWS)
        .then("handle")
        .otherwise((pl.int_range(pl.len()) * 7919 + 10_000_000).cast(pl.String))
    )
    return frame.with_columns(
        platform=pl.Series([PLATFORMS[p] for p in platform]),
        native_id=native,
        role=pl.Series([row[2] for row in _TRACKED] + ["public"] * (count - tracked)),
        entity_id=pl.Series([row[3] for row in _TRACKED] + [None] * (count - tracked), dtype=pl.String),
        followers=pl.when(pl.col("platform_no") == MICROBLOG).then(pl.Series(followers)),
        followers_per_day=pl.Series(np.where(owned, 40, 0)),
        bought_followers=pl.Series(np.where(bought, 40_000, 0)),
        bought_at=pl.lit(start, pl.Datetime("us")) + pl.duration(days=days // 2),
        quality=pl.Series(quality),
        created_at=pl.lit(start, pl.Datetime("us")) - pl.duration(hours=pl.col("age_hours")),
    )


def _handle(position: int) -> str:
    first, second = _FIRST[position % len(_FIRST)], _SECOND[position // len(_FIRST) % len(_SECOND)]
    return f"{first}_{second}{position}"


def followers(accounts: pl.DataFrame, account: np.ndarray, at: np.ndarray) -> pl.Series:
    """Followers of each account at each moment (epoch seconds); NULL where the platform tells none."""
    rows = accounts[account].with_columns(at=pl.from_epoch(pl.Series(at), "s").cast(pl.Datetime("us")))
    days = (pl.col("at") - pl.col("created_at")).dt.total_days()
    bought = pl.when(pl.col("at") >= pl.col("bought_at")).then("bought_followers").otherwise(0)
    return rows.select((pl.col("followers") + days * pl.col("followers_per_day") + bought).alias("followers"))[
        "followers"
    ]
