"""One search of Bluesky: its words, and how far it reaches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from flows import topics
from flows.errors import SourceError
from flows.sources.base import Page
from flows.sources.bluesky_post import PLATFORM, sorted_at
from flows.sources.wording import quoted

PAGE = 100  # posts of a search or feed
REACHABLE = 10_000  # posts that one search gives, whatever its cursor promises
MILLISECOND = timedelta(milliseconds=1)  # what `until` can tell apart


class Reach:
    """How far one search has come."""

    def __init__(self, until: datetime) -> None:
        self.is_cut = False
        self._until, self._oldest, self._reached = until, until, 0

    @property
    def below(self) -> datetime:
        """Where to go on: the oldest millisecond again, for it may hold more; the one before it where it was all."""
        return min(self._oldest + MILLISECOND, self._until - MILLISECOND)

    def following(self, page: Page) -> str | None:
        """The next page, as long as there is one within reach."""
        return cursor_of(page) if self._reached < REACHABLE else None

    def take(self, page: Page) -> Page:
        """The page, with what is lost of a millisecond that holds more than is reachable: at least one, none tells."""
        posts = listed(page)
        self._reached += PAGE  # what is hidden counts too
        self._oldest = min([self._oldest, *filter(None, map(moment_of, posts))])
        self.is_cut = self.following(page) is None and (self._reached >= REACHABLE or len(posts) >= PAGE)
        is_stuck = self.is_cut and self._oldest >= self._until - MILLISECOND
        return msgspec.structs.replace(page, lost_items=1) if is_stuck else page


def listed(page: Page) -> list[Any]:
    """The posts, feed entries or profiles of an answer, as they are. Raises SourceError where it has none."""
    return listed_in(page.json(), page)


def listed_in(answer: Any, page: Page) -> list[Any]:
    """The same of an answer that was read from the page."""
    lists = [answer.get(name) for name in ("posts", "feed", "profiles")] if isinstance(answer, dict) else []
    found = next((each for each in lists if isinstance(each, list)), None)
    if found is None:
        raise SourceError(PLATFORM, f"{page.request} answered no list of posts")
    return found


def moment_of(entry: Any) -> datetime | None:
    """When an entry stands in a list; None where it cannot be read, which parsing will tell."""
    try:
        return sorted_at(entry)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


class _Cursor(msgspec.Struct):
    cursor: Any = None


def cursor_of(page: Page) -> str | None:
    """Where the next page begins; the posts are not read for that."""
    cursor = page.json(_Cursor).cursor
    return cursor if isinstance(cursor, str) else None


def operand(term: topics.Term) -> str:
    """One term as the search reads it: a handle is looked for in the text, where every mention writes it."""
    if term.kind == "domain":
        return f"domain:{term.text}"
    return f"#{term.text}" if term.kind == "tag" else quoted(term)


def iso(moment: datetime) -> str:
    """As the API reads a time."""
    return moment.isoformat(timespec="milliseconds") + "Z"
