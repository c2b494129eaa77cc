"""The sandbox's server: synthetic Hacker News over HTTP on the loopback interface, with faults, statistics and a clock.

    python -m flows.sandbox.server --seed 1 --days 60 --write demo/      # prints its URL, serves until interrupted

Its own controls: POST /__sandbox/faults (a list of faults), GET /__sandbox/stats, GET and POST /__sandbox/clock.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from flows.sandbox.demo import write_demo
from flows.sandbox.faults import Fault, Faults, inflict
from flows.sandbox.hackernews import BadRequestError, HackerNews
from flows.sandbox.platforms import FACADES
from flows.sandbox.platforms.facade import Hosted
from flows.sandbox.world import World

HOST = "127.0.0.1"  # never anything else: it is a toy with a door for faults
REQUESTS_PER_HOUR = 10_000  # "We are limiting the number of API requests from a single IP to 10,000 per hour."


class Sandbox:
    """One world, served: its clock, its limiter, its faults, and what was asked of it. An ASGI application."""

    def __init__(
        self,
        world: World,
        *,
        requests_per_hour: int = REQUESTS_PER_HOUR,
        platforms: Mapping[str, World] | None = None,
    ) -> None:
        """`platforms` are served besides, each from a world of its own, below `/platforms/<name>`."""
        self.world = world
        self.now = world.end
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._limit = requests_per_hour
        self._recent: deque[float] = deque()
        self._hackernews = HackerNews(world)
        self._connections: dict[Any, asyncio.Transport] = {}
        self._routes = Starlette(routes=self._routing())
        self.hosted = {name: Hosted(FACADES[name], of, lambda: self.now) for name, of in (platforms or {}).items()}

    def _routing(self) -> list[Route]:
        return [
            Route("/api/v1/search_by_date", self._search),
            Route("/api/v1/search", self._search),
            Route("/api/v1/items/{native_id:int}", self._tree),
            Route("/api/v1/users/{name}", self._user),
            Route("/v0/item/{native_id:int}.json", self._item),
            Route("/v0/maxitem.json", self._newest),
            Route("/__sandbox/faults", self._set_faults, methods=["POST"]),
            Route("/__sandbox/stats", self._stats),
            Route("/__sandbox/clock", self._clock, methods=["GET", "POST"]),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"])
        if path.startswith("/__sandbox/"):
            return await self._routes(scope, receive, send)
        place = path.rsplit("/", 1)[0] if path.count("/") > 2 and not path.startswith("/api/v1/search") else path
        self.requests[place] += 1
        if fault := self.faults.strike(path):
            if fault.kind == "429":
                self.refusals[place] += 1
            place_in = self._hosted(scope)
            return await inflict(fault, *place_in, receive, send, self._connections[tuple(scope["client"])])
        if path.startswith("/api/") and not self._admit():
            self.refusals[place] += 1
            return await _json({"message": "Too Many Requests", "status": 429}, 429)(scope, receive, send)
        application, inner = self._hosted(scope)
        return await application(inner, receive, send)

    def _hosted(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        """Who answers, and the request as it sees it: a platform's own paths begin at its root."""
        for name, hosted in self.hosted.items():
            root = f"/platforms/{name}"
            if str(scope["path"]).startswith(f"{root}/"):
                path = str(scope["path"]).removeprefix(root)
                return hosted, {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        return self._routes, scope

    def _admit(self) -> bool:
        """Whether Algolia's hourly budget lets this request through; those it refuses do not use it up."""
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 3600:
            self._recent.popleft()
        if len(self._recent) >= self._limit:
            return False
        self._recent.append(now)
        return True

    async def _search(self, request: Request) -> Response:
        by_date = request.url.path.endswith("_by_date")
        try:
            return _json(self._hackernews.search(dict(request.query_params), self.now, by_date=by_date))
        except BadRequestError as error:
            return _json({"message": str(error), "status": 400}, 400)

    async def _tree(self, request: Request) -> Response:
        return _found(self._hackernews.items.tree(request.path_params["native_id"], self.now))

    async def _user(self, request: Request) -> Response:
        return _found(self._hackernews.items.user(request.path_params["name"], self.now))

    async def _item(self, request: Request) -> Response:
        return _json(self._hackernews.items.item(request.path_params["native_id"], self.now))

    async def _newest(self, _: Request) -> Response:
        return _json(self._hackernews.items.newest(self.now))

    async def _set_faults(self, request: Request) -> Response:
        try:
            self.faults.set(msgspec.json.decode(await request.body(), type=list[Fault]))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return _json({"message": f"a list of faults is wanted: {error}"}, 400)
        return _json({"faults": "set"})

    async def _stats(self, _: Request) -> Response:
        return _json(
            {
                "requests": self.requests,
                "refusals": {**self.refusals, **{name: hosted.limiter.refused for name, hosted in self.hosted.items()}},
                "faults": self.faults.struck,
            }
        )

    async def _clock(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                moment = datetime.fromisoformat((await request.json())["now"])
            except (ValueError, KeyError, TypeError) as error:
                return _json({"message": f'{{"now": "2026-01-31T02:00:00"}} is wanted: {error}'}, 400)
            self.now = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        return _json({"now": self.now.isoformat()})

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's protocol that also remembers each connection, so that faults can break it."""
        connections = self._connections

        class Remembering(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                connections[transport.get_extra_info("peername")] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(exc)

        return Remembering


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _found(value: Any) -> Response:
    return _json({"status": 404, "error": "Not Found"}, 404) if value is None else _json(value)


def _server(sandbox: Sandbox) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            sandbox, http=sandbox.protocol(), ws="none", lifespan="off", log_level="critical", access_log=False,
            timeout_graceful_shutdown=1, timeout_keep_alive=60,
        )
    )  # fmt: skip


def _listening(port: int) -> tuple[socket.socket, str]:
    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio: no Nagle only if told TCP
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    return listener, f"http://{HOST}:{listener.getsockname()[1]}"


@contextlib.contextmanager
def serve(
    world: World,
    *,
    port: int = 0,
    requests_per_hour: int = REQUESTS_PER_HOUR,
    platforms: Mapping[str, World] | None = None,
) -> Iterator[tuple[str, Sandbox]]:
    """Serve the world in a thread: its URL and the sandbox, until the block ends. Port 0 takes a free one."""
    sandbox = Sandbox(world, requests_per_hour=requests_per_hour, platforms=platforms)
    server = _server(sandbox)
    listener, url = _listening(port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    try:
        yield url, sandbox
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def main(arguments: list[str] | None = None) -> None:
    """The command line: make a world, write the demo's files if asked, print the URL, serve."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.sandbox.server", description="Synthetic platforms on the loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 150 posts a day")
    parser.add_argument("--end", type=datetime.fromisoformat, help="the world's end, naive UTC; the present by default")
    parser.add_argument("--requests-per-hour", type=int, default=REQUESTS_PER_HOUR)
    parser.add_argument("--write", type=Path, help="a folder for soundings.toml and the export files")
    given = parser.parse_args(arguments)
    world = World.make(given.seed, given.days, given.scale, end=given.end or datetime.now(UTC).replace(tzinfo=None))
    listener, url = _listening(given.port)
    if given.write:
        write_demo(given.write, url, world, world.end)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    _server(Sandbox(world, requests_per_hour=given.requests_per_hour)).run(sockets=[listener])


if __name__ == "__main__":
    main()
