"""What a Stack Exchange site tells: a stage's first posts as questions, what answers them as answers, all below as
comments. With a question or an answer goes all that stands below it.

From the pages of https://api.stackexchange.com/docs on /search/excerpts, /posts, /questions, /answers, /comments,
/users and /filters/create, /paging and /throttle. One search in ten asks for a `backoff`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any
from zlib import crc32

from starlette.requests import Request
from starlette.responses import Response

from flows.sandbox.platforms.boolean import BadQueryError, Syntax, compiled
from flows.sandbox.platforms.facade import Now
from flows.sandbox.platforms.stackexchange_wrapper import (
    RefusalError,
    whole_number,
    wrapped,
)
from flows.sandbox.platforms.stage import Stage, Told
from flows.sandbox.streams import epoch

SITE, PAGES = "travel", "https://travel.example"
TITLE = "What would you make of this?"
SYNTAX = Syntax(either="", negation="", brackets=False, longest=10_000)
MOST = 100
MOST_PAGES = 25  # without a key
SEARCHES_A_BACKOFF, BACKOFF = 10, 10


class Site:
    """The site's answers, each a list in the common wrapper."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._host = [self._host_of(row) for row in range(stage.size)]
        self._filters: dict[str, frozenset[str]] = {}
        self._searches = 0

    def _host_of(self, row: int) -> int:
        """The row of the post that a post stands below: the question of an answer, the answer of a comment."""
        parent = self._stage.parent(row)
        while parent is not None and self.kind(parent) == "comment":
            parent = self._stage.parent(parent)
        return row if parent is None else parent

    def kind(self, row: int) -> str:
        parent = self._stage.parent(row)
        if parent is None:
            return "question"
        return "answer" if self._stage.parent(parent) is None else "comment"

    def _rows(self, kinds: Sequence[str]) -> list[int]:
        """What the site shows, newest first: nothing below what is deleted."""
        rows, now = self._stage.within(None, None, self._now()), self._now()
        return [
            row
            for row in rows
            if self.kind(row) in kinds
            and self._stage.is_public(self._host[row], now)
            and self._stage.is_public(self._stage.root(row), now)
        ]

    async def excerpts(self, request: Request) -> Response:
        try:
            matches = compiled(request.query_params.get("q", ""), SYNTAX)
        except BadQueryError as error:
            raise RefusalError(400, "bad_parameter", f"q: {error}") from None
        self._searches += 1
        backoff = {"backoff": BACKOFF} if self._searches % SEARCHES_A_BACKOFF == 0 else {}
        rows = [row for row in self._rows(("question", "answer")) if matches(self._words(row))]
        return self._list(request, rows, self._excerpt, backoff)

    def _words(self, row: int) -> str:
        text = self._stage.text(row, self._now())
        return f"{TITLE}\n{text}" if self.kind(row) == "question" else text

    async def by_ids(self, request: Request) -> Response:
        kind, ids = request.path_params["kind"], request.path_params["ids"].split(";")
        if len(ids) > MOST or not all(each.isdigit() for each in ids):
            raise RefusalError(400, "bad_parameter", "ids")
        kinds = ("question", "answer") if kind == "posts" else (kind.removesuffix("s"),)
        wanted = {int(each) for each in ids}
        rows = [row for row in self._rows(kinds) if self._number(row) in wanted]
        return self._list(request, rows, self._post if kind == "posts" else self._whole)

    async def of_user(self, request: Request) -> Response:
        kind, user = request.path_params["kind"], int(request.path_params["id"])
        rows = self._rows(("comment",) if kind == "comments" else ("question", "answer"))
        told = self._stage.tell(rows, self._now())
        found = [each.row for each in told if user_id(each.author.handle) == user]
        return self._list(request, found, self._post if kind == "posts" else self._whole)

    async def create_filter(self, request: Request) -> Response:
        fields = sorted({each for each in request.query_params.get("include", "").split(";") if each})
        base = request.query_params.get("base", "default")
        name = "!" + blake2b(f"{base} {fields}".encode(), digest_size=6).hexdigest()
        self._filters[name] = frozenset(fields) | self._included(base)
        made = {"filter": name, "filter_type": "safe", "included_fields": sorted(self._filters[name])}
        return wrapped(request, [made])

    def _included(self, name: str) -> frozenset[str]:
        known = {"default": frozenset[str](), "withbody": frozenset({"body"}), **self._filters}
        if name not in known:
            raise RefusalError(400, "bad_parameter", "filter")
        return known[name]

    def _list(
        self,
        request: Request,
        rows: Sequence[int],
        show: Callable[[Told, frozenset[str]], dict[str, Any]],
        more: dict[str, Any] | None = None,
    ) -> Response:
        asked = request.query_params
        if asked.get("site") != SITE:
            raise RefusalError(400, "bad_parameter", "site is required" if "site" not in asked else "No site found")
        page, size = (
            whole_number(asked.get("page", "1"), "page"),
            whole_number(asked.get("pagesize", "30"), "pagesize"),
        )
        if size > MOST:
            raise RefusalError(400, "bad_parameter", "pagesize")
        if page > MOST_PAGES and "key" not in asked:
            raise RefusalError(403, "access_denied", "page above 25 requires access token or app key")
        first = whole_number(asked.get("fromdate", "0"), "fromdate", least=0)
        last = whole_number(asked.get("todate", str(2**40)), "todate", least=0)
        included = self._included(asked.get("filter", "default"))
        found = [row for row in rows if first <= self._stage.published[row] <= last]
        if asked.get("order", "desc") == "asc":
            found.reverse()
        shown = self._stage.tell(found[(page - 1) * size : page * size], self._now())
        return wrapped(request, [show(told, included) for told in shown], len(found) > page * size, more)

    def _number(self, row: int) -> int:
        """Questions and answers are numbered together, comments apart from them."""
        return (900_000 if self.kind(row) == "comment" else 100_000) + row

    def _shared(self, told: Told) -> dict[str, Any]:
        name, number = told.author.handle, user_id(told.author.handle)
        owner = {"user_id": number, "user_type": "registered", "display_name": name, "reputation": 101,
                 "link": f"{PAGES}/users/{number}/{name}"}  # fmt: skip
        return {"owner": owner, "creation_date": epoch(told.published_at), "score": told.likes,
                "content_license": "CC BY-SA 4.0"}  # fmt: skip

    def _post(self, told: Told, _included: frozenset[str]) -> dict[str, Any]:
        number, kind = self._number(told.row), self.kind(told.row)
        return {**self._shared(told), "post_id": number, "post_type": kind, "link": f"{PAGES}/{kind[0]}/{number}"}

    def _excerpt(self, told: Told, _included: frozenset[str]) -> dict[str, Any]:
        kind, number = self.kind(told.row), self._number(told.row)
        named = {"question_id": self._number(told.root), **({"answer_id": number} if kind == "answer" else {})}
        return {**named, "item_type": kind, "title": html.escape(TITLE), "score": told.likes, "tags": ["flights"],
                "excerpt": html.escape(told.text[:200]), "creation_date": epoch(told.published_at)}  # fmt: skip

    def _whole(self, told: Told, included: frozenset[str]) -> dict[str, Any]:
        kind, number = self.kind(told.row), self._number(told.row)
        item = {**self._shared(told), f"{kind}_id": number}
        if kind == "comment":
            item |= {"post_id": self._number(self._host[told.row]), "edited": told.edited_at is not None}
            return item | ({"body": html.escape(told.text)} if "body" in included else {})
        item |= {"question_id": self._number(told.root)}
        item |= {"last_edit_date": epoch(told.edited_at)} if told.edited_at else {}
        item |= {"body": _markup(told.text)} if "body" in included else {}
        if kind == "question":
            item |= {"title": html.escape(TITLE), "tags": ["flights"], "view_count": told.views,
                     "answer_count": told.replies, "link": f"{PAGES}/questions/{number}/x"}  # fmt: skip
        return item | dict(self._below(told.row, kind, included))

    def _below(self, row: int, kind: str, included: frozenset[str]) -> Iterator[tuple[str, Any]]:
        """What the filter lets through of what stands below a post."""
        below = [each for each in self._rows(("answer", "comment")) if self._host[each] == row and each != row][::-1]
        for name in ("answers", "comments"):
            rows = [each for each in below if self.kind(each) == name.removesuffix("s")]
            if rows and f"{kind}.{name}" in included:
                yield name, [self._whole(each, included) for each in self._stage.tell(rows, self._now())]
            if name == "comments" and f"{kind}.comment_count" in included:
                yield "comment_count", len(rows)


def user_id(handle: str) -> int:
    """Users are known by their numbers alone, as names are shared by many."""
    return crc32(handle.encode()) >> 1


def _markup(text: str) -> str:
    return "".join(f"<p>{html.escape(part, quote=False)}</p>\n" for part in text.split("\n\n"))
