"""Bluesky: a PDS that lets in who has an app password, and asks the app view for them.

From the lexicons of bluesky-social/atproto (lexicons/app/bsky/feed, /actor, com/atproto/server), whose bounds hold:
what lies outside is refused; https://docs.bsky.app/docs/advanced-guides/rate-limits and /timestamps. No search reaches
further than 10,000 posts. A post that is edited gets another cid.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.bluesky_records import author_of, cid_of, did_of, handle_of, iso, record_of, uri_of
from flows.sandbox.platforms.boolean import BadQueryError, Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage

IDENTIFIER, PASSWORD, TOKEN = "reader.sky.example", "abcd-efgh-ijkl-mnop", "a-session-of-the-sandbox"
SEARCH = Syntax(either="", negation="", brackets=False)
REACHABLE = 10_000
Answering = Callable[[Request], Response]


class InvalidRequestError(ValueError):
    """What a lexicon does not allow."""


class Bluesky:
    """The app view's answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._handle = {did_of(stage.author(row, 0).native_id): handle for handle, row in stage.account_of.items()}
        self._uris = [uri_of(stage, row) for row in range(stage.size)]
        self._row = {uri: row for row, uri in enumerate(self._uris)}

    def search(self, request: Request) -> Response:
        asked = request.query_params
        if not asked.get("q"):
            raise InvalidRequestError('Params must have the property "q"')
        matches = compiled(asked["q"], SEARCH)
        rows = self._stage.within(_moment(asked.get("since")), _moment(asked.get("until")), self._now())
        found = [row for row in rows if matches(self._stage.text(row, self._now()))]
        first, limit = int(asked.get("cursor", "0")), _number(request, "limit", 25, 100)
        page, after = found[first : min(first + limit, REACHABLE)], first + limit
        more = {"cursor": str(after)} if after < min(len(found), REACHABLE) else {}
        return answer({"posts": list(self._posts(page)), "hitsTotal": len(found), **more})

    def feed(self, request: Request) -> Response:
        rows = self._stage.written_by(self._actor(request.query_params.get("actor", "")), self._now())
        if request.query_params.get("filter") == "posts_no_replies":
            rows = [row for row in rows if self._stage.root(row) == row]
        if cursor := _moment(request.query_params.get("cursor")):
            rows = [row for row in rows if row in set(self._stage.within(None, cursor, self._now()))]
        limit = _number(request, "limit", 50, 100)
        told = list(self._posts(rows[:limit]))
        more = {"cursor": told[-1]["record"]["createdAt"]} if len(rows) > limit else {}
        return answer({"feed": [{"post": post} for post in told], **more})

    def posts(self, request: Request) -> Response:
        rows = [self._row.get(uri) for uri in _list(request, "uris")]
        shown = [row for row in rows if row is not None and self._stage.is_public(row, self._now())]
        return answer({"posts": list(self._posts(shown))})

    def profile(self, request: Request) -> Response:
        return answer(self._profile(self._actor(request.query_params.get("actor", ""))))

    def profiles(self, request: Request) -> Response:
        known = [handle for actor in _list(request, "actors") if (handle := self._known(actor))]
        return answer({"profiles": [self._profile(handle) for handle in known]})

    def thread(self, request: Request) -> Response:
        uri, now = request.query_params.get("uri", ""), self._now()
        row = self._row.get(uri)
        if row is None or not self._stage.is_public(row, now):
            return answer({"error": "NotFound", "message": f"Post not found: {uri}"}, 400)
        rows = self._stage.thread(self._stage.root(row), now)
        views = dict(zip(rows, self._posts(rows), strict=True))
        parents = {told.row: told.parent for told in self._stage.tell(rows, now)}
        depth, height = _number(request, "depth", 6, 1000), _number(request, "parentHeight", 80, 1000)

        def node(of: int, levels: int) -> dict[str, Any]:
            below = [each for each in rows if parents[each] == of] if levels else []
            shown = {"replies": [node(each, levels - 1) for each in below]} if levels else {}
            return {"$type": "app.bsky.feed.defs#threadViewPost", "post": views[of], **shown}

        def above(of: int, levels: int) -> dict[str, Any]:
            parent = parents.get(of)
            if parent is None or not levels:
                return {}
            if parent not in views:
                gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": self._uris[parent], "notFound": True}
                return {"parent": gone}
            return {"parent": {**node(parent, 0), **above(parent, levels - 1)}}

        return answer({"thread": {**node(row, depth), **above(row, height)}})

    def _posts(self, rows: list[int]) -> Iterator[dict[str, Any]]:
        for told in self._stage.tell(rows, self._now()):
            record = record_of(told, self._uris, self._stage)
            yield {
                "uri": self._uris[told.row], "cid": cid_of(record["text"]), "author": author_of(told.author),
                "record": record, "replyCount": told.replies, "repostCount": told.reposts, "likeCount": told.likes,
                "quoteCount": told.quotes, "bookmarkCount": 0, "labels": [], "viewer": {},
                "indexedAt": iso(told.published_at + timedelta(seconds=1)),
            }  # fmt: skip

    def _known(self, actor: str) -> str | None:
        """The stage's handle of an actor."""
        written = {handle_of(handle): handle for handle in self._stage.account_of}
        return self._handle.get(actor) or written.get(actor.lower())

    def _actor(self, actor: str) -> str:
        if (handle := self._known(actor)) is None:
            raise InvalidRequestError("Profile not found")
        return handle

    def _profile(self, handle: str) -> dict[str, Any]:
        account = self._stage.account(handle, self._now())
        assert account is not None  # noqa: S101 - who has no account was refused before
        posts = len(self._stage.written_by(handle, self._now()))
        return {**author_of(account), "followersCount": account.followers, "followsCount": 0, "postsCount": posts}


def routes(stage: Stage, now: Now) -> list[Route]:
    """All methods; what no session comes with is refused, as by a PDS."""
    view = Bluesky(stage, now)
    feed: dict[str, Answering] = {
        "searchPosts": view.search, "getAuthorFeed": view.feed, "getPosts": view.posts, "getPostThread": view.thread,
    }  # fmt: skip
    actor: dict[str, Answering] = {"getProfile": view.profile, "getProfiles": view.profiles}
    named = {f"app.bsky.feed.{name}": each for name, each in feed.items()}
    named |= {f"app.bsky.actor.{name}": each for name, each in actor.items()}
    session = Route("/xrpc/com.atproto.server.createSession", _create_session, methods=["POST"])
    return [session, *(Route(f"/xrpc/{name}", _guarded(each)) for name, each in named.items())]


async def _create_session(request: Request) -> Response:
    body = await request.json()
    if (body.get("identifier"), body.get("password")) != (IDENTIFIER, PASSWORD):
        return answer({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
    return answer({"accessJwt": TOKEN, "refreshJwt": f"{TOKEN}-2", "handle": IDENTIFIER, "did": did_of(IDENTIFIER)})


def _guarded(answering: Answering) -> Callable[[Request], Awaitable[Response]]:
    async def guard(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return answer({"error": "AuthMissing", "message": "Authentication Required"}, 401)
        try:
            return answering(request)
        except (InvalidRequestError, BadQueryError, ValueError) as error:
            return answer({"error": "InvalidRequest", "message": str(error)}, 400)

    return guard


def _number(request: Request, name: str, usual: int, most: int) -> int:
    number = int(request.query_params.get(name, usual))
    if number > most:
        raise InvalidRequestError(f"{name} can not be greater than {most}")
    return number


def _list(request: Request, name: str) -> list[str]:
    found = request.query_params.getlist(name)
    if not 0 < len(found) <= 25:
        raise InvalidRequestError(f"{name} must not have more than 25 elements")
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None


def _headers(limit: Limit, now: datetime) -> dict[str, str]:
    resets_at = int(now.replace(tzinfo=UTC).timestamp()) + limit.resets_in
    return {
        "ratelimit-limit": str(limit.requests), "ratelimit-remaining": str(limit.left),
        "ratelimit-reset": str(resets_at), "ratelimit-policy": f"{limit.requests};w={limit.seconds:.0f}",
    }  # fmt: skip


_PAGE = "https://docs.bsky.app/docs/advanced-guides/rate-limits"
FACADE = Facade(
    platform="bluesky",
    routes=routes,
    limits=lambda: [
        Limit(3_000, 300, f"{_PAGE}: hosted account (PDS), overall API requests by IP"),
        Limit(30, 300, f"{_PAGE}: createSession, by account", "createSession"),
        Limit(300, 86_400, f"{_PAGE}: createSession, by account and day", "createSession"),
    ],
    options={"base_url": "{url}", "public_url": "{url}", "identifier": IDENTIFIER},
    secrets={"app_password": PASSWORD},
    headers=_headers,
    refusal=lambda _limit: answer({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, 429),
    tells={"likes": "likes", "replies": "replies", "reposts": "reposts", "quotes": "quotes", "bookmarks": 0},
    handle=handle_of,
)
