"""X: recent search, its counts, posts, users and their posts, by an app's bearer token.

From https://docs.x.com/x-api/posts/search/introduction and /search/integrate/operators, /x-api/posts/counts, /lookup,
/timelines, /x-api/users/lookup, /x-api/fundamentals/{edit-posts,fields,expansions,rate-limits} and, for errors,
/x-api/fundamentals/response-codes-and-errors. Ids hold the time. An edited post has a new id; search knows the newest
version alone, a look-up shows whichever was asked for. Here answers are edited too, and later than half an hour.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import BadQueryError, Matches, Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage, Told
from flows.sandbox.platforms.x_posts import PROBLEMS, Posts, id_of, not_found, row_of, told_user, wanted
from flows.sandbox.streams import epoch

TOKEN = "a-bearer-token-of-the-sandbox"  # noqa: S105 - it opens nothing
SYNTAX = Syntax(negation="")
REACH, LATEST = timedelta(days=7), timedelta(seconds=10)
MOST_NAMED, MOST_OF_USER = 100, 3_200
_CONVERSATION = re.compile(r"conversation_id:(\d+)")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_FIELDS = {"tweet.fields", "user.fields", "expansions", "start_time", "end_time"}
_TAKEN = {
    "search": _FIELDS | {"query", "max_results", "next_token", "since_id", "until_id", "sort_order", "media.fields"},
    "counts": {"query", "granularity", "start_time", "end_time", "next_token"},
    "posts": {"ids", "tweet.fields", "user.fields", "expansions"},
    "user": {"user.fields", "tweet.fields", "expansions"},
    "timeline": _FIELDS | {"max_results", "pagination_token", "exclude", "since_id", "until_id"},
}


class InvalidRequestError(ValueError):
    """A parameter that is refused."""


class X:
    """What the API answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._posts = Posts(stage)
        self._handle = {stage.author(row, 0).native_id: handle for handle, row in stage.account_of.items()}

    async def search(self, request: Request) -> Response:
        least, most = self._span(request)
        found = sorted(
            ((told, number) for told, number in self._matching(request) if least <= number < most),
            key=lambda each: -each[1],
        )
        return self._page(request, found, "next_token", 10)

    async def count(self, request: Request) -> Response:
        least, most = self._span(request)
        if request.query_params.get("granularity", "hour") != "day":
            raise InvalidRequestError("granularity")
        days: dict[datetime, int] = {}
        for told, number in self._matching(request):
            if least <= number < most:
                day = told.published_at.replace(hour=0, minute=0, second=0)
                days[day] = days.get(day, 0) + 1
        data = [
            {"start": day.strftime(_MOMENT), "end": (day + timedelta(days=1)).strftime(_MOMENT), "tweet_count": number}
            for day, number in sorted(days.items())
        ]
        return answer({"data": data, "meta": {"total_tweet_count": sum(days.values())}})

    def _matching(self, request: Request) -> Iterator[tuple[Told, int]]:
        """Posts as they stand, each with the id of its newest version."""
        query = request.query_params.get("query", "")
        conversation = _CONVERSATION.search(query)
        root = self._posts.row.get(conversation[1]) if conversation else None
        words = _CONVERSATION.sub("", query).strip()
        if not query or (conversation and root is None and not words):
            raise InvalidRequestError("query")
        try:
            matches: Matches = compiled(words, SYNTAX) if words else lambda _text: True
        except BadQueryError as error:
            raise InvalidRequestError(f"query: {error}") from None
        rows = self._stage.within(None, None, self._now())
        for told in self._stage.tell(rows, self._now()):
            if (root is None or (told.root == root and told.row != root)) and matches(told.text):
                yield told, self._posts.versions(told)[-1]

    def _span(self, request: Request) -> tuple[int, int]:
        """Ids of the time that is asked for."""
        now = self._now()
        first, last = _moment(request, "start_time"), _moment(request, "end_time")
        is_search = "/users/" not in request.url.path
        if is_search and first and first < now - REACH:
            raise InvalidRequestError("start_time: must be within the last 7 days")
        if last and last > now - LATEST:
            raise InvalidRequestError("end_time: must be a minimum of 10 seconds prior to the request time")
        if first and last and first >= last:
            raise InvalidRequestError("start_time: must be before end_time")
        earliest = now - REACH if is_search else datetime(2011, 1, 1)  # noqa: DTZ001 - UTC without zone
        return id_of(epoch(first or earliest), 0), id_of(epoch(last or now - timedelta(seconds=30)), 0)

    async def posts(self, request: Request) -> Response:
        ids = [each for each in request.query_params.get("ids", "").split(",") if each]
        if not 1 <= len(ids) <= MOST_NAMED:
            raise InvalidRequestError("ids")
        now = self._now()
        shown: list[tuple[Told, int]] = []
        errors = []
        for each in ids:
            row = row_of(each)
            is_there = 0 <= row < self._stage.size and self._stage.is_public(row, now)
            told = next(self._stage.tell([row], now)) if is_there else None
            if told is None or int(each) not in self._posts.versions(told):
                errors.append(not_found("tweet", "ids", each))
                continue
            if int(each) == self._posts.ids[told.row] and told.edited_at:
                before = self._stage.text(told.row, told.edited_at - timedelta(seconds=1))
                shown.append((replace(told, text=before), int(each)))
            else:
                shown.append((told, int(each)))
        return answer({**self._listed(request, shown), **({"errors": errors} if errors else {})})

    async def user(self, request: Request) -> Response:
        asked = request.path_params["name"].lower()
        handle = next((name for name in self._stage.account_of if name.lower() == asked), "")
        author = self._stage.account(handle, self._now())
        if author is None:
            return answer({"errors": [not_found("user", "username", request.path_params["name"])]})
        return answer({"data": told_user(author, wanted(request, "user.fields"))})

    async def of_user(self, request: Request) -> Response:
        handle = self._handle.get(request.path_params["id"])
        if handle is None:
            return answer({"errors": [not_found("user", "id", request.path_params["id"])]})
        least, most = self._span(request)
        rows = self._stage.written_by(handle, self._now())[:MOST_OF_USER]
        posts = [(told, self._posts.versions(told)[-1]) for told in self._stage.tell(rows, self._now())]
        found = sorted((each for each in posts if least <= each[1] < most), key=lambda each: -each[1])
        return self._page(request, found, "pagination_token", 5)

    def _page(self, request: Request, found: Sequence[tuple[Told, int]], name: str, least: int) -> Response:
        """One page below the id that the token tells."""
        asked = request.query_params
        size = asked.get("max_results", "10")
        if not (size.isdigit() and least <= int(size) <= 100):
            raise InvalidRequestError(f"max_results: [{size}] is not between {least} and 100")
        if name in asked:
            token = asked[name].removeprefix("b26v89")
            if token == asked[name] or not token.isdigit():
                raise InvalidRequestError(name)
            found = [each for each in found if each[1] < int(token)]
        page = list(found[: int(size)])
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": str(page[0][1]), "oldest_id": str(page[-1][1])}
        if len(found) > len(page):
            meta["next_token"] = f"b26v89{page[-1][1]}"
        return answer({**self._listed(request, page), "meta": meta})

    def _listed(self, request: Request, posts: Sequence[tuple[Told, int]]) -> dict[str, Any]:
        """Posts with the fields and the authors that were asked for; nothing at all where there are none."""
        if not posts:
            return {}
        fields, told = wanted(request, "tweet.fields"), {}
        told["data"] = [self._posts.told(post, number, fields) for post, number in posts]
        if "author_id" in wanted(request, "expansions"):
            authors = {post.author.native_id: post.author for post, _ in posts}
            users = [told_user(author, wanted(request, "user.fields")) for author in authors.values()]
            return {**told, "includes": {"users": users}}
        return told


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that is answered; without the token nothing is, and a parameter that is none is refused."""
    x = X(stage, now)
    answers: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
        "/2/tweets/search/recent": ("search", x.search),
        "/2/tweets/counts/recent": ("counts", x.count),
        "/2/tweets": ("posts", x.posts),
        "/2/users/by/username/{name}": ("user", x.user),
        "/2/users/{id}/tweets": ("timeline", x.of_user),
    }

    def guarded(kind: str, answering: Callable[[Request], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return answer(
                    {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}, 401
                )
            try:
                if unknown := set(request.query_params) - _TAKEN[kind]:
                    raise InvalidRequestError(f"The query parameter [{min(unknown)}] is not one of those expected")
                return await answering(request)
            except InvalidRequestError as error:
                return answer(
                    {"errors": [{"parameters": {}, "message": str(error)}], "title": "Invalid Request",
                     "detail": "One or more parameters to your request was invalid.",
                     "type": f"{PROBLEMS}/invalid-request"}, 400,
                )  # fmt: skip

        return guard

    return [Route(path, guarded(kind, answering)) for path, (kind, answering) in answers.items()]


def _headers(limit: Limit, now: datetime) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit.requests),
        "x-rate-limit-remaining": str(limit.left),
        "x-rate-limit-reset": str(epoch(now) + limit.resets_in),
    }


_RATES = "https://docs.x.com/x-api/fundamentals/rate-limits"
FACADE = Facade(
    platform="x",
    routes=routes,
    limits=lambda: [
        Limit(450, 900, f"{_RATES}: recent search, per app", r"/tweets/search/recent"),
        Limit(300, 900, f"{_RATES}: recent counts, per app", r"/tweets/counts/recent"),
        Limit(300, 900, f"{_RATES}: user by name, per app", r"/users/by/username/"),
        Limit(3_500, 900, f"{_RATES}: posts by ids, per app", r"/2/tweets\?"),
        Limit(10_000, 900, f"{_RATES}: a user's posts, per app", r"/users/\d+/tweets"),
    ],
    options={"base_url": "{url}/2"},
    secrets={"bearer_token": TOKEN},
    headers=_headers,
    refusal=lambda _limit: answer({"title": "Too Many Requests", "type": "about:blank", "status": 429}, 429),
    tells={name: name for name in ("likes", "replies", "reposts", "quotes", "views")} | {"bookmarks": 0},
)


def _moment(request: Request, name: str) -> datetime | None:
    told = request.query_params.get(name)
    if told is None:
        return None
    try:
        return datetime.fromisoformat(told).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise InvalidRequestError(name) from None
