"""The search of the synthetic Hacker News: parameters, filters, paging and its cap, as Algolia answers them.

Sources: https://hn.algolia.com/api, Algolia's pages on query, advancedSyntax and typoTolerance, and hn-search issue 230
(the answer past the thousandth hit). New items come into the search seconds to 40 minutes late.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np

from flows.sandbox.engagement import numbers
from flows.sandbox.items import Items
from flows.sandbox.search import Query, SearchIndex
from flows.sandbox.streams import Ints, epoch
from flows.sandbox.world import World

REACHABLE = 1000  # hits of one query, whatever nbHits says
LONGEST_QUERY = 512  # bytes
_BEYOND = (
    "you can only fetch the 1000 hits for this query. You can extend the number of hits returned via the "
    "paginationLimitedTo index parameter or use the browse method."
)
_PARAMETERS = {
    "query", "tags", "numericFilters", "hitsPerPage", "page", "advancedSyntax", "typoTolerance",
    "attributesToRetrieve", "attributesToHighlight", "analytics", "analyticsTags",
}  # fmt: skip
_CONDITION = re.compile(r"\s*(created_at_i|points|num_comments)\s*(<=|>=|!=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*")
_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "!=": np.not_equal,
}
_TAG_PARTS = re.compile(r"\([^()]*\)|[^,()]+")


class BadRequestError(ValueError):
    """The caller asked for what the API does not understand; the text is the API's `message`."""


class HackerNews:
    """Answers as Python values, for the server to encode. Every method takes the moment as of which it answers."""

    def __init__(self, world: World) -> None:
        self.items = Items(world)
        self._index = SearchIndex(world)

    def search(self, parameters: dict[str, str], now: datetime, *, by_date: bool) -> dict[str, Any]:
        """`/api/v1/search_by_date` (newest first) and `/api/v1/search` (most points first)."""
        unknown = sorted(set(parameters) - _PARAMETERS)
        if unknown:
            raise BadRequestError(f"Unknown parameter: {unknown[0]}")
        text = parameters.get("query", "")
        if len(text.encode()) > LONGEST_QUERY:
            raise BadRequestError(f'Invalid value for "query" parameter, the maximum is {LONGEST_QUERY} bytes')
        size = min(_whole(parameters, "hitsPerPage", 20), REACHABLE)
        page = _whole(parameters, "page", 0)
        query = Query.parse(text, advanced=parameters.get("advancedSyntax", "true") != "false")
        rows = self._matching(query, parameters, now)
        answer = {
            "page": page,
            "hitsPerPage": size,
            "query": text,
            "params": _echo(parameters),
            "processingTimeMS": 1,
            "serverTimeMS": 1,
        }
        exhaustive = {"exhaustiveNbHits": True, "exhaustiveTypo": True, "exhaustive": {"nbHits": True, "typo": True}}
        if page * size >= REACHABLE:
            return {"hits": [], "nbHits": 0, "nbPages": 0, "message": _BEYOND, **exhaustive, **answer}
        count, is_exact = _told(len(rows), text)
        exhaustive |= {"exhaustiveNbHits": is_exact, "exhaustive": {"nbHits": is_exact, "typo": True}}
        shown = self._ordered(rows, now, by_date)[page * size : min((page + 1) * size, REACHABLE)]
        hits = self._hits(shown, query, parameters, now)
        return {
            "hits": hits,
            "nbHits": count,
            "nbPages": -(-min(count, REACHABLE) // size) if size else 0,
            **exhaustive,
            **answer,
        }

    def _matching(self, query: Query, parameters: dict[str, str], now: datetime) -> Ints:
        moment = epoch(now)
        rows = self._index.find(query, typos=parameters.get("typoTolerance", "true") != "false", now=moment)
        rows = rows[(self.items.indexed[rows] <= moment) & (moment < self.items.deleted[rows])]
        rows = rows[self._tagged(rows, parameters.get("tags", ""))]
        for condition in filter(str.strip, parameters.get("numericFilters", "").split(",")):
            parsed = _CONDITION.fullmatch(condition)
            if not parsed:
                raise BadRequestError(
                    f"Invalid syntax for numeric condition: '{condition}', expected 'facetName<op>value'"
                )
            name, operator, value = parsed.groups()
            rows = rows[_COMPARE[operator](self._numbers(name, rows, now), float(value))]
        return np.asarray(rows)

    def _numbers(self, name: str, rows: Ints, now: datetime) -> np.ndarray:
        if name == "created_at_i":
            return np.asarray(self.items.published[rows])
        told = numbers(self.items.world, rows, np.full(len(rows), epoch(now)))
        value = told["upvotes" if name == "points" else "replies"]
        return np.where(value < 0, np.nan, value)  # a comment has neither: it fulfils no condition

    def _tagged(self, rows: Ints, tags: str) -> np.ndarray:
        """Tags are ANDed, those in one pair of parentheses ORed."""
        kept = np.ones(len(rows), dtype=bool)
        for part in _TAG_PARTS.findall(tags):
            any_of = [self._has_tag(rows, tag.strip()) for tag in part.strip("()").split(",") if tag.strip()]
            if any_of:
                kept &= np.logical_or.reduce(any_of)
        return kept

    def _has_tag(self, rows: Ints, tag: str) -> np.ndarray:
        kind, _, value = tag.partition("_")
        if tag in ("story", "comment"):
            return np.asarray((self.items.parent[rows] < 0) == (tag == "story"))
        if tag in ("ask_hn", "show_hn"):
            start = {"ask_hn": "Ask HN", "show_hn": "Show HN"}[tag]
            return np.array([(self.items.titles[row] or "").startswith(start) for row in rows], dtype=bool)
        if kind == "author":
            return np.array([self.items.author[row] == value for row in rows], dtype=bool)
        if kind == "story" and value.isdigit():
            return np.asarray(self.items.ids[self.items.root[rows]] == int(value))
        return np.zeros(len(rows), dtype=bool)  # poll, pollopt, job, front_page: there are none here

    def _ordered(self, rows: Ints, now: datetime, by_date: bool) -> Ints:
        if by_date:
            return rows[::-1]
        points = numbers(self.items.world, rows, np.full(len(rows), epoch(now)))["upvotes"]
        return rows[np.lexsort((-self.items.published[rows], -points))]

    def _hits(self, rows: Ints, query: Query, parameters: dict[str, str], now: datetime) -> list[dict[str, Any]]:
        told = numbers(self.items.world, rows, np.full(len(rows), epoch(now)))
        pairs = zip(rows.tolist(), told["upvotes"].tolist(), told["replies"].tolist(), strict=True)
        hits = [self.items.hit(row, points, comments, epoch(now)) for row, points, comments in pairs]
        marked = _listed(parameters, "attributesToHighlight")
        pattern = re.compile("|".join(map(re.escape, query.words + query.phrases)) or r"(?!)", re.IGNORECASE)
        for hit in hits:
            hit["_highlightResult"] = {
                name: _highlight(str(hit[name]), pattern, len(query.words + query.phrases))
                for name in ("author", "title", "url", "story_text", "comment_text", "story_title", "story_url")
                if hit.get(name) is not None and (marked is None or name in marked)
            }
        wanted = _listed(parameters, "attributesToRetrieve")
        kept = {"objectID", "_highlightResult", *(wanted or ())}
        return hits if wanted is None else [{name: hit[name] for name in hit if name in kept} for hit in hits]


def _told(count: int, text: str) -> tuple[int, bool]:
    """nbHits and whether it is exact: a count of many hits of some words is estimated, here 3 % too low at worst."""
    if not text or count <= REACHABLE:
        return count, True
    return max(REACHABLE + 1, count - count * (count % 4) // 100), False


def _whole(parameters: dict[str, str], name: str, default: int) -> int:
    value = parameters.get(name, str(default))
    if not value.isdigit():
        raise BadRequestError(f'Invalid value for "{name}" parameter, expected unsigned integer')
    return int(value)


def _listed(parameters: dict[str, str], name: str) -> list[str] | None:
    return re.findall(r"\w+", parameters[name]) if name in parameters else None


def _echo(parameters: dict[str, str]) -> str:
    return "&".join(
        f"{name}={value}"
        for name, value in sorted({**parameters, "advancedSyntax": "true", "analyticsTags": "backend"}.items())
    )


def _highlight(value: str, pattern: re.Pattern[str], wanted: int) -> dict[str, Any]:
    if not pattern.search(value):
        return {"value": value, "matchLevel": "none", "matchedWords": []}
    words = sorted({match.lower() for match in pattern.findall(value)})
    marked = pattern.sub(lambda match: f"<em>{match.group()}</em>", value)
    level = "full" if len(words) >= wanted else "partial"
    return {"value": marked, "matchLevel": level, "fullyHighlighted": False, "matchedWords": words}
