"""The comments of a YouTube video: threads, and the answers that a thread does not show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.base import Client, Page, Parsed, parse_items
from flows.sources.threads import with_thread
from flows.sources.youtube_items import KNOWN, PLATFORM, at, listed, next_token, records_of

PAGE = 100
MOST_ANSWERS = 50  # pages of answers to one comment; YouTube takes no more than 500 answers
LIST = "youtube#commentThreadListResponse"
_PLAIN: dict[str, str | int] = {"textFormat": "plainText", "maxResults": PAGE}


async def read_thread(client: Client, root_url: str, native_id: str, *, most_pages: int) -> AsyncIterator[Page]:
    """All comments of a video, or of the video that a comment stands below; nothing where either is gone.

    The page that ends a thread comes after the answers that its comments do not show, so that none is missing then.
    """
    video = native_id if len(native_id) == 11 else await _video_of(client, root_url, native_id)
    if video is None:
        return
    url, number = f"{root_url}/commentThreads", 0

    async def fetch(token: str | None) -> Page:
        asked = {"part": "snippet,replies", "videoId": video, "order": "time", **_PLAIN}
        return await client.get(url, {**asked, **({"pageToken": token} if token else {})}, allow_status=(403, 404))

    def following(page: Page) -> str | None:
        return next_token(page) if number < most_pages else None

    async for page in paginate.follow(fetch, following, lambda page: [page.body], max_pages=most_pages):
        number += 1
        if page.status == 404:
            return
        if page.status == 403 and not _is_closed(page):
            raise SourceError(PLATFORM, f"{page.request} is refused ({_reason(page)}); check the key and its quota")
        for thread in listed(page):
            if _hides_answers(thread):
                async for answers in _answers(client, root_url, at(thread, "id")):
                    yield answers
        yield page


async def _video_of(client: Client, root_url: str, comment: str) -> str | None:
    top = comment.partition(".")[0]  # an answer's id begins with that of the comment it stands below
    page = await client.get(f"{root_url}/commentThreads", {"part": "snippet", "id": top}, allow_status=(403, 404))
    found = [at(thread, "snippet", "videoId") for thread in listed(page)]
    return found[0] if found and isinstance(found[0], str) else None


def _hides_answers(thread: Any) -> bool:
    total, shown = at(thread, "snippet", "totalReplyCount"), at(thread, "replies", "comments") or []
    is_told = isinstance(total, int) and isinstance(shown, list) and isinstance(at(thread, "id"), str)
    return is_told and total > len(shown)


async def _answers(client: Client, root_url: str, comment: str) -> AsyncIterator[Page]:
    async def fetch(token: str | None) -> Page:
        asked = {"part": "snippet", "parentId": comment, **_PLAIN, **({"pageToken": token} if token else {})}
        return await client.get(f"{root_url}/comments", asked, allow_status=(404,))

    async for page in paginate.follow(fetch, next_token, items_of, max_pages=MOST_ANSWERS):
        yield page


def _reason(page: Page) -> str:
    errors = at(page.json(), "error", "errors")
    reason = at(errors[0], "reason") if isinstance(errors, list) and errors else None
    return reason[:60] if isinstance(reason, str) else "no reason told"


def _is_closed(page: Page) -> bool:
    """Comments are turned off: there are none, and that is the answer."""
    return page.status == 403 and _reason(page) == "commentsDisabled"


def items_of(page: Page) -> Sequence[bytes]:
    """What an answer lists, a thread as the comments that it shows. A video without comments is told by one item."""
    return [msgspec.json.encode(part) for part in _told(page)] or ([page.body] if _root_of(page) else [])


def _told(page: Page) -> list[Any]:
    return [part for each in listed(page) for part in _parts(each)]


def _parts(item: Any) -> list[Any]:
    """A thread's comments, each with what only the thread tells of it; anything else as it is."""
    top = at(item, "snippet", "topLevelComment")
    if at(item, "kind") != "youtube#commentThread" or not isinstance(top, dict):
        return [item]
    video, answers = at(item, "snippet", "videoId"), at(item, "replies", "comments")
    shown = answers if isinstance(answers, list) else []
    below = [{**each, "videoId": video} if isinstance(each, dict) else each for each in shown]
    return [{**top, "videoId": video, "totalReplyCount": at(item, "snippet", "totalReplyCount")}, *below]


def _root_of(page: Page) -> str | None:
    """The video whose threads were asked for; None where something else was."""
    asked = urlsplit(page.request.partition(" ")[2])
    videos = parse_qs(asked.query).get("videoId")
    return videos[0] if page.verb == "context" and asked.path.endswith("/commentThreads") and videos else None


def parse_page(page: Page) -> Parsed:
    """Records of one page, and how far its thread was read."""
    video = _root_of(page)
    if video is None:
        return parse_items(page, _told(page), records_of, KNOWN)
    comments = _told(page)
    read = records_of if comments else lambda _item, _page: []
    parsed = parse_items(page, comments or [page.body], read, KNOWN)
    root_id, is_last = f"{PLATFORM}:{video}", next_token(page) is None
    return with_thread(parsed, page, root_id=root_id, replies_read=len(comments), is_complete=is_last)
