"""A Mastodon server: tag timelines, search, accounts, statuses and threads of one stage.

From https://docs.joinmastodon.org/methods/timelines, /search, /accounts, /statuses and /api/rate-limits; limits of
paging and the words of a refusal from `config/initializers/rack_attack.rb` of mastodon/mastodon. Ids hold the time, as
https://docs.joinmastodon.org/api/guidelines says. A status that answers a deleted one answers none any more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import BadQueryError, Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.mastodon_status import DOMAIN, NAMES, account_of, status_of
from flows.sandbox.platforms.stage import Stage, Told

TOKEN = "an-access-token-of-the-sandbox"  # noqa: S105 - it opens nothing
SEARCH = Syntax(either="", negation="", brackets=False)
MOST = 40
SHOWN_TO_ANYONE = (40, 60, 20)  # ancestors, descendants, levels
SHOWN_TO_USERS = (4096, 4096, 4096)


class Mastodon:
    """The server's answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._ids = [int(second) * 1000 << 16 | row & 0xFFFF for row, second in enumerate(stage.published)]
        self._row = {str(number): row for row, number in enumerate(self._ids)}
        self._account = {stage.author(row, 0).native_id: handle for handle, row in stage.account_of.items()}

    async def tag(self, request: Request) -> Response:
        asked = request.query_params
        wanted = {request.path_params["tag"].lower(), *(name.lower() for name in asked.getlist("all[]")[:4])}
        others = {name.lower() for name in asked.getlist("none[]")[:4]}
        rows = self._stage.within(None, None, self._now())
        found = [row for row in rows if wanted <= (tags := self._tags(row)) and not others & tags]
        return self._timeline(request, found)

    def _tags(self, row: int) -> set[str]:
        return {name.lower() for sign, name in NAMES.findall(self._stage.text(row, self._now())) if sign == "#"}

    async def search(self, request: Request) -> Response:
        asked = request.query_params
        if not asked.get("q"):
            return answer({"error": "param is missing or the value is empty: q"}, 400)
        found: list[int] = []
        if _is_signed_in(request) and asked.get("type") in (None, "statuses"):
            try:
                matches = compiled(asked["q"], SEARCH)
            except BadQueryError:  # what its parser does not read it looks for as words
                matches = compiled(asked["q"].replace('"', " "), SEARCH)
            rows = self._stage.within(None, None, self._now())
            found = self._cut([row for row in rows if matches(self._stage.text(row, self._now()))], request)
        return answer({"accounts": [], "statuses": list(self._statuses(found)), "hashtags": []})

    async def lookup(self, request: Request) -> Response:
        name = request.query_params.get("acct", "").removesuffix(f"@{DOMAIN}")
        account = self._stage.account(name, self._now())
        return answer(account_of(account)) if account else _missing()

    async def of_account(self, request: Request) -> Response:
        handle = self._account.get(request.path_params["id"])
        return self._timeline(request, self._stage.written_by(handle, self._now())) if handle else _missing()

    async def batch(self, request: Request) -> Response:
        rows = [self._row.get(each) for each in request.query_params.getlist("id[]")[:20]]
        known = [row for row in rows if row is not None and self._stage.is_public(row, self._now())]
        return answer(list(self._statuses(known)))

    async def single(self, request: Request) -> Response:
        row = self._row.get(request.path_params["id"])
        is_there = row is not None and self._stage.is_public(row, self._now())
        return answer(next(self._statuses([row]))) if row is not None and is_there else _missing()

    async def context(self, request: Request) -> Response:
        row, now = self._row.get(request.path_params["id"]), self._now()
        if row is None or not self._stage.is_public(row, now):
            return _missing()
        above, below, levels = SHOWN_TO_USERS if _is_signed_in(request) else SHOWN_TO_ANYONE
        told = {each.row: each for each in self._stage.tell(self._stage.thread(self._stage.root(row), now), now)}
        ancestors: list[int] = []
        parent = told[row].parent
        while parent in told and len(ancestors) < above:
            ancestors.insert(0, parent)
            parent = told[parent].parent
        descendants = list(_below(row, told.values(), levels))[:below]
        shown = {name: list(self._statuses(rows)) for name, rows in
                 (("ancestors", ancestors), ("descendants", descendants))}  # fmt: skip
        return answer(shown)

    def _timeline(self, request: Request, rows: list[int]) -> Response:
        found = self._cut(rows, request)
        url = str(request.url.replace(query=""))
        headers = {}
        if found:
            pages = [f'<{url}?min_id={self._ids[found[0]]}>; rel="prev"']
            if len(found) == _limit(request):
                pages.insert(0, f'<{url}?limit={_limit(request)}&max_id={self._ids[found[-1]]}>; rel="next"')
            headers["Link"] = ", ".join(pages)
        return answer(list(self._statuses(found)), headers=headers)

    def _cut(self, rows: list[int], request: Request) -> list[int]:
        """One page: newest first below `max_id` and above `since_id`; `min_id` goes the other way."""
        asked = request.query_params
        bounds = {name: int(asked[name]) for name in ("max_id", "since_id", "min_id") if asked.get(name, "").isdigit()}
        if "max_id" in bounds:
            rows = [row for row in rows if row < bisect_left(self._ids, bounds["max_id"])]
        least = max((bounds[name] for name in ("since_id", "min_id") if name in bounds), default=None)
        if least is not None:
            rows = [row for row in rows if self._ids[row] > least]
        return rows[-_limit(request) :] if "min_id" in bounds else rows[: _limit(request)]

    def _statuses(self, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
        now = self._now()
        for told in self._stage.tell(list(rows), now):
            parent = told.parent if told.parent is not None and self._stage.is_public(told.parent, now) else None
            yield status_of(told, parent, self._ids, self._stage)


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that the server answers; who brings a token that is none is refused everywhere."""
    server = Mastodon(stage, now)
    answers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/api/v1/timelines/tag/{tag}": server.tag,
        "/api/v2/search": server.search,
        "/api/v1/accounts/lookup": server.lookup,
        "/api/v1/accounts/{id}/statuses": server.of_account,
        "/api/v1/statuses": server.batch,
        "/api/v1/statuses/{id}": server.single,
        "/api/v1/statuses/{id}/context": server.context,
    }

    def guarded(answering: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            if "Authorization" in request.headers and not _is_signed_in(request):
                return answer({"error": "The access token is invalid"}, 401)
            return await answering(request)

        return guard

    return [Route(path, guarded(answering)) for path, answering in answers.items()]


def _headers(limit: Limit, now: datetime) -> dict[str, str]:
    resets_at = now + timedelta(seconds=limit.resets_in)
    return {
        "X-RateLimit-Limit": str(limit.requests),
        "X-RateLimit-Remaining": str(limit.left),
        "X-RateLimit-Reset": resets_at.isoformat(timespec="microseconds") + "Z",
    }


FACADE = Facade(
    platform="mastodon",
    routes=routes,
    limits=lambda: [
        Limit(300, 300, "https://docs.joinmastodon.org/api/rate-limits: all endpoints, per account and per IP"),
        Limit(
            300, 900, "mastodon/mastodon, rack_attack.rb: throttle_api_paging", r"[?&](max_id|min_id|since_id|page)="
        ),
    ],
    options={"base_url": "{url}", "domain": DOMAIN},
    secrets={"access_token": TOKEN},
    headers=_headers,
    refusal=lambda _limit: answer({"error": "Too many requests"}, 429),
    tells={"likes": "likes", "replies": "replies", "reposts": "reposts", "quotes": "quotes"},
    handle=lambda handle: f"{handle}@{DOMAIN}",
)


def _below(row: int, told: Iterable[Told], levels: int) -> Iterator[int]:
    """Rows that answer a row, and what answers them, parents first; no deeper than is shown."""
    answers: dict[int | None, list[int]] = {}
    for each in told:
        answers.setdefault(each.parent, []).append(each.row)
    waiting = [(each, 1) for each in reversed(answers.get(row, []))]
    while waiting:
        found, level = waiting.pop()
        yield found
        if level < levels:
            waiting += [(each, level + 1) for each in reversed(answers.get(found, []))]


def _limit(request: Request) -> int:
    asked = request.query_params.get("limit", "")
    return min(int(asked), MOST) if asked.isdigit() and int(asked) else 20


def _is_signed_in(request: Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {TOKEN}"


def _missing() -> Response:
    return answer({"error": "Record not found"}, 404)
