"""Worlds for the sandbox's tests: one made once, and small ones put together post by post."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import polars as pl

from flows.sandbox.streams import epoch
from flows.sandbox.world import World

END = datetime.fromisoformat("2026-03-10T02:00")
START = datetime.fromisoformat("2026-03-01")  # of the worlds put together
NEVER = 2**63 - 1


@cache
def made(seed: int = 7, days: int = 20, scale: float = 1.0) -> World:
    """A world of the generator; frozen, so that tests may share it."""
    return World.make(seed, days, scale, end=END)


def written(*posts: dict[str, Any], days: int = 9) -> World:
    """A world of exactly these posts, in this order: Hacker News first, then the microblog, each by time.

    A post names `platform`, `account`, `at` (hours after START) and what differs from a post that names nobody,
    is in the search at once, is never edited or deleted, and reaches its final counts at once (final_<count>).
    """
    pattern = made(days=2).posts.clear()
    rows = [_row(number, post) for number, post in enumerate(posts)]
    frame = pl.DataFrame(rows, schema=pattern.schema)
    return World(0, days, 1.0, START, START + timedelta(days=days), made(days=2).accounts, frame, ())


def _row(number: int, post: dict[str, Any]) -> dict[str, Any]:
    published_at = START + timedelta(hours=post["at"])
    published = epoch(published_at)
    on_hackernews = post["platform"] == "hackernews"
    is_reply = "parent" in post
    kind = "post" if not is_reply else "comment" if on_hackernews else "reply"
    finals = ["final_points"] if on_hackernews and not is_reply else []
    finals = finals or ([] if on_hackernews else _MICROBLOG_COUNTS)
    row: dict[str, Any] = {
        "spoken": "en", "mask": 0, "title": None, "text": "nothing", "sentiment": "neutral", "intent": None,
        "edited_s": NEVER, "text_edited": None, "mask_edited": post.get("mask", 0), "platform": post["platform"],
        "native_id": str(1_000 + number), "kind": kind, "theme": "noise", "account": post["account"],
        "parent": None, "root": number, "copy_of": None, "published_s": published, "indexed_s": published,
        "deleted_s": NEVER, "is_dead": False, "link": None, "mention_id": f"{post['platform']}:{1_000 + number}",
        "published_at": published_at, "edited_at": None, "deleted_at": None, "onset_s": 0, "tau_s": 1e-30,
        **dict.fromkeys(["final_points", *_MICROBLOG_COUNTS]), **dict.fromkeys(finals, 0),
    }  # fmt: skip
    for name in ("edited", "deleted", "indexed"):
        if name in post:
            moment = START + timedelta(hours=post[name])
            row[f"{name}_s"] = epoch(moment)
            row |= {f"{name}_at": moment} if f"{name}_at" in row else {}
    known = {name: value for name, value in post.items() if name not in ("at", "edited", "deleted", "indexed")}
    if on_hackernews and not is_reply:
        row["title"] = "nothing"
        row["text"] = ""
    return row | known


_MICROBLOG_COUNTS = ["final_views", "final_likes", "final_reposts", "final_quotes", "final_unseen_replies"]
