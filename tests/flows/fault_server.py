"""A loopback HTTP server that misbehaves on demand, byte by byte as told: what no polite framework would send."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import defaultdict, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

_REASONS = {200: "OK", 302: "Found", 404: "Not Found", 429: "Too Many Requests", 503: "Service Unavailable"}


@dataclass(frozen=True)
class Fault:
    """One reply: bytes in pieces with a pause after each, and what happens to the connection then."""

    pieces: tuple[bytes, ...] = ()
    pause: float = 0.0
    then: Literal["close", "reset", "hang"] = "close"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""


def reply(
    body: bytes = b"{}",
    status: int = 200,
    content_type: str = "application/json",
    length: int | None = None,
    **more: str,
) -> Fault:
    """A reply that is whole, unless `length` says otherwise; underscores in names of headers become dashes."""
    headers = {"Content-Type": content_type, "Content-Length": str(len(body) if length is None else length)}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unusual')}", *(f"{n}: {v}" for n, v in headers.items())]
    return Fault(("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body,))


@dataclass
class FaultServer:
    """Replies to each path in the order told; the last reply of a path is repeated for ever."""

    host: str = "127.0.0.1"
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    _replies: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    def on(self, path: str, *replies: Fault) -> str:
        """What a path replies, one request after the other; returns its address."""
        self._replies[path].extend(replies)
        return self.url + path

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            method, target, _ = head[0].split(" ")
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(target, headers, method, body)
            self.asked.append(asked)
            replies = self._replies[asked.target.partition("?")[0]]
            await self._send(replies.popleft() if len(replies) > 1 else replies[0], writer)
        self._open.discard(writer)
        writer.close()

    async def _send(self, fault: Fault, writer: asyncio.StreamWriter) -> None:
        for piece in fault.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(fault.pause)
        if fault.then == "hang":
            await asyncio.sleep(60)
        if fault.then == "reset":
            linger = struct.pack("ii", 1, 0)  # close() sends RST
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
