"""Paging: next tokens are followed to the end, and never in circles."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import msgspec
import pytest

from flows.errors import SourceError
from flows.sources.base import Page
from flows.sources.paginate import follow

NIGHT = datetime.fromisoformat("2026-03-02T02:00:00")
URL = "https://api.example.org/search"


def items_of(page: Page) -> list[bytes]:
    return [msgspec.json.encode(item) for item in page.json()["items"]]


async def pages_of(bodies: list[tuple[list[int], str | None]], max_pages: int = 50) -> tuple[list[Any], str]:
    """What following gives over a platform that hands out these pages in turn: the items, and the error."""
    numbers = itertools.count()

    async def fetch(token: str | None) -> Page:
        items, following = bodies[min(next(numbers), len(bodies) - 1)]
        body = msgspec.json.encode({"items": items, "next": following})
        return Page(
            page_id="w/r/0001-a",
            source="hn",
            platform="hackernews",
            verb="discover",
            topic_id=None,
            as_of=NIGHT,
            fetched_at=NIGHT,
            request=f"GET {URL}",
            status=200,
            body=body,
        )

    items: list[Any] = []
    try:
        async for page in follow(fetch, lambda page: page.json()["next"], items_of, max_pages=max_pages):
            items += page.json()["items"]
    except SourceError as error:
        return items, str(error)
    return items, ""


@pytest.mark.parametrize(
    ("bodies", "items", "says"),
    [
        ([([1, 2], "a"), ([3], None)], [1, 2, 3], ""),
        ([([1], "a"), ([], "b"), ([2], None)], [1], ""),
        ([([], "a")], [], ""),
        ([([1], "a"), ([2], "b"), ([3], "a"), ([4], None)], [1, 2, 3], "its paging loops"),
        ([([1], "a"), ([1], "b"), ([1], "c")], [1], "for the second time"),
        ([([number], f"t{number}") for number in range(9)], [0, 1, 2, 3, 4], "is page 5 and not the last"),
        ([([1], ""), ([2], None)], [1], ""),
    ],
    ids=["to the end", "empty page", "nothing", "looping cursor", "repeated page", "endless", "empty token"],
)
async def test_next_tokens_are_followed_but_never_in_circles(
    bodies: list[tuple[list[int], str | None]], items: list[int], says: str
) -> None:
    found, error = await pages_of(bodies, max_pages=5)
    assert found == items
    assert says in error
    assert bool(error) == bool(says)
