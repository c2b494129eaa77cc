"""Searching a Discourse forum by days: which posts there are; the search tells no more of them than a few words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta

import msgspec

from flows.errors import SourceError
from flows.sources.base import Client, Page, Window
from flows.sources.losses import unread
from flows.sources.moments import utc

LAST_PAGE = 10  # whatever there is beyond
HITS = 50  # a page
A_DAY = timedelta(days=1)


async def search(client: Client, url: str, words: str, first: date, last: date) -> AsyncIterator[tuple[Page, int]]:
    """All pages of the days from first to last, halved where there are more; with what a single day has too much."""
    asked = f"{words} after:{first} before:{last + A_DAY} order:latest"
    pages: list[Page] = []
    while len(pages) < LAST_PAGE:
        page = await client.get(url, {"q": asked, "page": len(pages) + 1})
        answer = page.json(_Search)
        if answer.grouped_search_result.error:
            raise SourceError(page.platform, f"{page.request}: the forum is too busy to search", retryable=True)
        pages.append(page)
        if not answer.posts or not answer.grouped_search_result.more_full_page_results:
            break
    else:
        if first < last:
            middle = first + (last - first) // 2
            for days in ((first, middle), (middle + A_DAY, last)):
                async for found in search(client, url, words, *days):
                    yield found
            return
        yield pages.pop(), _beyond(answer, first)
    for page in pages:
        yield page, 0


def _beyond(last_page: _Search, day: date) -> int:
    """How many more a day may have, whose end was read and whose beginning was not; at least one."""
    hits = [utc(hit.created_at) for hit in last_page.posts or [] if hit.created_at]
    start = datetime.combine(day, time())
    whole = Window(start, start + A_DAY)
    return unread(LAST_PAGE * HITS, whole.end, min(hits, default=whole.end), whole)


def found_in(page: Page) -> list[str]:
    """`topic/number` of each post that a page names."""
    return [f"{hit.topic_id}/{hit.post_number}" for hit in page.json(_Search).posts or []]


class _Hit(msgspec.Struct):
    topic_id: int
    post_number: int
    created_at: str | None = None


class _More(msgspec.Struct):
    more_full_page_results: bool | None = None
    error: str | None = None


class _Search(msgspec.Struct):
    grouped_search_result: _More
    posts: list[_Hit] | None = None
