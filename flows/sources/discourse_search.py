"""Searching a Discourse forum by days: which posts there are; the search tells no more of them than a few words.

Ordered by likes it names every post; in any other order only the last, or first, of each topic (`aggregate_post_sql` of
lib/search.rb in discourse/discourse).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import msgspec

from flows.errors import SourceError
from flows.sources.base import Client, Page

LAST_PAGE = 10  # whatever there is beyond
A_DAY = timedelta(days=1)


async def search(client: Client, url: str, words: str, first: date, last: date) -> AsyncIterator[tuple[Page, int]]:
    """All pages of the days from first to last, halved where there are more; with what a single day has too much."""
    asked = f"{words} after:{first} before:{last + A_DAY} order:likes"
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
        yield pages.pop(), 1  # at least: by likes, what is not read lies anywhere in the day, and nobody counts it
    for page in pages:
        yield page, 0


def found_in(page: Page) -> list[str]:
    """`topic/number` of each post that a page names."""
    return [f"{hit.topic_id}/{hit.post_number}" for hit in page.json(_Search).posts or []]


class _Hit(msgspec.Struct):
    topic_id: int
    post_number: int


class _More(msgspec.Struct):
    more_full_page_results: bool | None = None
    error: str | None = None


class _Search(msgspec.Struct):
    grouped_search_result: _More
    posts: list[_Hit] | None = None
