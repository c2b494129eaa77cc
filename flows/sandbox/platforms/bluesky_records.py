"""A Bluesky post as its author's repository holds it, and the names of posts and accounts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from flows.sandbox.platforms.stage import Author, Stage, Told

POST = "app.bsky.feed.post"
_NAMES = re.compile(r"(?<![\w@#])([@#])(\w+)")
_TID = "234567abcdefghijklmnopqrstuvwxyz"


def record_of(told: Told, uris: Sequence[str], stage: Stage) -> dict[str, Any]:
    """What the author's repository holds of a post."""
    reply = {}
    if told.parent is not None:
        refs = {"root": told.root, "parent": told.parent}
        reply = {"reply": {name: {"uri": uris[row], "cid": cid_of("")} for name, row in refs.items()}}
    return {
        "$type": POST, "text": told.text, "createdAt": iso(told.published_at), "langs": [told.language], **reply,
        "facets": list(_facets(told.text, stage)),
    }  # fmt: skip


def _facets(text: str, stage: Stage) -> Iterator[dict[str, Any]]:
    """Names that are known and tags, by bytes."""
    for found in _NAMES.finditer(text):
        sign, name = found.groups()
        if sign == "@" and name not in stage.account_of:
            continue
        start = len(text[: found.start()].encode())
        did = did_of(stage.author(stage.account_of[name], 0).native_id) if sign == "@" else ""
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
        if sign == "#":
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": name}
        yield {"index": {"byteStart": start, "byteEnd": start + len(found[0].encode())}, "features": [feature]}


def iso(moment: datetime) -> str:
    """As the lexicons write a time."""
    return moment.isoformat(timespec="milliseconds") + "Z"


def handle_of(handle: str) -> str:
    """A name of the stage as a domain, which has no underscores."""
    return f"{handle.replace('_', '-')}.sky.example"


def author_of(author: Author) -> dict[str, Any]:
    """Who wrote a post, as it stands beside it."""
    handle = handle_of(author.handle)
    return {
        "did": did_of(author.native_id), "handle": handle, "displayName": author.handle, "labels": [],
        "createdAt": iso(author.created_at), "viewer": {},
    }  # fmt: skip


def did_of(native_id: str) -> str:
    """An account's identifier, from its number on the stage."""
    return f"did:plc:{base64.b32encode(hashlib.sha256(native_id.encode()).digest()).decode().lower()[:24]}"


def cid_of(text: str) -> str:
    """What changes with every edit."""
    return f"bafyrei{base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower().rstrip('=')}"


def uri_of(stage: Stage, row: int) -> str:
    """An at:// URI; its key is a TID: microseconds and a clock's number in 13 digits of base 32."""
    number = (int(stage.published[row]) * 1_000_000 + row % 1_000_000) << 10
    key = "".join(_TID[number >> 5 * place & 31] for place in reversed(range(13)))
    return f"at://{did_of(stage.author_id(row))}/{POST}/{key}"
