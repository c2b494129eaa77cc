"""The synthetic Hacker News item by item, in the shapes of Algolia's hits and trees and of Firebase's items.

Sources: https://hn.algolia.com/api and https://github.com/HackerNews/API. Deleted and dead items leave Algolia at once;
Firebase keeps a stub of them. Comments have no points, as with the real ones.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from flows.sandbox.engagement import numbers
from flows.sandbox.streams import epoch
from flows.sandbox.world import World


class Items:
    """Every post of the world's Hacker News, told as of a moment (`now`, or epoch seconds)."""

    def __init__(self, world: World) -> None:
        self.world = world
        posts = world.posts.filter(pl.col("platform") == "hackernews")
        self._size = len(posts)
        self.ids = posts["native_id"].cast(pl.Int64).to_numpy()
        self.published = posts["published_s"].to_numpy()
        self.indexed = posts["indexed_s"].to_numpy()
        self.deleted = posts["deleted_s"].to_numpy()
        self._dead = posts["is_dead"].to_numpy()
        self.root = posts["root"].to_numpy()
        self.parent = posts["parent"].fill_null(-1).to_numpy()
        self._edited = posts["edited_s"].to_numpy()
        self.author = world.accounts["handle"].gather(posts["account"]).to_list()
        self.titles, self._links = posts["title"].to_list(), posts["link"].to_list()
        self._before, self._after = posts["text"].to_list(), posts["text_edited"].to_list()
        self._children = np.argsort(self.parent, kind="stable")
        self._first_child = np.searchsorted(self.parent[self._children], np.arange(self._size + 1), side="left")

    def hit(self, row: int, points: int, comments: int, moment: int) -> dict[str, Any]:
        """One hit of a search, by what the API tells of a story or a comment; -1 is no count."""
        root = int(self.root[row])
        is_comment = self.parent[row] >= 0
        tags = ["comment" if is_comment else "story", f"author_{self.author[row]}", f"story_{self.ids[root]}"]
        title = self.titles[row] or ""
        tags += [tag for tag, start in (("ask_hn", "Ask HN"), ("show_hn", "Show HN")) if title.startswith(start)]
        updated = self._edited[row] if self._edited[row] <= moment else self.indexed[row]
        hit: dict[str, Any] = {
            "_tags": tags, "author": self.author[row], "created_at": _iso(int(self.published[row])),
            "created_at_i": int(self.published[row]), "objectID": str(self.ids[row]),
            "points": None if points < 0 else points, "story_id": int(self.ids[root]), "updated_at": _iso(int(updated)),
        }  # fmt: skip
        if children := self._replies(row, moment):
            hit["children"] = children
        text = self._markup(row, moment)
        if is_comment:
            return hit | {
                "comment_text": text, "parent_id": int(self.ids[self.parent[row]]), "num_comments": None,
                "story_title": self.titles[root], "story_url": self._links[root],
            }  # fmt: skip
        link = {"url": self._links[row]} if self._links[row] else {}
        return hit | {"title": title, "story_text": text or None, "num_comments": comments} | link

    def item(self, native_id: int, now: datetime) -> dict[str, Any] | None:
        """Firebase's `/v0/item/<id>.json`; None where it says null."""
        row, moment = self._row(native_id), epoch(now)
        if row is None or self.published[row] > moment:
            return None
        is_comment = self.parent[row] >= 0
        item: dict[str, Any] = {
            "id": native_id,
            "time": int(self.published[row]),
            "type": "comment" if is_comment else "story",
        }
        if is_comment:
            item["parent"] = int(self.ids[self.parent[row]])
        if kids := self._replies(row, moment):
            item["kids"] = kids
        is_gone = self.deleted[row] <= moment
        if is_gone and not self._dead[row]:
            return item | {"deleted": True}
        item["by"] = self.author[row]
        if text := self._markup(row, moment):
            item["text"] = text
        if not is_comment:
            points, comments = self._counts(row, moment)
            item |= {"title": self.titles[row], "score": points, "descendants": comments}
            item |= {"url": self._links[row]} if self._links[row] else {}
        return item | ({"dead": True, "text": "[flagged]"} if is_gone else {})

    def tree(self, native_id: int, now: datetime) -> dict[str, Any] | None:
        """`/api/v1/items/<id>`: the item and all answers below it; a deleted one stays, empty, while it has some."""
        row = self._row(native_id)
        if row is None or self.published[row] > epoch(now) or self.deleted[row] <= epoch(now):
            return None
        return self._branch(row, now)

    def user(self, name: str, now: datetime) -> dict[str, Any] | None:
        """`/api/v1/users/<name>`: karma is the points of what the user submitted."""
        rows = np.array([row for row in range(self._size) if self.author[row] == name], dtype=np.int64)
        if not len(rows):
            return None
        points = numbers(self.world, rows, np.full(len(rows), epoch(now)))["upvotes"]
        return {"username": name, "about": "synthetic", "karma": int(points[points > 0].sum())}

    def newest(self, now: datetime) -> int:
        """Firebase's `/v0/maxitem.json`."""
        written = int(np.searchsorted(self.published, epoch(now), side="right"))
        return int(self.ids[written - 1]) if written else 0

    def _branch(self, row: int, now: datetime) -> dict[str, Any] | None:
        moment = epoch(now)
        below = self._children[self._first_child[row] : self._first_child[row + 1]]
        children = [
            branch for child in below if self.published[child] <= moment and (branch := self._branch(int(child), now))
        ]
        is_gone, is_comment = self.deleted[row] <= moment, self.parent[row] >= 0
        if is_gone and not children:
            return None
        points = None if is_comment else self._counts(row, moment)[0]
        return {
            "id": int(self.ids[row]), "created_at": _iso(int(self.published[row])),
            "created_at_i": int(self.published[row]), "type": "comment" if is_comment else "story",
            "author": None if is_gone else self.author[row], "title": self.titles[row], "url": self._links[row],
            "text": None if is_gone else self._markup(row, moment) or None, "points": points,
            "parent_id": int(self.ids[self.parent[row]]) if is_comment else None,
            "story_id": int(self.ids[self.root[row]]), "options": [], "children": children,
        }  # fmt: skip

    def _counts(self, row: int, moment: int) -> tuple[int, int]:
        told = numbers(self.world, np.array([row]), np.array([moment]))
        return int(told["upvotes"][0]), int(told["replies"][0])

    def _replies(self, row: int, moment: int) -> list[int]:
        first, last = self._first_child[row : row + 2]
        if first == last:
            return []
        rows = self._children[first:last]
        alive = (self.published[rows] <= moment) & (moment < self.deleted[rows])
        return [int(native_id) for native_id in self.ids[rows[alive]]]

    def _markup(self, row: int, moment: int) -> str:
        text = self._after[row] if self._edited[row] <= moment and self._after[row] is not None else self._before[row]
        return to_html(text)

    def _row(self, native_id: int) -> int | None:
        row = int(np.searchsorted(self.ids, native_id))
        return row if row < self._size and self.ids[row] == native_id else None


def to_html(text: str) -> str:
    """A text as Hacker News stores it: entities, also for quotes and slashes, and <p> between paragraphs."""
    return html.escape(text).replace("/", "&#x2F;").replace("\n\n", "<p>")


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
