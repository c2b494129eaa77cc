"""What a platform could tell of a synthetic world, before it is put into the platform's own shape.

Every platform of the sandbox shows the microblog of a world of its own: its authors, threads, edits, deletions and
growing counts. What a platform never tells, its façade leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from flows.sandbox.engagement import numbers
from flows.sandbox.streams import Ints, epoch
from flows.sandbox.world import World


@dataclass(frozen=True)
class Author:
    """One account as of a moment."""

    row: int
    native_id: str
    handle: str
    followers: int
    created_at: datetime


@dataclass(frozen=True)
class Told:
    """One post as of a moment; `parent` and `root` are rows, `root` is its own for a first post."""

    row: int
    native_id: str
    author: Author
    text: str
    language: str
    published_at: datetime
    edited_at: datetime | None
    parent: int | None
    root: int
    likes: int
    replies: int
    reposts: int
    quotes: int
    views: int


class Stage:
    """The posts of one world's microblog; rows are positions among them, oldest first."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._first = int((world.posts["platform"] == "hackernews").sum())  # posts are ordered by platform, then time
        posts = world.posts[self._first :]
        self.size = len(posts)
        self.published = posts["published_s"].to_numpy()
        self._deleted = posts["deleted_s"].to_numpy()
        self._edited = posts["edited_s"].to_numpy()
        self._account = posts["account"].to_numpy()
        self._parent = posts["parent"].fill_null(-1).to_numpy() - self._first
        self._root = posts["root"].to_numpy() - self._first
        self._before, self._after = posts["text"].to_list(), posts["text_edited"].to_list()
        self._language = posts["spoken"].to_list()
        self.ids = posts["native_id"].to_list()
        self.row_of = {native_id: row for row, native_id in enumerate(self.ids)}
        self.handles = world.accounts["handle"].to_list()
        self._native = world.accounts["native_id"].to_list()
        self._born = world.accounts["created_at"].to_list()
        self._growth = [
            world.accounts.select(pl.col(name).fill_null(0))[name].to_numpy()
            for name in ("followers", "followers_per_day", "bought_followers")
        ] + [world.accounts[name].dt.epoch("s").to_numpy() for name in ("bought_at", "created_at")]
        self._threads = np.argsort(self._root, kind="stable")
        self._thread_from = np.searchsorted(self._root[self._threads], np.arange(self.size + 1), side="left")
        microblog = (world.accounts["platform"] == "microblog").to_list()
        self.account_of = {handle: row for row, handle in enumerate(self.handles) if microblog[row]}

    def is_public(self, row: int, now: datetime) -> bool:
        """Whether anybody can see the post at `now`."""
        return bool(self.published[row] <= epoch(now) < self._deleted[row])

    def within(self, start: datetime | None, end: datetime | None, now: datetime) -> list[int]:
        """Rows of the posts of [start, end) that are public at `now`, newest first; None is no bound."""
        moment = epoch(now)
        until = moment + 1 if end is None else min(epoch(end), moment + 1)
        first, last = np.searchsorted(self.published, [epoch(start) if start else 0, until], side="left")
        rows = np.arange(first, last)[::-1]
        return [int(row) for row in rows[self._deleted[rows] > moment]]

    def written_by(self, handle: str, now: datetime) -> list[int]:
        """Rows of an account's public posts, newest first; none where nobody has that handle."""
        account = self.account_of.get(handle)
        if account is None:
            return []
        rows = np.flatnonzero(self._account == account)[::-1]
        return [int(row) for row in rows if self.is_public(int(row), now)]

    def thread(self, root: int, now: datetime, *, with_gone: bool = False) -> list[int]:
        """Rows of the public posts of a thread, its first post included, oldest first; if asked with the deleted."""
        rows = self._threads[self._thread_from[root] : self._thread_from[root + 1]]
        if with_gone:
            return [int(row) for row in rows if self.published[row] <= epoch(now)]
        return [int(row) for row in rows if self.is_public(int(row), now)]

    def parent(self, row: int) -> int | None:
        """Row of what a post answers; None for a first post."""
        parent = int(self._parent[row])
        return parent if parent >= 0 else None

    def root(self, row: int) -> int:
        """Row of the first post of the thread in which a post stands; its own where it is that."""
        return int(self._root[row])

    def author_id(self, row: int) -> str:
        """Native id of who wrote a post."""
        return str(self._native[self._account[row]])

    def text(self, row: int, now: datetime) -> str:
        """The post's text as it stands at `now`."""
        after = self._after[row]
        return str(after if after is not None and self._edited[row] <= epoch(now) else self._before[row])

    def tell(self, rows: list[int], now: datetime) -> Iterator[Told]:
        """The posts as of `now`, in the order of the rows."""
        moment = epoch(now)
        place: Ints = np.asarray(rows, dtype=np.int64)
        counts = numbers(self.world, place + self._first, np.full(len(place), moment))
        known = self._followers(self._account[place], moment)
        for at, row in enumerate(rows):
            parent = int(self._parent[row])
            yield Told(
                row=row,
                native_id=self.ids[row],
                author=self.author(int(self._account[row]), known[at]),
                text=self.text(row, now),
                language=self._language[row],
                published_at=_naive(self.published[row]),
                edited_at=_naive(self._edited[row]) if self._edited[row] <= moment else None,
                parent=parent if parent >= 0 else None,
                root=int(self._root[row]),
                **{name: int(counts[name][at]) for name in ("likes", "replies", "reposts", "quotes", "views")},
            )

    def account(self, handle: str, now: datetime) -> Author | None:
        """Who has this handle, as of `now`."""
        row = self.account_of.get(handle)
        if row is None:
            return None
        return self.author(row, self._followers(np.array([row]), epoch(now))[0])

    def _followers(self, accounts: Ints, moment: int) -> list[int]:
        """As `accounts.followers` counts them, without a frame for every page."""
        base, a_day, bought, bought_s, born_s = (column[accounts] for column in self._growth)
        days = (moment - born_s) // 86_400
        return [int(each) for each in base + days * a_day + np.where(moment >= bought_s, bought, 0)]

    def author(self, account: int, known_followers: int) -> Author:
        """The account of this number."""
        return Author(account, self._native[account], self.handles[account], known_followers, self._born[account])


def _naive(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None)


def frame_of(stage: Stage, now: datetime) -> pl.DataFrame:
    """The hidden truth of a stage: native_id, published_at, text and counts of all that is public at `now`."""
    rows = stage.within(None, None, now)
    told = [
        (t.native_id, t.published_at, t.text, t.likes, t.replies, t.reposts, t.quotes, t.views)
        for t in stage.tell(rows, now)
    ]
    names = ["native_id", "published_at", "text", "likes", "replies", "reposts", "quotes", "views"]
    return pl.DataFrame(told, schema=names, orient="row")
