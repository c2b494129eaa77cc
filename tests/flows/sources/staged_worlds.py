"""Small worlds for the contract of sources: what is edited, deleted and answered in them is planted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zlib import crc32

import polars as pl

from flows.sandbox import phrases
from flows.sandbox.accounts import MICROBLOG, OWNED
from flows.sandbox.streams import epoch
from flows.sandbox.world import World

DAYS, SCALE = 5, 0.2
LAST = datetime(2026, 6, 10, 2)
FIRST, NEXT = LAST - timedelta(hours=26), LAST - timedelta(hours=2)
"""Nights: what was new on the first is a day old on the next, and what is gone is looked for once more on the last."""
SPOILED_AT = FIRST + timedelta(hours=1)  # when planted posts are edited, or gone
TOPICS = ("acme", "flylighter")
ASKED = sum(1 << bit for bit, entity in enumerate(phrases.ENTITIES) if entity.entity_id in TOPICS)


def planted(platform: str) -> World:
    """A world for one platform, in which some posts of the first night are edited or gone on the next."""
    world = _answering(World.make(crc32(platform.encode()) % 1000, DAYS, SCALE, end=LAST))
    posts = world.posts.with_row_index("post")
    answered = posts["parent"].drop_nulls().unique()
    public = world.accounts["role"].gather(posts["account"]) == "public"
    known = posts.filter(
        public
        & (pl.col("platform") == "microblog")
        & ~pl.col("post").is_in(answered.implode())
        & ~pl.col("text").is_duplicated()  # whose text is gone must not be found in another's
        & (pl.col("mask") & ASKED > 0)
        & (pl.col("deleted_s") > epoch(LAST))
        & (pl.col("edited_s") > epoch(LAST))
        & (pl.col("published_s") > epoch(FIRST - timedelta(hours=11)))
        & (pl.col("published_s") < epoch(FIRST - timedelta(hours=1)))
    ).sort(pl.col("parent").is_not_null(), "post")
    gone, changed = known["post"][0:2].to_list(), known["post"][2:4].to_list()
    is_gone, is_changed = pl.int_range(pl.len()).is_in(gone), pl.int_range(pl.len()).is_in(changed)
    moment = epoch(SPOILED_AT)
    told = world.posts.with_columns(
        deleted_s=pl.when(is_gone).then(moment).otherwise("deleted_s"),
        edited_s=pl.when(is_changed).then(moment).otherwise("edited_s"),
        text_edited=pl.when(is_changed).then(pl.col("text") + " (I was wrong.)").otherwise("text_edited"),
        mask_edited=pl.when(is_changed).then("mask").otherwise("mask_edited"),
        final_unseen_replies=0 * pl.col("final_unseen_replies"),  # a count of replies is one that can be read
    )
    return replace(world, posts=told)


def _answering(world: World) -> World:
    """The same world, where those who answer our own account name us, and so begin threads to be read."""
    ours = world.posts.with_row_index("post").filter(pl.col("account") == int(OWNED[MICROBLOG, 0]))["post"]
    is_inbound = pl.col("parent").is_in(ours.implode()) & (pl.col("edited_s") > epoch(LAST))
    text = pl.format("Acme Air, case {} is still open.", pl.int_range(pl.len()))
    told = world.posts.with_columns(
        text=pl.when(is_inbound).then(text).otherwise("text"), mask=pl.when(is_inbound).then(1).otherwise("mask")
    )
    return replace(world, posts=told)
