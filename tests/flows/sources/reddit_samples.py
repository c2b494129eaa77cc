"""Things of Reddit to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flows.sources import reddit

OPTIONS = reddit.Options(name="reddit", type="reddit")
START = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())


def post(number: int, created: int = START, **more: Any) -> dict[str, Any]:
    data = {
        "id": f"{number}", "name": f"t3_{number}", "author": "Ann_1", "title": "Acme", "selftext": "", "is_self": True,
        "created_utc": float(created), "score": 7, "num_comments": 2, "permalink": f"/r/a/comments/{number}/acme/",
    }  # fmt: skip
    return {"kind": "t3", "data": data | more}


def comment(number: int, replies: Any = "", parent: str = "t3_1", **more: Any) -> dict[str, Any]:
    data = {
        "id": f"{number}", "name": f"t1_{number}", "author": "Bob", "body": "ask u/acme_air", "parent_id": parent,
        "link_id": "t3_1", "created_utc": float(START + number), "score": 3, "edited": False, "replies": replies,
    }  # fmt: skip
    return {"kind": "t1", "data": data | more}


def listing(*things: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(things), "after": after}}
