"""Following next-tokens to the end, without ever walking in circles."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from flows.errors import SourceError
from flows.sources.base import Page


async def follow(
    fetch: Callable[[str | None], Awaitable[Page]],
    next_token: Callable[[Page], str | None],
    items: Callable[[Page], Sequence[bytes]],
    *,
    max_pages: int,
) -> AsyncIterator[Page]:
    """Pages from the first (token None) until one has no items or no next token.

    Raises SourceError, after the pages that are sound, where the platform hands out a token or a page for the second
    time, or more than `max_pages`: the window is then not covered, and nothing fetched so far is lost.
    """
    token: str | None = None
    tokens: set[str] = set()
    contents: set[bytes] = set()
    for _ in range(max_pages):
        page = await fetch(token)
        found = items(page)
        if not found:
            return
        content = _digest(found)
        if content in contents:
            raise SourceError(page.platform, f"{page.request} gave a page for the second time: its paging is broken")
        contents.add(content)
        yield page
        token = next_token(page)
        if not token:
            return
        if token in tokens:
            raise SourceError(page.platform, f"{page.request} names a next page that we had already: its paging loops")
        tokens.add(token)
    raise SourceError(page.platform, f"{page.request} is page {max_pages} and not the last; ask for a shorter window")


def _digest(items: Sequence[bytes]) -> bytes:
    whole = hashlib.blake2b(digest_size=16)
    for item in items:
        whole.update(len(item).to_bytes(8, "big") + item)
    return whole.digest()
