"""YouTube's Data API v3: a stage's first posts as videos with the texts as descriptions, all answers as comments.

From https://developers.google.com/youtube/v3/docs, its pages on search.list, videos.list, channels.list,
playlistItems.list, commentThreads.list, comments.list and errors, and /getting-started#quota. Search knows videos
alone and reaches 500 of them; an answer to an answer stands below the same comment, as there are two levels only.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import BadQueryError, Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage
from flows.sandbox.platforms.youtube_items import TITLE, Shelf, iso, refused, resource
from flows.sandbox.streams import epoch

KEY = "an-api-key-of-the-sandbox"
SYNTAX = Syntax(either="|", negation="", brackets=False, longest=10_000)
REACHABLE, MOST, MOST_COMMENTS, SHOWN_ANSWERS = 500, 50, 100, 5
_LISTS = {"part", "maxResults", "pageToken", "key"}
_TAKEN = {
    "search": _LISTS | {"q", "type", "order", "publishedAfter", "publishedBefore", "channelId", "relevanceLanguage"},
    "videos": _LISTS | {"id"},
    "channels": _LISTS | {"id", "forHandle"},
    "playlistItems": _LISTS | {"id", "playlistId"},
    "commentThreads": _LISTS | {"id", "videoId", "order", "searchTerms", "textFormat"},
    "comments": _LISTS | {"id", "parentId", "textFormat"},
}


class RefusalError(Exception):
    """An error of the API: its status, reason and message."""


class YouTube:
    """What the API lists."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._shelf = Shelf(stage)

    async def search(self, request: Request) -> Response:
        asked, now = request.query_params, self._now()
        if asked.get("type") != "video" or asked.get("order") != "date":
            raise RefusalError(400, "invalidParameter", "here only videos by date can be searched")
        try:
            matches = compiled(asked.get("q", ""), SYNTAX)
        except BadQueryError as error:
            raise RefusalError(400, "invalidParameter", str(error)) from None
        first, last = _moment(request, "publishedAfter"), _moment(request, "publishedBefore")
        rows = [
            row
            for row in self._stage.within(None, None, now)
            if self._stage.parent(row) is None
            and (first is None or self._stage.published[row] >= epoch(first))
            and (last is None or self._stage.published[row] <= epoch(last))
            and matches(f"{TITLE}\n{self._stage.text(row, now)}")
        ]

        def result(row: int) -> dict[str, Any]:
            told = next(self._stage.tell([row], now))
            snippet = self._shelf.snippet(told)
            snippet["description"] = snippet["description"][:120]
            named = {"kind": "youtube#video", "videoId": self._shelf.ids[row]}
            return resource("searchResult", named, {"snippet": snippet} if "snippet" in _parts(request) else {})

        return _page(request, "search", rows[:REACHABLE], result, 5, MOST)

    async def videos(self, request: Request) -> Response:
        rows = [row for row in self._named(request, MOST) if self._stage.parent(row) is None]
        told = self._stage.tell(rows, self._now())
        return _listed("video", [self._shelf.video(each, _parts(request)) for each in told])

    def _named(self, request: Request, most: int) -> list[int]:
        """The rows of those ids that are shown; of the others the API says nothing."""
        ids = [each for each in request.query_params.get("id", "").split(",") if each]
        if not ids:
            raise RefusalError(400, "missingRequiredParameter", "No filter selected.")
        if len(ids) > most:
            raise RefusalError(400, "invalidParameter", "id")
        rows = [self._shelf.row.get(each) for each in ids]
        return [row for row in rows if row is not None and self._shelf.is_shown(row, self._now())]

    async def channels(self, request: Request) -> Response:
        asked, known = request.query_params, {name.lower(): name for name in self._stage.account_of}
        if "forHandle" in asked:
            named = known.get(asked["forHandle"].removeprefix("@").lower())
            handles = [named] if named else []
        else:
            found = [self._shelf.handle_of.get(each) for each in asked.get("id", "").split(",")[:MOST]]
            handles = [each for each in found if each]
        authors = [self._stage.account(handle, self._now()) for handle in handles]
        return _listed("channel", [self._shelf.channel(each, _parts(request)) for each in authors if each])

    async def playlist_items(self, request: Request) -> Response:
        """Of a channel's uploads, newest first; a channel without any has no such list."""
        playlist = request.query_params.get("playlistId", "")
        handle = self._shelf.handle_of.get(f"UC{playlist[2:]}", "")
        rows = [row for row in self._stage.written_by(handle, self._now()) if self._stage.parent(row) is None]
        if not (rows and playlist.startswith("UU")):
            raise RefusalError(404, "playlistNotFound", "The playlist identified with the request cannot be found.")

        def uploaded(row: int) -> dict[str, Any]:
            told = next(self._stage.tell([row], self._now()))
            content = {"videoId": self._shelf.ids[row], "videoPublishedAt": iso(told.published_at)}
            return resource("playlistItem", f"{playlist}.{self._shelf.ids[row]}", {"contentDetails": content})

        return _page(request, "playlistItem", rows, uploaded, 5, MOST)

    async def threads(self, request: Request) -> Response:
        asked, now = request.query_params, self._now()
        if "id" in asked:
            rows = [row for row in self._named(request, MOST) if self._shelf.top(row) == row]
        else:
            video = self._shelf.row.get(asked.get("videoId", ""))
            if video is None or not self._shelf.is_shown(video, now):
                raise RefusalError(404, "videoNotFound", "The video identified by the videoId parameter is not there.")
            below = self._stage.thread(video, now)[::-1]
            rows = [row for row in below if row != video and self._shelf.top(row) == row]
        return _page(request, "commentThread", rows, lambda row: self._thread(request, row), 20, MOST_COMMENTS)

    def _thread(self, request: Request, row: int) -> dict[str, Any]:
        plain, below = request.query_params.get("textFormat") == "plainText", self._answers(row)
        top = next(self._stage.tell([row], self._now()))
        video = self._shelf.ids[top.root]
        kept: dict[str, Any] = {"snippet": {
            "videoId": video, "topLevelComment": self._shelf.comment(top, is_plain=plain, with_video=True),
            "canReply": True, "totalReplyCount": top.replies, "isPublic": True,
        }}  # fmt: skip
        if below and "replies" in _parts(request):
            shown = self._stage.tell(below[:SHOWN_ANSWERS], self._now())
            told = [self._shelf.comment(each, is_plain=plain, with_video=True) for each in shown]
            kept["replies"] = {"comments": told}
        return resource("commentThread", self._shelf.ids[row], kept)

    def _answers(self, row: int) -> list[int]:
        thread = self._stage.thread(self._stage.root(row), self._now())
        return [each for each in thread if each not in (row, self._stage.root(row)) and self._shelf.top(each) == row]

    async def comments(self, request: Request) -> Response:
        """By their ids, or all below one; neither says which video they stand below."""
        parent = self._shelf.row.get(request.query_params.get("parentId", ""))
        if "parentId" in request.query_params:
            if parent is None or not self._shelf.is_shown(parent, self._now()):
                raise RefusalError(404, "commentNotFound", "The comment with the given ID could not be found.")
            rows = self._answers(parent)
        else:
            rows = [row for row in self._named(request, MOST_COMMENTS) if self._stage.parent(row) is not None]
        plain = request.query_params.get("textFormat") == "plainText"

        def told(row: int) -> dict[str, Any]:
            return self._shelf.comment(next(self._stage.tell([row], self._now())), is_plain=plain)

        if "id" in request.query_params:  # then maxResults is not supported, and all are told
            return _listed("comment", [told(row) for row in rows])
        return _page(request, "comment", rows, told, 20, MOST_COMMENTS)


def _page(
    request: Request, kind: str, rows: Sequence[int], show: Callable[[int], dict[str, Any]], unasked: int, most: int
) -> Response:
    """One page; tokens say where the next begins."""
    asked, token = request.query_params, re.fullmatch(r"CA(\d+)QAA", request.query_params.get("pageToken", "CA0QAA"))
    size = asked.get("maxResults", str(unasked))
    if not (size.isdigit() and int(size) <= most):
        raise RefusalError(
            400, "invalidParameter", f"Invalid value '{size}'. Values must be within the range: [0, {most}]"
        )
    if token is None:
        raise RefusalError(400, "invalidPageToken", "The request specifies an invalid page token.")
    start, end = int(token[1]), int(token[1]) + int(size)
    more = {"nextPageToken": f"CA{end}QAA"} if end < len(rows) else {}
    info = {"totalResults": len(rows), "resultsPerPage": int(size)}
    return _listed(kind, [show(row) for row in rows[start:end]], {**more, "pageInfo": info})


def _listed(kind: str, items: list[dict[str, Any]], more: dict[str, Any] | None = None) -> Response:
    return answer({"kind": f"youtube#{kind}ListResponse", "etag": "none", **(more or {}), "items": items})


def _parts(request: Request) -> frozenset[str]:
    return frozenset(request.query_params.get("part", "").split(","))


def _moment(request: Request, name: str) -> datetime | None:
    told = request.query_params.get(name)
    try:
        return datetime.fromisoformat(told).astimezone(UTC).replace(tzinfo=None) if told else None
    except ValueError:
        raise RefusalError(400, "invalidParameter", name) from None


def routes(stage: Stage, now: Now) -> list[Route]:
    """All methods; without a key, or with a parameter that is none, nothing is answered."""
    youtube = YouTube(stage, now)
    methods: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "search": youtube.search, "videos": youtube.videos, "channels": youtube.channels,
        "playlistItems": youtube.playlist_items, "commentThreads": youtube.threads, "comments": youtube.comments,
    }  # fmt: skip

    def guarded(name: str, answering: Callable[[Request], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            asked = request.query_params
            try:
                if "key" not in asked:
                    raise RefusalError(403, "forbidden", "The request is missing a valid API key.")
                if asked["key"] != KEY:
                    raise RefusalError(400, "badRequest", "API key not valid. Please pass a valid API key.")
                if unknown := set(asked) - _TAKEN[name]:
                    raise RefusalError(400, "invalidParameter", f'Unknown name "{min(unknown)}"')
                if not asked.get("part"):
                    raise RefusalError(400, "missingRequiredParameter", "No part parameter specified.")
                return await answering(request)
            except RefusalError as error:
                return refused(*error.args)

        return guard

    return [Route(f"/youtube/v3/{name}", guarded(name, answering)) for name, answering in methods.items()]


_QUOTA = "https://developers.google.com/youtube/v3/determine_quota_cost"
FACADE = Facade(
    platform="youtube",
    routes=routes,
    limits=lambda: [
        Limit(100, 86_400, f"{_QUOTA}: search.list, a day", r"/search\?"),
        Limit(10_000, 86_400, f"{_QUOTA}: all other methods, a day, one unit each", r"^GET (?!.*/search\?)"),
    ],
    options={"base_url": "{url}/youtube/v3"},
    secrets={"api_key": KEY},
    refusal=lambda _limit: refused(403, "quotaExceeded", "The request cannot be completed: quota exceeded."),
    tells={"views": "views", "likes": "likes", "replies": "replies"},
    tells_of_replies={"likes": "likes", "replies": "replies"},
    tells_at_times=frozenset({"replies"}),  # of a comment only where its thread is read
    finds_replies=False,
    said=lambda told: told.text if told.parent is not None else f"{TITLE}\n\n{told.text}",
)
