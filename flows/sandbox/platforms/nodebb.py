"""A NodeBB forum: search for whom it knows, users, topics and single posts.

From public/openapi/read and /write of NodeBB/NodeBB and install/data/defaults.json (20 posts a page); guests may not
search (`search:content`), and nodebb-plugin-dbsearch finds at most 500 posts, newest among them or not. A deleted post
keeps its place and loses its words. No page tells of limits. Each thread of the stage is a topic.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import Syntax, compiled
from flows.sandbox.platforms.discourse import title_of
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.stage import Author, Stage, Told

TOKEN = "a-token-of-the-sandbox"  # noqa: S105 - it opens nothing
PAGE, REACHABLE = 20, 500
SEARCH = Syntax(either="", negation="", minus=False, brackets=False)
LOG_IN = "A valid login session was not found. Please log in and try again."
GONE = "[[topic:post-is-deleted]]"


class NodeBB:
    """The forum's answers. A post's number is its row and one; a topic's that of its first post."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now

    def search(self, request: Request) -> Response:
        asked, now = request.query_params, self._now()
        matches = compiled(asked.get("term", ""), SEARCH)
        found = [row for row in self._stage.within(None, None, now) if matches(self._said(row))][:REACHABLE]
        if asked.get("sortDirection") == "asc":
            found = found[::-1]
        shown = self._page(found, request)
        told = {"matchCount": len(found), "pageCount": max(1, ceil(len(found) / PAGE)), "time": "0.01"}
        paging = _paging(found, request)
        return answer({"posts": list(self._posts(shown)), "search_query": asked.get("term"), **told, **paging})

    def _said(self, row: int) -> str:
        text = self._stage.text(row, self._now())
        return f"{title_of(row)} {text}" if self._stage.root(row) == row else text

    def newest(self, request: Request) -> Response:
        rows = self._stage.within(None, None, self._now())
        return answer(list(self._posts(self._page(rows, request))))

    def user(self, request: Request) -> Response:
        account = self._stage.account(request.path_params["slug"], self._now())
        return answer(self._profile(account)) if account else _missing()

    def of_user(self, request: Request) -> Response:
        account = self._stage.account(request.path_params["slug"], self._now())
        if account is None:
            return _missing()
        rows = self._stage.written_by(account.handle, self._now())
        posts = list(self._posts(self._page(rows, request)))
        return answer({**self._profile(account), "posts": posts, **_paging(rows, request)})

    def summary(self, request: Request) -> Response:
        row = request.path_params["pid"] - 1
        if not 0 <= row < self._stage.size or row not in self._stage.thread(
            self._stage.root(row), self._now(), with_gone=True
        ):
            return answer({"status": {"code": "not-found", "message": "Post does not exist"}, "response": {}}, 404)
        return answer({"status": {"code": "ok", "message": "OK"}, "response": next(self._posts([row]))})

    def topic(self, request: Request) -> Response:
        root = request.path_params["tid"] - 1
        if not 0 <= root < self._stage.size or self._stage.root(root) != root:
            return _missing()
        rows = self._stage.thread(root, self._now(), with_gone=True)
        views = next(self._stage.tell([root], self._now())).views
        posts = [_in_topic(post) for post in self._posts(self._page(rows, request))]
        return answer({**_topic(root), "viewcount": views, "posts": posts, **_paging(rows, request)})

    def _page(self, rows: list[int], request: Request) -> list[int]:
        number = int(request.query_params.get("page", "1"))
        return rows[PAGE * (number - 1) : PAGE * number]

    def _posts(self, rows: list[int]) -> Iterator[dict[str, Any]]:
        for told in self._stage.tell(rows, self._now()):
            is_gone = not self._stage.is_public(told.row, self._now())
            yield {
                "pid": told.row + 1, "tid": told.root + 1, "uid": told.author.row, "deleted": int(is_gone),
                "timestamp": _stamp(told.published_at), "timestampISO": _iso(told.published_at), "bookmarks": 0,
                "upvotes": told.likes, "downvotes": 0, "votes": told.likes, "replies": told.replies,
                "content": GONE if is_gone else _html(told), "isMainPost": told.parent is None,
                "user": _user(told.author), "topic": _topic(told.root),
                **({"toPid": told.parent + 1} if told.parent is not None and told.parent != told.root else {}),
                **({"edited": _stamp(told.edited_at), "editedISO": _iso(told.edited_at)} if told.edited_at else {}),
            }  # fmt: skip

    def _profile(self, author: Author) -> dict[str, Any]:
        posts = len(self._stage.written_by(author.handle, self._now()))
        more = {"joindateISO": _iso(author.created_at), "followerCount": author.followers, "followingCount": 0}
        return {**_user(author), **more, "postcount": posts}


def routes(stage: Stage, now: Now) -> list[Route]:
    """What the forum answers, to a user's token and to guests."""
    forum = NodeBB(stage, now)

    def answering(
        method: Callable[[Request], Response], *, of_users: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            told = request.headers.get("Authorization")
            is_known = told == f"Bearer {TOKEN}"
            if is_known or (told is None and not of_users):
                return method(request)
            return answer({"status": {"code": "not-authorised", "message": LOG_IN}, "response": {}}, 401)

        return answered

    return [
        Route("/api/search", answering(forum.search, of_users=True)),
        Route("/api/recent/posts/{term}", answering(forum.newest)),
        Route("/api/user/{slug}", answering(forum.user)),
        Route("/api/user/{slug}/posts", answering(forum.of_user)),
        Route("/api/v3/posts/{pid:int}/summary", answering(forum.summary)),
        Route("/api/topic/{tid:int}", answering(forum.topic)),
    ]


def _paging(rows: list[int], request: Request) -> dict[str, Any]:
    number = int(request.query_params.get("page", "1"))
    return {"pagination": {"currentPage": number, "pageCount": max(1, ceil(len(rows) / PAGE))}}


def _in_topic(post: dict[str, Any]) -> dict[str, Any]:
    """A topic's page tells who answered, and the topic once for all its posts."""
    told = {name: value for name, value in post.items() if name not in ("topic", "isMainPost")}
    return {**told, "replies": {"count": post["replies"], "hasMore": False, "users": []}}


def _topic(root: int) -> dict[str, Any]:
    return {"tid": root + 1, "title": title_of(root), "mainPid": root + 1, "tags": [], "cid": 1, "deleted": 0}


def _user(author: Author) -> dict[str, Any]:
    return {
        "uid": author.row, "username": author.handle, "userslug": author.handle, "displayname": author.handle,
    }  # fmt: skip


def _html(told: Told) -> str:
    return "\n".join(f"<p>{part}</p>" for part in html.escape(told.text, quote=False).split("\n\n"))


def _missing() -> Response:
    return answer({"error": "[[error:404.title]]"}, 404)


def _stamp(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


FACADE = Facade(
    platform="nodebb",
    routes=routes,
    limits=list,
    options={"base_url": "{url}"},
    secrets={"token": TOKEN},
    tells={"upvotes": "likes", "downvotes": 0, "replies": "replies", "views": "views"},
    tells_of_replies={"upvotes": "likes", "downvotes": 0, "replies": "replies"},
    tells_at_times=frozenset({"views"}),
    said=lambda told: told.text if told.parent is not None else f"{title_of(told.row)}\n\n{told.text}",
)
