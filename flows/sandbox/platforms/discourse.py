"""A Discourse forum: search, topics and some of a topic's posts, to strangers.

From https://docs.discourse.org and discourse/discourse: `lib/search.rb` (days are excluded from `after:` to `before:`;
50 posts a page, ten pages; one post a topic unless ordered by likes), `config/site_settings.yml` and
`config/discourse_defaults.conf` (limits), `lib/topic_view.rb` (20 posts around the one asked for). What its author
deletes says so for a day; a first post without answers takes its topic along. Each thread of the stage is a topic.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage, Told

HITS, PAGES, SHOWN = 50, 10, 20
SEARCH = Syntax(either="OR", negation="", brackets=False)
SHOWS_DELETED = timedelta(hours=24)
_FILTER = re.compile(r"(?<!\S)(?:(after|before|order):(\S+)|@(\w+))")
_NAMES = re.compile(r"(?<![\w@#])@(\w+)")


def title_of(root: int) -> str:
    """A topic's title: it names nobody."""
    return f"A word about number {root + 1}"


class Discourse:
    """The forum's answers. A topic's number is the row of its first post and one."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now

    def search(self, request: Request) -> Response:
        asked, page = request.query_params.get("q", ""), int(request.query_params.get("page", "1"))
        if not 1 <= page <= PAGES:
            return answer({"errors": ["You supplied invalid parameters to the request: page"]}, 400)
        filters = {name or "author": value or author for name, value, author in _FILTER.findall(asked)}
        found = self._found(_FILTER.sub(" ", asked).strip(), filters)
        shown = found[HITS * (page - 1) : HITS * page]
        hits = [self._hit(told) for told in self._stage.tell(shown, self._now())]
        more = {"more_full_page_results": len(found) > HITS * page or None, "term": asked, "error": None}
        return answer({"posts": hits, "topics": [], "users": [], "grouped_search_result": more})

    def _found(self, words: str, filters: dict[str, str]) -> list[int]:
        now = self._now()
        after, before = (filters.get(name) and datetime.fromisoformat(filters[name]) for name in ("after", "before"))
        rows = self._stage.within(after or None, before or None, now)
        if "author" in filters:
            rows = [row for row in rows if row in set(self._stage.written_by(filters["author"], now))]
        if words:
            matches = compiled(words, SEARCH)
            rows = [row for row in rows if matches(self._said(row))]
        if filters.get("order") == "likes":
            likes = {told.row: told.likes for told in self._stage.tell(rows, now)}
            return sorted(rows, key=lambda row: -likes[row])
        pick = max if filters.get("order") == "latest" else min
        topics: dict[int, list[int]] = {}
        for row in rows:
            topics.setdefault(self._stage.root(row), []).append(row)
        return sorted((pick(each) for each in topics.values()), reverse=True)

    def _said(self, row: int) -> str:
        text = self._stage.text(row, self._now())
        return f"{title_of(row)} {text}" if self._stage.root(row) == row else text

    def topic(self, request: Request) -> Response:
        root = request.path_params["topic"] - 1
        rows = self._shown(root)
        if not rows:
            return _missing()
        number = request.path_params.get("number", 1)
        at = next((place for place, row in enumerate(rows) if self._number(row) >= number), len(rows) - 1)
        first = max(0, min(at - SHOWN // 4, len(rows) - SHOWN))
        told = self._topic(root, rows[first : first + SHOWN])
        told["post_stream"]["stream"] = [row + 1 for row in rows]
        return answer(told)

    def posts(self, request: Request) -> Response:
        root = request.path_params["topic"] - 1
        wanted = {int(each) - 1 for each in request.query_params.getlist("post_ids[]")}
        rows = self._shown(root)
        told = self._topic(root, [row for row in rows if row in wanted])
        return answer({"post_stream": told["post_stream"], "id": root + 1}) if rows else _missing()

    def _shown(self, root: int) -> list[int]:
        """What stands in a topic: what is deleted stays for a day, and first posts that were answered for ever."""
        if not 0 <= root < self._stage.size or self._stage.root(root) != root:
            return []
        now = self._now()
        rows = self._stage.thread(root, now, with_gone=True)
        if not self._stage.is_public(root, now) and len(rows) == 1:
            return []
        return [row for row in rows if row == root or self._stage.is_public(row, now - SHOWS_DELETED)
                or self._stage.is_public(row, now)]  # fmt: skip

    def _number(self, row: int) -> int:
        return self._stage.thread(self._stage.root(row), self._now(), with_gone=True).index(row) + 1

    def _topic(self, root: int, rows: list[int]) -> dict[str, Any]:
        views = next(self._stage.tell([root], self._now())).views
        return {
            "id": root + 1, "title": title_of(root), "fancy_title": title_of(root), "views": views, "tags": [],
            "posts_count": len(self._shown(root)), "post_stream": {"posts": list(self._posts(rows))},
        }  # fmt: skip

    def _hit(self, told: Told) -> dict[str, Any]:
        return {
            "id": told.row + 1, "name": told.author.handle, "username": told.author.handle, "avatar_template": "",
            "created_at": _iso(told.published_at), "like_count": told.likes, "blurb": told.text[:200],
            "post_number": self._number(told.row), "topic_id": told.root + 1,
        }  # fmt: skip

    def _posts(self, rows: list[int]) -> Iterator[dict[str, Any]]:
        for told in self._stage.tell(rows, self._now()):
            is_gone = not self._stage.is_public(told.row, self._now())
            to = None if told.parent in (None, told.root) else told.parent
            yield {
                "id": told.row + 1, "name": told.author.handle, "username": told.author.handle,
                "avatar_template": "", "created_at": _iso(told.published_at), "post_number": self._number(told.row),
                "cooked": "<p>(post deleted by author)</p>" if is_gone else self._cooked(told.text), "post_type": 1,
                "updated_at": _iso(told.edited_at or told.published_at), "version": 2 if told.edited_at else 1,
                "reply_count": told.replies, "reply_to_post_number": None if to is None else self._number(to),
                "quote_count": told.quotes, "incoming_link_count": 0, "reads": told.views, "readers_count": told.views,
                "score": 0.0, "yours": False, "topic_id": told.root + 1, "topic_slug": f"topic-{told.root + 1}",
                "display_username": told.author.handle, "moderator": False, "admin": False, "staff": False,
                "user_id": told.author.row, "hidden": False, "trust_level": 1, "deleted_at": None,
                "user_deleted": is_gone, "actions_summary": [{"id": 2, "count": told.likes}] if told.likes else [],
            }  # fmt: skip

    def _cooked(self, text: str) -> str:
        """As the forum cooks what people type: paragraphs, and links for the names that it knows."""

        def link(found: re.Match[str]) -> str:
            name = found[1]
            is_known = name in self._stage.account_of
            return f'<a class="mention" href="/u/{name}">@{name}</a>' if is_known else found[0]

        linked = _NAMES.sub(link, html.escape(text, quote=False))
        return "\n".join(f"<p>{part}</p>" for part in linked.split("\n\n"))


def routes(stage: Stage, now: Now) -> list[Route]:
    """What strangers may read."""
    forum = Discourse(stage, now)

    def answering(method: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            return method(request)

        return answered

    return [
        Route("/search.json", answering(forum.search)),
        Route("/t/{topic:int}/posts.json", answering(forum.posts)),
        Route("/t/{topic:int}/{number:int}.json", answering(forum.topic)),
        Route("/t/{topic:int}.json", answering(forum.topic)),
        Route("/about.json", answering(lambda _request: answer({"about": {"title": "A forum"}}))),
    ]


def _missing() -> Response:
    said = "The requested URL or resource could not be found."
    return answer({"errors": [said], "error_type": "not_found"}, 404)


def _refusal(limit: Limit) -> Response:
    wait = {"Retry-After": str(limit.resets_in)}
    if limit.counts:
        said = "You’ve performed this action too many times, please try again later."
        extras = {"wait_seconds": limit.resets_in}
        return answer({"errors": [said], "error_type": "rate_limit", "extras": extras}, 429, wait)
    code = f"ip_{limit.seconds:.0f}_secs_limit"
    told = f"Slow down, too many requests from this IP address.\nPlease retry again in {limit.resets_in} seconds.\n"
    return Response(f"{told}Error code: {code}.", 429, {**wait, "Discourse-Rate-Limit-Error-Code": code})


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


_IP = "discourse/discourse, config/discourse_defaults.conf"
FACADE = Facade(
    platform="discourse",
    routes=routes,
    limits=lambda: [
        Limit(200, 60, f"{_IP}: max_reqs_per_ip_per_minute"),
        Limit(50, 10, f"{_IP}: max_reqs_per_ip_per_10_seconds"),
        Limit(
            8,
            60,
            "discourse/discourse, config/site_settings.yml: rate_limit_search_anon_user_per_minute",
            r"/search\.json",
        ),
        Limit(
            2,
            1,
            "discourse/discourse, config/site_settings.yml: rate_limit_search_anon_user_per_second",
            r"/search\.json",
        ),
    ],
    options={"base_url": "{url}"},
    refusal=_refusal,
    tells={"likes": "likes", "replies": "replies", "quotes": "quotes", "views": "views"},
    said=lambda told: told.text if told.parent is not None else f"{title_of(told.row)}\n\n{told.text}",
)
