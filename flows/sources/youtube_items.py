"""YouTube's videos, comments and channels as records, and what an answer lists.

Counts are strings, and absent where they are hidden: then nothing is told, which is not 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.plain_text import from_html
from flows.sources.threads import reply_edges

PLATFORM = "youtube"
SITE = "https://www.youtube.com"


_FIELDS = "contentDetails error etag id items kind nextPageToken pageInfo snippet statistics totalReplyCount videoId"
KNOWN = frozenset(_FIELDS.split())
"""Fields of items that are read, or left out on purpose; an answer that lists nothing may be an item too."""


class _Answer(msgspec.Struct):
    items: list[Any] = []
    next_token: str | None = msgspec.field(name="nextPageToken", default=None)


def listed(page: Page) -> list[Any]:
    """What an answer lists; nothing where it is a refusal. Raises SourceError where it is no answer at all."""
    answer: _Answer = page.json(_Answer)
    return answer.items


def next_token(page: Page) -> str | None:
    """Where the next page is."""
    answer: _Answer = page.json(_Answer)
    return answer.next_token


def at(value: Any, *path: str) -> Any:
    """What stands at a path of keys; None where it is not there."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def records_of(item: Mapping[str, Any], page: Page) -> list[records.Record]:
    """Of a video, a comment or a channel. Raises KeyError or ValueError where it is none."""
    kind = item["kind"]
    if kind == "youtube#video":
        return _video(item, page)
    if kind == "youtube#comment":
        return _comment(item, page)
    if kind == "youtube#channel":
        return _channel(item, page)
    raise ValueError(f"kind {str(kind)[:40]!r} is no video, comment or channel")


def _video(item: Mapping[str, Any], page: Page) -> list[records.Record]:
    snippet, told = item["snippet"], item.get("statistics") or {}
    native_id, channel = item["id"], snippet.get("channelId")
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="post",
        author_id=f"{PLATFORM}:{channel}" if channel else None,
        text="\n\n".join(
            part for part in (snippet["title"].strip(), (snippet.get("description") or "").strip()) if part
        ),
        url=f"{SITE}/watch?v={native_id}",
        language_reported=snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage"),
        published_at=utc(snippet["publishedAt"]),
        root_id=f"{PLATFORM}:{native_id}",
        media_formats=["video"],
    )
    counts = {
        "likes": _count(told.get("likeCount")),
        "replies": _count(told.get("commentCount")),
        "views": _count(told.get("viewCount")),
    }
    return [mention, *_snapshot(mention, page, counts), *_account(channel, snippet.get("channelTitle"))]


def _comment(item: Mapping[str, Any], page: Page) -> list[records.Record]:
    snippet = item["snippet"]
    native_id, parent = item["id"], snippet.get("parentId")
    video = snippet.get("videoId") or item.get("videoId")
    author, published_at = at(snippet, "authorChannelId", "value"), utc(snippet["publishedAt"])
    updated_at = utc(snippet.get("updatedAt") or snippet["publishedAt"])
    target = parent or video
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="reply" if parent else "comment",
        author_id=f"{PLATFORM}:{author}" if author else None,
        text=_said(snippet, page),
        url=f"{SITE}/watch?v={video}&lc={native_id}" if video else None,
        published_at=published_at,
        edited_at=updated_at if updated_at > published_at else None,
        parent_id=f"{PLATFORM}:{target}" if target else None,
        root_id=f"{PLATFORM}:{video}" if video else None,
    )
    counts = {"likes": _count(snippet.get("likeCount")), "replies": _count(item.get("totalReplyCount"))}
    return [
        mention,
        *_snapshot(mention, page, counts),
        *_account(author, snippet.get("authorDisplayName")),
        *reply_edges(mention),
    ]


def _said(snippet: Mapping[str, Any], page: Page) -> str:
    """As it was typed, where that is told; else as it is shown, which is HTML unless plain text was asked for."""
    if "textOriginal" in snippet:
        text: str = snippet["textOriginal"]
        return text.strip()
    shown: str = snippet["textDisplay"]
    return shown.strip() if "textFormat=plainText" in page.request else from_html(shown)


def _channel(item: Mapping[str, Any], page: Page) -> list[records.Record]:
    snippet, told = item["snippet"], item.get("statistics") or {}
    account_id = f"{PLATFORM}:{item['id']}"
    created = snippet.get("publishedAt")
    followers = None if told.get("hiddenSubscriberCount") else _count(told.get("subscriberCount"))
    return [
        records.Account(
            account_id=account_id,
            platform=PLATFORM,
            native_id=item["id"],
            handle=(snippet.get("customUrl") or "").removeprefix("@").lower() or None,
            display_name=snippet.get("title"),
            url=f"{SITE}/channel/{item['id']}",
            created_at=utc(created) if created else None,
        ),
        records.AccountSnapshot(
            account_id=account_id, captured_at=page.as_of, followers=followers, posts=_count(told.get("videoCount"))
        ),
    ]


def _account(channel: str | None, name: str | None) -> list[records.Record]:
    if not channel:
        return []
    handle = name.removeprefix("@").lower() if name and name.startswith("@") else None
    return [
        records.Account(
            account_id=f"{PLATFORM}:{channel}",
            platform=PLATFORM,
            native_id=channel,
            handle=handle,
            display_name=name,
            url=f"{SITE}/channel/{channel}",
        )
    ]


def _snapshot(mention: records.Mention, page: Page, counts: dict[str, int | None]) -> list[records.Record]:
    if all(count is None for count in counts.values()):
        return []
    age = age_hours(page, mention.published_at)
    return [records.EngagementSnapshot(mention_id=mention.mention_id, captured_at=page.as_of, age_hours=age, **counts)]


def _count(told: Any) -> int | None:
    """A count, which videos and channels tell as a string of digits. Raises ValueError where it is none."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 20:
        return int(told)
    if told is None or (isinstance(told, int) and not isinstance(told, bool)):
        return told
    raise ValueError(f"a {type(told).__name__} that is no count")
