"""Posts, their author and what is gone, as X tells them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flows.sources import x
from flows.sources.base import Window
from tests.flows.sources.scripted import AS_OF

OPTIONS = x.Options(name="x", type="x")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
EPOCH = datetime(1970, 1, 1) + timedelta(milliseconds=1288834974657)


def id_at(moment: datetime) -> str:
    return str((moment - EPOCH) // timedelta(milliseconds=1) << 22)


OLD, NEW = id_at(datetime(2026, 11, 20, 8)), id_at(datetime(2026, 11, 20, 8, 20))


def post(native_id: str, **more: Any) -> dict[str, Any]:
    told = {
        "id": native_id, "text": "Acme &amp; air", "author_id": "7", "created_at": "2026-11-20T08:00:00.000Z",
        "conversation_id": native_id, "edit_history_tweet_ids": [native_id], "lang": "en",
        "public_metrics": {"like_count": 1, "reply_count": 2, "retweet_count": 3, "quote_count": 4,
                           "impression_count": 50, "bookmark_count": 0},
    }  # fmt: skip
    return told | more


ANN = {
    "id": "7", "username": "Ann", "name": "Ann A.", "created_at": "2020-01-01T00:00:00.000Z",
    "public_metrics": {"followers_count": 90, "following_count": 8, "tweet_count": 70},
}  # fmt: skip


def answer(*posts: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(posts), "includes": {"users": [ANN]}, "meta": {"result_count": len(posts)}} | more


def gone(native_id: str, problem: str = "resource-not-found", **more: Any) -> dict[str, Any]:
    kind = f"https://api.twitter.com/2/problems/{problem}"
    return {"value": native_id, "resource_id": native_id, "resource_type": "tweet", "type": kind, "title": "…"} | more


ROOT_ID = id_at(AS_OF - timedelta(days=2))
REPLY = post(
    "12", conversation_id=ROOT_ID, in_reply_to_user_id="3", referenced_tweets=[{"type": "replied_to", "id": ROOT_ID}]
)
