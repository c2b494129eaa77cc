"""Faults on demand: what networks and platforms do to a client, told to the sandbox as JSON."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from typing import Any, Literal

import msgspec
from starlette.types import Message, Receive, Scope, Send

Kind = Literal[
    "429", "500", "503", "timeout", "reset", "truncated", "cut", "oversized", "html", "wrong_type", "loop", "repeat",
    "redirect_private", "slow",
]  # fmt: skip
_MEGABYTE = b" " * 1024 * 1024
_PRIVATE = "http://169.254.169.254/latest/meta-data/"
_HTML = b"<!doctype html><html><body><h1>Just a moment...</h1></body></html>"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sort of failure for paths that begin with `match`.

    `count` requests get it (NULL: every one), each with `probability` by a generator of `seed`; `skip` requests go
    through before. 429 and 503 carry Retry-After where `retry_after` is given.
    """

    match: str
    kind: Kind
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    retry_after: str | None = None
    seconds: float = 30.0  # how long `timeout` says nothing, and `slow` drips
    megabytes: int = 64  # of `oversized`
    pace: float = 0.0  # seconds between two of them
    location: str = _PRIVATE  # of `redirect_private`


class Faults:
    """The faults that are set; the first that fits a request strikes."""

    def __init__(self) -> None:
        self.struck: dict[str, int] = {}
        self._faults: list[tuple[Fault, random.Random]] = []
        self._left: list[int | None] = []
        self._skip: list[int] = []

    def set(self, faults: list[Fault]) -> None:
        """Replace all faults; an empty list heals."""
        self._faults = [(fault, random.Random(fault.seed)) for fault in faults]
        self._left = [fault.count for fault in faults]
        self._skip = [fault.skip for fault in faults]

    def strike(self, path: str) -> Fault | None:
        """The fault that this request gets, if any; it is counted."""
        for number, (fault, dice) in enumerate(self._faults):
            left = self._left[number]
            if not path.startswith(fault.match) or left == 0 or dice.random() >= fault.probability:
                continue
            if self._skip[number] > 0:
                self._skip[number] -= 1
                continue
            self._left[number] = None if left is None else left - 1
            self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
            return fault
        return None


def reset(transport: asyncio.Transport) -> None:
    """Close the connection with RST instead of FIN, as a crashed peer or a firewall does."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def inflict(
    fault: Fault, app: Any, scope: Scope, receive: Receive, send: Send, transport: asyncio.Transport
) -> None:
    """Answer one request as the fault says, from the app's true answer where it needs one."""
    match fault.kind:
        case "429" | "500" | "503":
            wait = {"retry-after": fault.retry_after} if fault.retry_after is not None else {}
            await _answer(send, int(fault.kind), b'{"message":"the sandbox was told to refuse"}', wait)
        case "timeout":
            await asyncio.sleep(fault.seconds)
            transport.abort()
        case "reset":
            reset(transport)
        case "redirect_private":
            await _answer(send, 302, b"", {"location": fault.location})
        case "html":
            await _answer(send, 200, _HTML, {"content-type": "text/html"})
        case "wrong_type":
            await _answer(send, 200, b'{"hits":"many","nbHits":[],"nbPages":null,"id":{},"time":"soon"}')
        case "oversized":
            await _pour(send, fault.megabytes, fault.pace)
        case "loop" | "repeat":
            await _send_raw(send, *await _turned_back(fault.kind, app, scope, receive))
        case "cut" | "truncated" | "slow":
            await _broken(fault, await _true_answer(app, scope, receive), send, transport)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    told = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    await _send_raw(send, status, [(name.encode(), value.encode()) for name, value in told.items()], body)


async def _send_raw(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _true_answer(app: Any, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0]["status"], list(messages[0]["headers"]), b"".join(m.get("body", b"") for m in messages[1:])


async def _turned_back(
    kind: str, app: Any, scope: Scope, receive: Receive
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """`repeat`: the page before once more; `loop`: always the first page, and never an end of pages."""
    parts = scope["query_string"].decode().split("&")
    page = next((int(part[5:]) for part in parts if part.startswith("page=") and part[5:].isdigit()), 0)
    shown = max(page - 1, 0) if kind == "repeat" else 0
    query = "&".join([part for part in parts if part and not part.startswith("page=")] + [f"page={shown}"])
    status, headers, body = await _true_answer(app, {**scope, "query_string": query.encode()}, receive)
    answer = msgspec.json.decode(body)
    if isinstance(answer, dict) and "nbPages" in answer:
        answer |= {"page": page, "nbPages": 1_000_000 if kind == "loop" else answer["nbPages"]}
        body = msgspec.json.encode(answer)
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    return status, [*kept, (b"content-length", str(len(body)).encode())], body


async def _broken(
    fault: Fault, answer: tuple[int, list[tuple[bytes, bytes]], bytes], send: Send, transport: asyncio.Transport
) -> None:
    """`cut`: half the JSON as if whole; `truncated`: the connection ends in mid-body; `slow`: a byte at a time."""
    status, headers, body = answer
    half = body[: max(1, len(body) // 2)]
    if fault.kind == "cut":
        kept = [(name, value) for name, value in headers if name != b"content-length"]
        await _send_raw(send, status, [*kept, (b"content-length", str(len(half)).encode())], half)
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if fault.kind == "truncated":
        await send({"type": "http.response.body", "body": half, "more_body": True})
    else:
        for byte in body[: int(fault.seconds / 0.1)]:
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(0.1)
    transport.close()


async def _pour(send: Send, megabytes: int, pace: float) -> None:
    """A body without end in sight and without a length."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    for _ in range(megabytes):
        await send({"type": "http.response.body", "body": _MEGABYTE, "more_body": True})
        await asyncio.sleep(pace)
    await send({"type": "http.response.body", "body": b"null"})
