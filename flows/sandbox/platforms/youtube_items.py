"""YouTube's resources as they are told of a stage: videos, comments and channels, with ids in YouTube's own forms."""

from __future__ import annotations

import base64
import html
from datetime import datetime
from hashlib import blake2b
from typing import Any

from starlette.responses import Response

from flows.sandbox.platforms.facade import answer
from flows.sandbox.platforms.stage import Author, Stage, Told

TITLE = "From the window seat"


class Shelf:
    """What is a video, a comment below it, or an answer below a comment, and how each is told."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.ids: list[str] = []
        for row in range(stage.size):
            self.ids.append(self._id(row))
        self.row = {native_id: row for row, native_id in enumerate(self.ids)}
        self.handle_of = {channel_id(handle): handle for handle in stage.account_of}

    def _id(self, row: int) -> str:
        """Of a video 11 characters, of a comment 26; an answer's begins with that of the comment that it is below."""
        if self._stage.parent(row) is None:
            return _letters(f"video {row}", 8)
        own = f"Ug{_letters(f'comment {row}', 18)[:18]}4AaABAg"[:26]
        return own if self.top(row) == row else f"{self.ids[self.top(row)]}.{_letters(f'answer {row}', 16)[:22]}"

    def top(self, row: int) -> int:
        """The row of the comment that a comment stands below: its own where it stands below the video."""
        parent = self._stage.parent(row)
        while parent is not None and self._stage.parent(parent) is not None:
            row, parent = parent, self._stage.parent(parent)
        return row

    def is_shown(self, row: int, now: datetime) -> bool:
        """Whether it is public: with a video or a comment goes all that stands below it."""
        return all(self._stage.is_public(each, now) for each in {row, self.top(row), self._stage.root(row)})

    def video(self, told: Told, parts: frozenset[str]) -> dict[str, Any]:
        snippet = self.snippet(told)
        statistics = {"viewCount": str(told.views), "likeCount": str(told.likes), "favoriteCount": "0",
                      "commentCount": str(told.replies)}  # fmt: skip
        kept = {"snippet": snippet, "statistics": statistics}
        return resource("video", self.ids[told.row], {name: kept[name] for name in kept if name in parts})

    def snippet(self, told: Told) -> dict[str, Any]:
        """Of a video. Its channel's title is its handle, as many a channel's is."""
        handle = told.author.handle
        return {"publishedAt": iso(told.published_at), "channelId": channel_id(handle), "title": TITLE,
                "description": told.text, "channelTitle": f"@{handle}", "liveBroadcastContent": "none"}  # fmt: skip

    def comment(self, told: Told, *, is_plain: bool, with_video: bool = False) -> dict[str, Any]:
        shown = told.text if is_plain else html.escape(told.text, quote=False).replace("\n", "<br>")
        snippet = {
            "authorDisplayName": f"@{told.author.handle}", "authorChannelId": {"value": channel_id(told.author.handle)},
            "textDisplay": shown, "canRate": True, "viewerRating": "none", "likeCount": told.likes,
            "publishedAt": iso(told.published_at), "updatedAt": iso(told.edited_at or told.published_at),
        }  # fmt: skip
        if self.top(told.row) != told.row:
            snippet["parentId"] = self.ids[self.top(told.row)]
        if with_video:
            snippet["videoId"] = self.ids[told.root]
        return resource("comment", self.ids[told.row], {"snippet": snippet})

    def channel(self, author: Author, parts: frozenset[str]) -> dict[str, Any]:
        native_id = channel_id(author.handle)
        kept = {
            "snippet": {"title": f"@{author.handle}", "customUrl": f"@{author.handle}",
                        "publishedAt": iso(author.created_at)},
            "statistics": {"viewCount": "0", "subscriberCount": rounded(author.followers),
                           "hiddenSubscriberCount": False, "videoCount": "1"},
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{native_id[2:]}"}},
        }  # fmt: skip
        return resource("channel", native_id, {name: kept[name] for name in kept if name in parts})


def resource(kind: str, native_id: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """What every resource begins with, then its parts."""
    etag = _letters(f"{kind} {native_id} {parts}", 16)
    return {"kind": f"youtube#{kind}", "etag": etag, "id": native_id, **parts}


def refused(status: int, reason: str, message: str) -> Response:
    """As Google's APIs word an error."""
    errors = [{"message": message, "domain": "youtube", "reason": reason}]
    return answer({"error": {"code": status, "message": message, "errors": errors}}, status)


def channel_id(handle: str) -> str:
    """UC and 22 characters."""
    return f"UC{_letters(handle, 16)[:22]}"


def rounded(subscribers: int) -> str:
    """Three figures of it, downwards: no more is told since 2019."""
    step = 10 ** max(0, len(str(subscribers)) - 3)
    return str(subscribers // step * step)


def iso(moment: datetime) -> str:
    """As all times are written."""
    return moment.isoformat(timespec="seconds") + "Z"


def _letters(seed: str, size: int) -> str:
    """Characters that look drawn, and are the same for the same seed."""
    return base64.urlsafe_b64encode(blake2b(seed.encode(), digest_size=size).digest()).decode().rstrip("=")
