"""What Hacker News tells of one item: a hit of Algolia's search, or an item of Firebase."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import msgspec

from flows import records
from flows.sources.base import Page, Parsed, SourceOptions, parse_items
from flows.sources.moments import utc
from flows.sources.plain_text import from_html
from flows.sources.threads import reply_edges

PLATFORM = "hackernews"
SITE = "https://news.ycombinator.com"
HIT_FIELDS = frozenset(
    {
        "_highlightResult", "_tags", "author", "children", "comment_text", "created_at", "created_at_i", "num_comments",
        "objectID", "parent_id", "parts", "points", "relevancy_score", "story_id", "story_text", "story_title",
        "story_url", "text", "title", "updated_at", "url",
    }
)  # fmt: skip
ITEM_FIELDS = frozenset(
    {
        "by", "dead", "deleted", "descendants", "id", "kids", "parent", "parts", "poll", "score", "text", "time",
        "title", "type", "url",
    }
)  # fmt: skip
"""What hits and items are known to have, mapped or left out on purpose."""


def items(page: Page) -> Sequence[bytes]:
    """The hits of a search, or the one item of a refresh (none where Firebase says null)."""
    if page.verb == "refresh":
        return [] if page.body.strip() in (b"null", b"") else [page.body]
    answer: Answer = page.json(Answer)
    return [bytes(hit) for hit in answer.hits]


def wrap(page: Page, found: Sequence[bytes]) -> bytes:
    """A search's answer with these hits, or the answer of a refresh, which is its item."""
    return found[0] if page.verb == "refresh" else b'{"hits":[' + b",".join(found) + b'],"nbHits":%d}' % len(found)


def parse(page: Page, _options: SourceOptions) -> Parsed:
    """Mentions, counts, accounts and reply edges of one page."""
    parse_one, known = (_parse_item, ITEM_FIELDS) if page.verb == "refresh" else (_parse_hit, HIT_FIELDS)
    return parse_items(page, items(page), parse_one, known)


class Answer(msgspec.Struct):
    """A search's answer; the hits stay as they are, so that one that cannot be read loses no other."""

    hits: list[msgspec.Raw]
    count: records.Count = msgspec.field(name="nbHits")


def _parse_hit(hit: dict[str, Any], page: Page) -> list[records.Record]:
    tags = hit.get("_tags") or []
    is_comment = hit.get("comment_text") is not None or "comment" in tags
    body = hit.get("comment_text") if is_comment else hit.get("story_text") or hit.get("text")
    return _records(
        page,
        native_id=hit["objectID"],
        kind="comment" if is_comment else "poll" if "poll" in tags else "post",
        author=hit.get("author"),
        title=None if is_comment else hit.get("title") or hit.get("story_title"),
        body=body,
        link=None if is_comment else hit.get("url") or None,
        created=hit["created_at_i"] if "created_at_i" in hit else hit["created_at"],
        parent=hit.get("parent_id"),
        root=hit.get("story_id") if is_comment else hit["objectID"],
        points=hit.get("points"),
        comments=hit.get("num_comments"),
    )


def _parse_item(item: dict[str, Any], page: Page) -> list[records.Record]:
    if item.get("deleted") or item.get("dead"):
        return [
            records.Deletion(
                mention_id=f"{PLATFORM}:{item['id']}",
                platform=PLATFORM,
                deleted_at=page.as_of,
                reason="deleted" if item.get("deleted") else "removed",
            )
        ]
    is_comment = item["type"] == "comment"
    return _records(
        page,
        native_id=str(item["id"]),
        kind="comment" if is_comment else "poll" if item["type"] == "poll" else "post",
        author=item.get("by"),
        title=item.get("title"),
        body=item.get("text"),
        link=item.get("url") or None,
        created=item["time"],
        parent=item.get("parent"),
        root=None if is_comment else item["id"],  # a comment's story is not told: what search told stays
        points=item.get("score"),
        comments=item.get("descendants"),
    )


def _records(
    page: Page,
    *,
    native_id: str,
    kind: records.Kind,
    author: str | None,
    title: str | None,
    body: str | None,
    link: str | None,
    created: int | str,
    parent: int | str | None,
    root: int | str | None,
    points: int | None,
    comments: int | None,
) -> list[records.Record]:
    published_at = utc(created)
    mention_id = f"{PLATFORM}:{native_id}"
    author_id = f"{PLATFORM}:{author}" if author else None
    parent_id = f"{PLATFORM}:{parent}" if parent else None
    text = "\n\n".join(part for part in (html.unescape(title or ""), from_html(body or "")) if part)
    mention = records.Mention(
        mention_id=mention_id,
        platform=PLATFORM,
        native_id=native_id,
        kind=kind,
        author_id=author_id,
        text=text,
        url=f"{SITE}/item?id={native_id}",
        published_at=published_at,
        parent_id=parent_id,
        root_id=f"{PLATFORM}:{root}" if root else None,
        links=[link] if link else [],
        media_formats=["link"] if link else [],
    )
    rows: list[records.Record] = [mention]
    if kind != "comment":
        age = (page.as_of - published_at).total_seconds() / 3600
        rows.append(
            records.EngagementSnapshot(
                mention_id=mention_id, captured_at=page.as_of, age_hours=age, upvotes=points, replies=comments
            )
        )
    if author and author_id:
        rows.append(
            records.Account(
                account_id=author_id,
                platform=PLATFORM,
                native_id=author,
                handle=author.lower(),
                url=f"{SITE}/user?id={author}",
            )
        )
    return [*rows, *reply_edges(mention)]
