"""What the statuses of one page say of each other, and how far a context tells its thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from flows.sources.base import Page, Parsed
from flows.sources.mastodon_status import PLATFORM, Server
from flows.sources.threads import with_thread

CUTS = (60, 4096)  # descendants shown to anyone, and to a user: https://docs.joinmastodon.org/methods/statuses/#context
DEEPEST = 20  # levels shown to anyone
THREAD = re.compile(r"/api/v1/statuses/([^/?]+)/context")


def with_context(parsed: Parsed, page: Page, server: Server) -> Parsed:
    """The page with its `ThreadRead`, where it was asked for the thread's root: one that has no ancestors."""
    answer = page.json()
    asked = THREAD.search(page.request)
    if not isinstance(answer, dict) or answer.get("ancestors") or "descendants" not in answer or asked is None:
        return parsed
    replies = answer["descendants"]
    # While the server still fetches replies from others it says so: https://docs.joinmastodon.org/methods/async_refreshes
    is_fetching = any(name.lower() == "mastodon-async-refresh" for name in page.headers)
    return with_thread(
        parsed,
        page,
        root_id=f"{PLATFORM}:{server.domain}/{asked[1]}",
        replies_read=len(replies),
        is_complete=not is_fetching and not _is_cut(replies, asked[1]),
    )


def _is_cut(replies: list[Any], root: str) -> bool:
    """Whether a limit was met. More than anyone is shown were shown to a user, who has no limit of depth."""
    if len(replies) > CUTS[0]:
        return len(replies) >= CUTS[1]
    return len(replies) == CUTS[0] or _depth(replies, root) >= DEEPEST


def _depth(replies: list[Any], root: str) -> int:
    """Levels below the root; parents stand before their replies."""
    levels: dict[Any, int] = {root: 0}
    for reply in replies:
        if isinstance(reply, Mapping):
            parent = reply.get("in_reply_to_id")
            level = levels.get(parent, 0) if isinstance(parent, str) else 0
            levels[str(reply.get("id"))] = level + 1
    return max(levels.values())


def answering(page: Page, alone: Server, found: Sequence[Any]) -> Server:
    """Who answered, with whom its ids name: those that are answered may stand on the same page."""
    asked = THREAD.search(page.request)
    known = {asked[1]: f"{alone.domain}/{asked[1]}"} if asked else {}
    root = known[asked[1]] if asked else None
    for number, status in enumerate(decoded(found)):
        try:
            known[status["id"]] = alone.native_id(status)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # parsing it will tell why
        if asked and number == 0 and (above := status.get("in_reply_to_id")) != asked[1]:
            root = known[status["id"]] if above is None else None  # the first ancestor, if there are not more
    return Server(alone.domain, known, alone.asks_origins, root)


def told(item: Any) -> Any:
    """An item as it was read; as it came where it cannot be: parsing tells why."""
    try:
        return msgspec.json.decode(item) if isinstance(item, bytes | msgspec.Raw) else item
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return item


def decoded(found: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """The statuses among items, read or not."""
    for status in map(told, found):
        if isinstance(status, dict) and isinstance(status.get("id"), str):
            yield status
