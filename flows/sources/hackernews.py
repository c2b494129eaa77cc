"""Hacker News: search by Algolia, refresh by Firebase. No credentials.

Comments never have points (vendor: points are null for comments), so a comment has no snapshot.
Search: https://hn.algolia.com/api; items: https://github.com/HackerNews/API.
"""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from pydantic import HttpUrl

from flows import records, topics
from flows.sources.base import Client, Page, Parsed, RateLimit, Source, SourceOptions, Topic, Window, parse_items
from flows.sources.plain_text import from_html

PLATFORM = "hackernews"
REACHABLE = 1000  # hits of one query that Algolia gives, whatever nbHits says
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


class Options(SourceOptions):
    """`base_url` and `items_url` are for a proxy or a sandbox of your own."""

    type: Literal["hackernews"]
    base_url: HttpUrl = HttpUrl("https://hn.algolia.com/api/v1")
    items_url: HttpUrl = HttpUrl("https://hacker-news.firebaseio.com/v0")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Stories and comments of the window that may match; Algolia has no OR, so each alternative is its own search."""
    alternatives = topics.search_terms(topics.parse(topic.query))
    for words in dict.fromkeys(_words(alternative) for alternative in alternatives):
        async for page in _search(client, options, {"query": words, "tags": "(story,comment,poll)"}, window):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """All that one account wrote in the window."""
    async for page in _search(client, options, {"query": "", "tags": f"(story,comment,poll),author_{account}"}, window):
        yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts, edits and deletions of known items: one request each, as Firebase has no batches."""
    for native_id in ids:
        yield await client.get(f"{_root(options.items_url)}/item/{native_id}.json")


async def _search(
    client: Client, options: Options, search: dict[str, str | int], window: Window
) -> AsyncIterator[Page]:
    """One query over one window, halved where more match than can be reached."""
    page = await client.get(
        f"{_root(options.base_url)}/search_by_date",
        {
            **search,
            "numericFilters": f"created_at_i>={_epoch(window.start)},created_at_i<{_epoch(window.end)}",
            "hitsPerPage": REACHABLE,
            "advancedSyntax": "true",
            "typoTolerance": "false",
        },
    )
    answer: _Answer = page.json(_Answer)
    hits = max(answer.count, len(answer.hits))
    if hits < REACHABLE:
        yield page
    elif _epoch(window.end) - _epoch(window.start) <= 1:
        yield msgspec.structs.replace(page, lost_items=hits - len(answer.hits))
    else:
        middle = window.start + timedelta(seconds=(_epoch(window.end) - _epoch(window.start)) // 2)
        for half in (Window(window.start, middle), Window(middle, window.end)):
            async for found in _search(client, options, search, half):
                yield found


def items(page: Page) -> Sequence[bytes]:
    """The hits of a search, or the one item of a refresh (none where Firebase says null)."""
    if page.verb == "refresh":
        return [] if page.body.strip() in (b"null", b"") else [page.body]
    answer: _Answer = page.json(_Answer)
    return [bytes(hit) for hit in answer.hits]


def wrap(page: Page, found: Sequence[bytes]) -> bytes:
    """A search's answer with these hits, or the answer of a refresh, which is its item."""
    return found[0] if page.verb == "refresh" else b'{"hits":[' + b",".join(found) + b'],"nbHits":%d}' % len(found)


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, counts, accounts and reply edges of one page."""
    parse_one, known = (_parse_item, ITEM_FIELDS) if page.verb == "refresh" else (_parse_hit, HIT_FIELDS)
    return parse_items(page, items(page), parse_one, known)


class _Answer(msgspec.Struct):
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
    published_at = _time(created)
    mention_id = f"{PLATFORM}:{native_id}"
    author_id = f"{PLATFORM}:{author}" if author else None
    parent_id = f"{PLATFORM}:{parent}" if parent else None
    text = "\n\n".join(part for part in (html.unescape(title or ""), from_html(body or "")) if part)
    rows: list[records.Record] = [
        records.Mention(
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
    ]
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
    if parent_id:
        rows.append(
            records.Interaction(
                mention_id=mention_id,
                kind="reply",
                actor_id=author_id,
                target_mention_id=parent_id,
                occurred_at=published_at,
            )
        )
    return rows


def _words(alternative: Sequence[topics.Term]) -> str:
    """One conjunction as Algolia reads it: all words, of which it takes the last as a prefix."""
    asked = sorted((term for term in alternative if term.kind != "lang"), key=lambda term: term.is_prefix)
    return " ".join(_operand(term) for term in asked)


def _operand(term: topics.Term) -> str:
    """A word, or a phrase of advancedSyntax where Algolia would cut it; '@' and '#' are no letters to it."""
    plain = term.text.replace('"', " ").strip()
    return plain if plain.isalnum() else f'"{plain}"'


def _time(value: int | str) -> datetime:
    """Epoch seconds or ISO 8601, as UTC without zone."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, tz=UTC)
    return moment.astimezone(UTC).replace(tzinfo=None)


def _epoch(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


def _root(url: HttpUrl) -> str:
    return str(url).rstrip("/")


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(10_000, 3600),),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    wrap=wrap,
    absence_is_deletion=False,  # Firebase says itself what is deleted; null is an item that it does not have yet
)
