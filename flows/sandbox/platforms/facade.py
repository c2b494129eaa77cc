"""What a platform of the sandbox is: its routes over a stage, its limits, and how it words a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from flows.sandbox.platforms.limits import Limit, Limiter
from flows.sandbox.platforms.stage import Stage
from flows.sandbox.world import World

Now = Callable[[], datetime]


@dataclass(frozen=True)
class Facade:
    """One platform's API. `options` are the keys of its [[sources]] table, `{url}` standing for its address."""

    platform: str
    routes: Callable[[Stage, Now], Sequence[Route]]
    limits: Callable[[], list[Limit]]
    options: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)  # by the names of Source.secrets: what the API accepts
    headers: Callable[[Limit, datetime], dict[str, str]] = lambda _limit, _now: {}  # of every answer
    refusal: Callable[[Limit], Response] = lambda limit: Response(
        "Too Many Requests", 429, {"Retry-After": str(limit.resets_in)}
    )


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, as the platform would send it."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


class Hosted:
    """A façade over its own world, with its limiter: an ASGI application at the platform's own root."""

    def __init__(self, facade: Facade, world: World, now: Now) -> None:
        self.facade, self.stage = facade, Stage(world)
        self.limiter = Limiter(facade.limits())
        self._now = now
        self._routes = Starlette(routes=list(facade.routes(self.stage, now)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or answer; every answer carries what its headers tell of the limits."""
        request = Request(scope)
        query = f"?{request.url.query}" if request.url.query else ""
        asked = f"{request.method} {scope['path']}{query}"
        refused = self.limiter.admit(asked)
        if refused is not None:
            return await self.facade.refusal(refused)(scope, receive, send)
        tightest = self.limiter.tightest(asked)
        told = self.facade.headers(tightest, self._now()) if tightest else {}

        async def with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        return await self._routes(scope, receive, with_limits)
