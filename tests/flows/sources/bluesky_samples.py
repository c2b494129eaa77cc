"""Posts and threads as Bluesky's app view tells them."""

from __future__ import annotations

from typing import Any

from flows.sources import bluesky

OPTIONS = bluesky.Options(name="bluesky", type="bluesky", identifier="asker.example")
ANN, BOB = "did:plc:ann", "did:plc:bob"


def uri(key: str, did: str = ANN) -> str:
    return f"at://{did}/app.bsky.feed.post/{key}"


def post(key: str = "1", at: str = "2026-11-20T08:00:00.000Z", did: str = ANN, **record: Any) -> dict[str, Any]:
    return {
        "uri": uri(key, did), "cid": "c", "author": {"did": did, "handle": f"{did[-3:]}.example", "labels": []},
        "record": {"$type": "app.bsky.feed.post", "text": "acme", "createdAt": at, **record},
        "replyCount": 0, "repostCount": 2, "likeCount": 3, "quoteCount": 1, "bookmarkCount": 4, "indexedAt": at,
    }  # fmt: skip


def node(of: dict[str, Any], *replies: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.defs#threadViewPost", "post": of, "replies": list(replies)}


def under(parent: str, root: str) -> dict[str, Any]:
    return {"reply": {"parent": {"uri": parent, "cid": "c"}, "root": {"uri": root, "cid": "c"}}}


REPLY = post("2", "2026-11-20T09:00:00Z", BOB, **under(uri("1"), uri("1")))
