"""X's posts, users and errors as they are told of a stage, with ids that hold the time."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from flows.sandbox.platforms.stage import Author, Stage, Told
from flows.sandbox.streams import epoch

PROBLEMS = "https://api.twitter.com/2/problems"
_EPOCH_MS = 1_288_834_974_657
_NAMES = re.compile(r"(?<![\w@#])([@#])(\w+)")


class Posts:
    """The posts of a stage, each under the id of its first version and, once it was edited, under a second."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.ids = [id_of(int(second), row) for row, second in enumerate(stage.published)]
        self.row = {str(number): row for row, number in enumerate(self.ids)}

    def versions(self, told: Told) -> list[int]:
        newest = [id_of(epoch(told.edited_at), told.row)] if told.edited_at else []
        return [self.ids[told.row], *newest]

    def told(self, told: Told, number: int, fields: frozenset[str]) -> dict[str, Any]:
        versions = [str(each) for each in self.versions(told)]
        seconds = (number >> 22) + _EPOCH_MS
        post = {
            "author_id": told.author.native_id, "conversation_id": str(self.ids[told.root]), "lang": told.language,
            "created_at": datetime.fromtimestamp(seconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "public_metrics": {
                "retweet_count": told.reposts, "reply_count": told.replies, "like_count": told.likes,
                "quote_count": told.quotes, "impression_count": told.views, "bookmark_count": 0,
            },
            **self._entities(told.text),
        }  # fmt: skip
        if told.parent is not None:
            post["in_reply_to_user_id"] = self._stage.author_id(told.parent)
            post["referenced_tweets"] = [{"type": "replied_to", "id": str(self.ids[told.parent])}]
        kept = {name: value for name, value in post.items() if name in fields}
        text = html.escape(told.text, quote=False)
        return {"id": str(number), "text": text, "edit_history_tweet_ids": versions, **kept}

    def _entities(self, text: str) -> dict[str, Any]:
        found: dict[str, list[dict[str, Any]]] = {}
        for name in _NAMES.finditer(text):
            place = {"start": name.start(), "end": name.end()}
            if name[1] == "#":
                found.setdefault("hashtags", []).append({**place, "tag": name[2]})
            elif (account := self._stage.account_of.get(name[2])) is not None:
                known = self._stage.author(account, 0)
                found.setdefault("mentions", []).append({**place, "username": name[2], "id": known.native_id})
        return {"entities": found} if found else {}


def id_of(second: int, row: int) -> int:
    """The id of a post that was written then; its last bits are the post's row."""
    return max(0, second * 1000 - _EPOCH_MS) << 22 | row


def row_of(native_id: str) -> int:
    """The row of the post of which this is a version; none of them has it where it is no id."""
    return int(native_id) & 0x3FFFFF if native_id.isascii() and native_id.isdigit() else -1


def told_user(author: Author, fields: frozenset[str]) -> dict[str, Any]:
    user = {
        "created_at": author.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "public_metrics": {"followers_count": author.followers, "following_count": 0, "tweet_count": 0},
    }
    kept = {name: value for name, value in user.items() if name in fields}
    return {"id": author.native_id, "name": author.handle, "username": author.handle, **kept}


def not_found(kind: str, parameter: str, value: str) -> dict[str, str]:
    return {"resource_type": kind, "parameter": parameter, "resource_id": value, "value": value,
            "title": "Not Found Error", "detail": f"Could not find {kind} with {parameter}: [{value}].",
            "type": f"{PROBLEMS}/resource-not-found"}  # fmt: skip


def wanted(request: Request, name: str) -> frozenset[str]:
    """The fields or expansions that are asked for."""
    return frozenset(request.query_params.get(name, "").split(","))
