"""A Lemmy server (0.19): search, people, posts and comments of one community.

From https://lemmy.readme.io (API v3) and LemmyNet/lemmy: a page has at most 50 (`limit_and_offset`), a search compares
letters, blanks standing for anything (`fuzzy_search`), limits are those of migration 2022-10-06 and of
`api_routes_http.rs`, and who asks too much is told so with 400 (`LemmyErrorType::RateLimitError`), without a word on
how long. Deleted comments keep their place in a thread and lose their words; deleted posts are not found.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Author, Stage, Told

DOMAIN = "lemmy.example"
MOST = 50
COMMUNITY = {"id": 2, "name": "air", "title": "Air", "actor_id": f"https://{DOMAIN}/c/air", "local": True}


class RefusedError(ValueError):
    """The name of an error, as the API tells it."""


class Lemmy:
    """The server's answers. A post's number is its row and one; so is a comment's."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now

    def search(self, request: Request) -> dict[str, Any]:
        asked, kind = request.query_params, request.query_params.get("type_", "All")
        letters = ".*".join(re.escape(part) for part in asked.get("q", "").split(" "))
        found = re.compile(letters, re.IGNORECASE | re.DOTALL)
        rows = [
            row
            for row in self._stage.within(None, None, self._now())
            if found.search(self._stage.text(row, self._now()))
        ]
        return {"type_": kind, "communities": [], "users": [], **self._lists(rows, request, kind)}

    def user(self, request: Request) -> dict[str, Any]:
        name = request.query_params.get("username", "").removesuffix(f"@{DOMAIN}")
        account = self._stage.account(name, self._now())
        if account is None:
            raise RefusedError("couldnt_find_person")
        rows = self._stage.written_by(name, self._now())
        first = sum(self._is_first(row) for row in rows)
        counts = {"person_id": account.row, "post_count": first, "comment_count": len(rows) - first}
        view = {"person": _person(account), "counts": counts, "is_admin": False}
        return {"person_view": view, "moderates": [], **self._lists(rows, request, "All")}

    def resolve(self, request: Request) -> dict[str, Any]:
        kind, _, number = request.query_params.get("q", "").removeprefix(f"https://{DOMAIN}/").partition("/")
        row = int(number) - 1 if number.isdigit() and 0 < int(number) <= self._stage.size else -1
        is_there = row >= 0 and self._stage.is_public(row, self._now())
        if not is_there or kind != ("post" if self._is_first(row) else "comment"):
            raise RefusedError("couldnt_find_object")
        return {kind: next(self._views([row]))}

    def post(self, request: Request) -> dict[str, Any]:
        row = int(request.query_params.get("id", "0")) - 1
        if not (0 <= row < self._stage.size and self._is_first(row) and self._stage.is_public(row, self._now())):
            raise RefusedError("couldnt_find_post")
        return {"post_view": next(self._views([row])), "moderators": [], "cross_posts": []}

    def comments(self, request: Request) -> dict[str, Any]:
        root = int(request.query_params.get("post_id", "0")) - 1
        rows = [row for row in self._stage.thread(root, self._now(), with_gone=True) if row != root]
        if request.query_params.get("sort") != "Old":
            rows = rows[::-1]
        return {"comments": list(self._views(_page(rows, request)))}

    def _lists(self, rows: list[int], request: Request, kind: str) -> dict[str, Any]:
        posts = [row for row in rows if self._is_first(row)] if kind in ("All", "Posts") else []
        comments = [row for row in rows if not self._is_first(row)] if kind in ("All", "Comments") else []
        lists = {"posts": posts, "comments": comments}
        return {name: list(self._views(_page(found, request))) for name, found in lists.items()}

    def _is_first(self, row: int) -> bool:
        return self._stage.root(row) == row

    def _views(self, rows: list[int]) -> Iterator[dict[str, Any]]:
        for told in self._stage.tell(rows, self._now()):
            yield self._post(told) if told.parent is None else self._comment(told)

    def _post(self, told: Told) -> dict[str, Any]:
        counts = {"post_id": told.row + 1, "comments": told.replies, "newest_comment_time": _iso(told.published_at)}
        view = self._view(told, counts)
        post = self._head(told.row, _iso(told.published_at)) | _edited(told)
        return {**view, "post": {**post, "name": told.text}, "read": False, "unread_comments": 0}

    def _comment(self, told: Told) -> dict[str, Any]:
        is_gone = not self._stage.is_public(told.row, self._now())
        root = next(self._stage.tell([told.root], self._now()))
        comment = {
            "id": told.row + 1, "creator_id": told.author.row, "post_id": told.root + 1, "removed": False,
            "content": "" if is_gone else _markdown(told.text), "published": _iso(told.published_at),
            "deleted": is_gone, "ap_id": f"https://{DOMAIN}/comment/{told.row + 1}", "local": True,
            "path": self._path(told), "distinguished": False, "language_id": 0, **_edited(told),
        }  # fmt: skip
        view = self._view(told, {"comment_id": told.row + 1, "child_count": told.replies})
        return {**view, "comment": comment, "post": self._head(told.root, _iso(root.published_at))}

    def _view(self, told: Told, counts: dict[str, Any]) -> dict[str, Any]:
        votes = {"score": told.likes, "upvotes": told.likes, "downvotes": 0, "published": _iso(told.published_at)}
        return {
            "creator": _person(told.author), "community": COMMUNITY, "creator_banned_from_community": False,
            "creator_is_moderator": False, "creator_is_admin": False, "subscribed": "NotSubscribed", "saved": False,
            "creator_blocked": False, "counts": {**votes, **counts},
        }  # fmt: skip

    def _head(self, row: int, published: str) -> dict[str, Any]:
        """A post as it stands beside its comments too."""
        return {
            "id": row + 1, "name": self._stage.text(row, self._now()), "creator_id": 0, "community_id": 2,
            "removed": False, "locked": False, "published": published, "nsfw": False, "local": True, "language_id": 0,
            "deleted": not self._stage.is_public(row, self._now()), "ap_id": f"https://{DOMAIN}/post/{row + 1}",
        }  # fmt: skip

    def _path(self, told: Told) -> str:
        """ "0", the comments above, the comment itself; the post has no part in it."""
        numbers, above = [told.row + 1], told.parent
        while above is not None and above != told.root:
            numbers.insert(0, above + 1)
            above = self._stage.parent(above)
        return ".".join(map(str, [0, *numbers]))


def routes(stage: Stage, now: Now) -> list[Route]:
    """What is read of a server."""
    server = Lemmy(stage, now)
    methods: dict[str, Callable[[Request], dict[str, Any]]] = {
        "search": server.search, "user": server.user, "resolve_object": server.resolve, "post": server.post,
        "comment/list": server.comments,
    }  # fmt: skip

    def answering(method: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                return answer(method(request))
            except RefusedError as error:
                return answer({"error": str(error)}, 404 if str(error) == "couldnt_find_post" else 400)

        return answered

    return [Route(f"/api/v3/{name}", answering(method)) for name, method in methods.items()]


def _page(rows: list[int], request: Request) -> list[int]:
    limit, page = (int(request.query_params.get(name, usual)) for name, usual in (("limit", 10), ("page", 1)))
    if not 1 <= limit <= MOST:
        raise RefusedError("couldnt_get_posts")
    if page < 1:
        raise RefusedError("page_is_invalid")
    return rows[limit * (page - 1) : limit * page]


def _person(author: Author) -> dict[str, Any]:
    return {
        "id": author.row, "name": author.handle, "banned": False, "published": _iso(author.created_at),
        "actor_id": f"https://{DOMAIN}/u/{author.handle}", "local": True, "deleted": False, "bot_account": False,
        "instance_id": 1,
    }  # fmt: skip


def _edited(told: Told) -> dict[str, Any]:
    return {"updated": _iso(told.edited_at)} if told.edited_at else {}


def _markdown(text: str) -> str:
    """As it must be typed, so that it is read as it was meant."""
    return text.replace("<", "&lt;")


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds") + "Z"


FACADE = Facade(
    platform="lemmy",
    routes=routes,
    limits=lambda: [
        Limit(
            180,
            60,
            "LemmyNet/lemmy, local_site_rate_limit: message, for all reading but search",
            r" (?!/api/v3/search)",
        ),
        Limit(60, 600, "LemmyNet/lemmy, local_site_rate_limit: search", r"/api/v3/search\?"),
    ],
    options={"base_url": "{url}"},
    refusal=lambda _limit: answer({"error": "rate_limit_error"}, 400),
    tells={"upvotes": "likes", "downvotes": 0, "replies": "replies"},
    handle=lambda handle: f"{handle}@{DOMAIN}",
)
