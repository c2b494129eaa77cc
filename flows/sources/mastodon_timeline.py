"""Which lists of statuses a topic is looked for in, and walking back through one to the start of a window."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flows import topics
from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.base import Client, Page, Params, Window
from flows.sources.moments import utc
from flows.sources.wording import quoted

Statuses = Mapping[str, Any]
MOST_PAGES = 5_000
_NEXT = re.compile(r"<[^>]*[?&]max_id=([^&>]+)[^>]*>\s*;\s*rel=\"?next")
A_DAY = timedelta(days=1)


def tags_of(query: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(tag, others that must stand beside it) of each alternative; a bare word is also looked for as a tag."""
    for alternative in topics.search_terms(topics.parse(query)):
        usable = [term for term in alternative if term.text.replace("_", "").isalnum() and not term.is_prefix]
        tags = [term.text for term in usable if term.kind == "tag"]
        words = [term.text for term in usable if term.kind == "word"]
        if tags or words:
            yield (tags or words)[0], tuple(tags[1:5])


def operand(term: topics.Term) -> str:
    """One term as search reads it."""
    return term.spelling if term.kind in ("tag", "handle") and not term.is_prefix else quoted(term)


async def walk(
    client: Client, url: str, asked: Params, window: Window, allow_status: Collection[int] = ()
) -> AsyncIterator[Page]:
    """Pages with a status of the window. Ends where all of a page is older: servers file late posts out of order.

    `max_id` between fixed ends leaves no holes, however many posts come meanwhile. Where ids hold the time, as
    Mastodon's own do, the walk goes at once to the window's end.
    """
    steps = _Steps(window)

    async def fetch(max_id: str | None) -> Page:
        return await client.get(url, {**asked, "max_id": max_id} if max_id else asked, allow_status=allow_status)

    async for page in paginate.follow(fetch, steps.following, lambda page: [page.body], max_pages=MOST_PAGES):
        if page.status != 200 or steps.take(page):
            yield page
        if page.status != 200:
            return


class _Steps:
    """Where the walk stands."""

    def __init__(self, window: Window) -> None:
        self._window, self._next = window, ""

    def take(self, page: Page) -> bool:
        """Whether the page has a status of the window; decides where to go from here."""
        found = [status for status in statuses(page) if isinstance(status, dict) and isinstance(status.get("id"), str)]
        times = [moment for moment in map(_moment, found) if moment]
        self._next = _next_id(page, found)
        if times and max(times) < self._window.start:
            self._next = ""
        elif self._next and times and min(times) >= self._window.end + A_DAY and all(map(_holds_time, found)):
            self._next = min(self._next, _id_at(self._window.end + A_DAY), key=int)
        return not times or (min(times) < self._window.end and max(times) >= self._window.start)

    def following(self, _page: Page) -> str | None:
        return self._next or None


def statuses(page: Page) -> list[Any]:
    """The statuses of a timeline or search. Raises SourceError where the answer holds none."""
    answer = page.json()
    found = answer.get("statuses") if isinstance(answer, dict) else answer
    if not isinstance(found, list):
        raise SourceError(page.platform, f"{page.request} answered no list of statuses")
    return found


def _next_id(page: Page, found: Sequence[Statuses]) -> str:
    """What the Link header names; search has none, and goes on below the last it gave."""
    if "/search" in page.request.partition("?")[0]:
        return str(found[-1]["id"]) if found else ""
    link = next((value for name, value in page.headers.items() if name.lower() == "link"), "")
    told = _NEXT.search(link)
    return told[1] if told else ""


def _moment(status: Statuses) -> datetime | None:
    try:
        return utc(status["created_at"])
    except (KeyError, ValueError):
        return None


def _holds_time(status: Statuses) -> bool:
    """Whether an id is milliseconds since 1970, shifted by 16 bits: https://docs.joinmastodon.org/api/guidelines."""
    moment, local_id = _moment(status), status["id"]
    if moment is None or not (local_id.isascii() and local_id.isdigit()):
        return False
    return abs((int(local_id) >> 16) / 1000 - moment.replace(tzinfo=UTC).timestamp()) < A_DAY.total_seconds()


def _id_at(moment: datetime) -> str:
    return str(int(moment.replace(tzinfo=UTC).timestamp() * 1000) << 16)
