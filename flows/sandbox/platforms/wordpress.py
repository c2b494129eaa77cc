"""WordPress sites over one stage: one of each account that is known by name, and a magazine of all others.

From https://developer.wordpress.org/rest-api/reference/posts, /comments and /using-the-rest-api/pagination; the words
of a refusal and what is given beyond the last page from `WP_REST_Posts_Controller` and `WP_REST_Comments_Controller`.
First posts are posts, answers are comments below the first post of their thread, signed by guests; with a post go its
comments. No count is told, and no author of a comment but by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.sites import heading, markup
from flows.sandbox.platforms.stage import Stage, Told

SITES = ("acmeair", "globexair", "initechair", "cabincrew_k7", "skydesk_news")
MAGAZINE = "magazine"
MOST = 100
ORDERED_BY: dict[str, Callable[[Told], Any]] = {
    "date": lambda told: told.published_at,
    "date_gmt": lambda told: told.published_at,
    "id": lambda told: told.row,
    "modified": lambda told: told.edited_at or told.published_at,
}
NO_SUCH_PAGE = "The page number requested is larger than the number of pages available."


class RefusedError(Exception):
    """A parameter that the site does not take."""


class WordPress:
    """The sites' answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._sites = {stage.author(stage.account_of[name], 0).native_id: name for name in SITES}

    async def posts(self, request: Request) -> Response:
        return self._answer(request, "posts", self._post)

    async def comments(self, request: Request) -> Response:
        return self._answer(request, "comments", self._comment)

    def _answer(self, request: Request, kind: str, shape: Callable[[Told, str], dict[str, Any]]) -> Response:
        site, asked = request.path_params["site"], dict(request.query_params)
        if site not in (*SITES, MAGAZINE):
            return _error("rest_no_route", "No route was found matching the URL and request method.", 404)
        try:
            found = _asked(list(self._told(site, kind)), asked, kind)
            per_page, page = _number(asked, "per_page", 10, MOST), _number(asked, "page", 1, 1_000_000)
        except RefusedError as error:
            return _error("rest_invalid_param", f"Invalid parameter(s): {error}", 400)
        pages = math.ceil(len(found) / per_page)
        if kind == "posts" and page > pages and found:
            return _error("rest_post_invalid_page_number", NO_SUCH_PAGE, 400)
        fields = asked["_fields"].split(",") if asked.get("_fields") else None
        shown = [shape(each, site) for each in found[(page - 1) * per_page : page * per_page]]
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
        links = [("prev", min(page - 1, pages))] * (page > 1) + [("next", page + 1)] * (page < pages)
        if links:
            told = (f'<{request.url.include_query_params(page=number)}>; rel="{rel}"' for rel, number in links)
            headers["Link"] = ", ".join(told)
        return answer([{k: v for k, v in each.items() if not fields or k in fields} for each in shown], 200, headers)

    def _told(self, site: str, kind: str) -> Iterator[Told]:
        """What a site holds now: its posts, or the comments below those that still stand."""
        now, stage = self._now(), self._stage
        rows = [row for row in stage.within(None, None, now) if (stage.root(row) == row) == (kind == "posts")]
        yield from stage.tell([row for row in rows if self._site(stage.root(row)) == site], now)

    def _site(self, root: int) -> str | None:
        handle = self._sites.get(self._stage.author_id(root), MAGAZINE)
        return handle if self._stage.is_public(root, self._now()) else None

    def _post(self, told: Told, site: str) -> dict[str, Any]:
        edited_at = told.edited_at or told.published_at
        return {
            "id": told.row + 1, "date": _iso(told.published_at), "date_gmt": _iso(told.published_at),
            "modified": _iso(edited_at), "modified_gmt": _iso(edited_at), "slug": f"entry-{told.row + 1}",
            "status": "publish", "type": "post", "link": f"https://{site}.example/?p={told.row + 1}",
            "title": {"rendered": heading(told)}, "content": {"rendered": markup(told.text), "protected": False},
            "excerpt": {"rendered": "", "protected": False}, "author": 1, "featured_media": 0,
        }  # fmt: skip

    def _comment(self, told: Told, site: str) -> dict[str, Any]:
        return {
            "id": told.row + 1, "post": told.root + 1, "parent": self._parent(told), "author": 0,
            "author_name": told.author.handle, "author_url": "", "date": _iso(told.published_at),
            "date_gmt": _iso(told.published_at), "content": {"rendered": markup(told.text)},
            "link": f"https://{site}.example/?p={told.root + 1}#comment-{told.row + 1}", "status": "approved",
            "type": "comment",
        }  # fmt: skip

    def _parent(self, told: Told) -> int:
        """The comment that it answers; 0 for the post, and where that comment is gone."""
        parent = told.parent if told.parent not in (None, told.root) else None
        return parent + 1 if parent is not None and self._stage.is_public(parent, self._now()) else 0


def _asked(told: list[Told], asked: dict[str, str], kind: str) -> list[Told]:
    """Those that the parameters ask for, in their order; bounds of time are exclusive."""
    by, order = asked.get("orderby", "date"), asked.get("order", "desc")
    if by not in ORDERED_BY or by == ("date_gmt" if kind == "posts" else "modified") or order not in ("asc", "desc"):
        raise RefusedError("orderby, order")
    bounds = {name: _moment(asked, name) for name in ("after", "before", "modified_after") if name in asked}
    included, posts = _ids(asked, "include"), _ids(asked, "post")
    found = [
        each
        for each in told
        if each.published_at > bounds.get("after", datetime.min)  # noqa: DTZ901 - UTC without zone
        and each.published_at < bounds.get("before", datetime.max)  # noqa: DTZ901
        and (each.edited_at or each.published_at) > bounds.get("modified_after", datetime.min)  # noqa: DTZ901
        and (included is None or each.row + 1 in included)
        and (kind == "posts" or posts is None or each.root + 1 in posts)
    ]
    key = ORDERED_BY[by]
    return sorted(found, key=lambda each: (key(each), each.row), reverse=order == "desc")


def _ids(asked: dict[str, str], name: str) -> set[int] | None:
    if name not in asked:
        return None
    if not all(each.isdigit() for each in asked[name].split(",")):
        raise RefusedError(name)
    return {int(each) for each in asked[name].split(",")}


def _number(asked: dict[str, str], name: str, default: int, most: int) -> int:
    given = asked.get(name, str(default))
    if not given.isdigit() or not 1 <= int(given) <= most:
        raise RefusedError(name)
    return int(given)


def _moment(asked: dict[str, str], name: str) -> datetime:
    try:
        return datetime.fromisoformat(asked[name]).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise RefusedError(name) from None


def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _error(code: str, message: str, status: int) -> Response:
    return answer({"code": code, "message": message, "data": {"status": status}}, status)


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that the sites answer."""
    sites = WordPress(stage, now)
    return [
        Route("/{site}/wp-json/wp/v2/posts", sites.posts),
        Route("/{site}/wp-json/wp/v2/comments", sites.comments),
    ]


FACADE = Facade(
    platform="wordpress",
    routes=routes,
    limits=lambda: [],  # WordPress itself has none
    options={"urls": [f"{{url}}/{site}" for site in (*SITES, MAGAZINE)]},
    tells={},
    said=lambda told: told.text if told.parent is not None else f"{heading(told)}\n\n{told.text}",
    handle=lambda handle: f"{{url}}/{handle if handle in SITES else MAGAZINE}",
    signs_replies=False,
)
