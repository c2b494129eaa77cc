"""Hacker News: search by Algolia, refresh by Firebase. No credentials.

Comments never have points (vendor: points are null for comments), so a comment has no snapshot.
Search: https://hn.algolia.com/api; items: https://github.com/HackerNews/API.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from pydantic import HttpUrl

from flows import topics
from flows.sources.access import RateLimit
from flows.sources.base import Client, Page, Source, SourceOptions, Topic, Window, root
from flows.sources.hackernews_items import PLATFORM, Answer, items, parse, wrap

REACHABLE = 1000  # hits of one query that Algolia gives, whatever nbHits says


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
        yield await client.get(f"{root(options.items_url)}/item/{native_id}.json")


async def _search(
    client: Client, options: Options, search: dict[str, str | int], window: Window
) -> AsyncIterator[Page]:
    """One query over one window, halved where more match than can be reached."""
    page = await client.get(
        f"{root(options.base_url)}/search_by_date",
        {
            **search,
            "numericFilters": f"created_at_i>={_epoch(window.start)},created_at_i<{_epoch(window.end)}",
            "hitsPerPage": REACHABLE,
            "advancedSyntax": "true",
            "typoTolerance": "false",
        },
    )
    answer: Answer = page.json(Answer)
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


def _words(alternative: Sequence[topics.Term]) -> str:
    """One conjunction as Algolia reads it: all words, of which it takes the last as a prefix."""
    asked = sorted((term for term in alternative if term.kind != "lang"), key=lambda term: term.is_prefix)
    return " ".join(_operand(term) for term in asked)


def _operand(term: topics.Term) -> str:
    """A word, or a phrase of advancedSyntax where Algolia would cut it; '@' and '#' are no letters to it."""
    plain = term.text.replace('"', " ").strip()
    return plain if plain.isalnum() else f'"{plain}"'


def _epoch(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


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
    tells_deletions=True,
    refreshes_uncounted=True,  # comments, for edits and deletions
)
