"""What a platform of the sandbox is: its routes over a stage, its limits, and how it words a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from flows.sandbox.platforms.limits import Limit, Limiter
from flows.sandbox.platforms.stage import Stage, Told
from flows.sandbox.world import World

Now = Callable[[], datetime]
Counts = Mapping[str, str | int]
"""Columns of a snapshot that the platform tells: the stage's count, or a number that never changes."""
ALL_COUNTS = {name: name for name in ("likes", "replies", "reposts", "quotes", "views")}


def wall_clock() -> datetime:
    """The present, as the limits' headers tell it: limits are counted in real time, whatever the sandbox's clock."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Facade:
    """One platform's API, and what of its stage can be seen through it.

    `options` are the keys of its [[sources]] table, `{url}` standing for its address; in a handle, without scheme.
    """

    platform: str
    routes: Callable[[Stage, Now], Sequence[Route]]
    limits: Callable[[], list[Limit]]
    options: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)  # by the names of Source.secrets: what the API accepts
    headers: Callable[[Limit, datetime], dict[str, str]] = lambda _limit, _now: {}  # of every answer, by the wall clock
    refusal: Callable[[Limit], Response] = lambda limit: Response(
        "Too Many Requests", 429, {"Retry-After": str(limit.resets_in)}
    )
    mentions: bool = True  # False: it tells of visits, not of posts
    tells: Counts = field(default_factory=lambda: ALL_COUNTS)  # of a first post
    tells_of_replies: Counts | None = None  # None: the same
    tells_at_times: frozenset[str] = frozenset()  # columns that some of its answers leave out
    finds_replies: bool = True  # whether its search (or what is browsed) gives answers too
    nests: bool = True  # False: an answer to an answer is told as one to the first post
    said: Callable[[Told], str] = lambda told: told.text  # a mention's text, where more than the post's stands in it
    dated: Callable[[Told], datetime] = lambda told: told.published_at  # when it says that a post was published
    handle: Callable[[str], str] | None = str  # how it writes a handle of the stage; None: it names no authors
    addresses: bool = True  # False: nothing that is found answers or names those whom we track, so no thread is due
    signs_replies: bool = True  # False: who answers has no handle


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, as the platform would send it."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


class Hosted:
    """A façade over its own world, with its limiter: an ASGI application at the platform's own root."""

    def __init__(self, facade: Facade, world: World, now: Now) -> None:
        self.facade, self.stage = facade, Stage(world)
        self.limiter = Limiter(facade.limits())
        self.wall_clock = wall_clock
        self._routes = Starlette(routes=list(facade.routes(self.stage, now)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or answer; every answer carries what its headers tell of the limits."""
        request = Request(scope)
        query = f"?{request.url.query}" if request.url.query else ""
        asked = f"{request.method} {scope['path']}{query}"
        refused = self.limiter.admit(asked)
        concerned = refused or self.limiter.tightest(asked)
        told = self.facade.headers(concerned, self.wall_clock()) if concerned else {}

        async def with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        answering = self.facade.refusal(refused) if refused else self._routes
        return await answering(scope, receive, with_limits)
