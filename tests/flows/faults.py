"""Answers as networks and platforms spoil them: some are worth asking again, others are not."""

from __future__ import annotations

import gzip
import zlib

from tests.flows.fault_server import Fault, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TORN = {
    "timeout before the answer": Fault(then="hang"),
    "timeout in the body": Fault((HEAD + b"Content-Length: 9\r\n\r\n[1,",), then="hang"),
    "drip": Fault((HEAD + b"Content-Length: 50\r\n\r\n", *[b" "] * 50), pause=0.05),
    "reset before the answer": Fault(then="reset"),
    "reset in the body": Fault((HEAD + b"Content-Length: 9\r\n\r\n[1,",), pause=0.01, then="reset"),
    "closed before the answer": Fault(),
    "shorter than its Content-Length": reply(b"[1,", length=9),
    "broken chunks": Fault((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1,",)),
    "JSON cut without a length": Fault((HEAD + b"Connection: close\r\n\r\n[1,",)),
    "gzip cut short": reply(gzip.compress(b"[1, 2, 3]")[:-10], Content_Encoding="gzip"),
    "no gzip at all": reply(b"[1]", Content_Encoding="gzip"),
    "no HTTP": Fault((b"\x00\x01 what?\r\n\r\n",)),
    "JSON that is no UTF-8": reply(b'["\xff"]'),
    "JSON nested without end": reply(b"[" * 9_000),
}
BOMB = gzip.compress(b" " * 5_000_000 + b"[]")
WRONG = {
    "HTML by its type": (reply(b"please log in", content_type="text/html; charset=utf-8"), "HTML where JSON"),
    "HTML by its look": (reply(b"\n <!doctype html><title>x</title>"), "HTML where JSON"),
    "oversized by its length": (reply(b"[" + b" " * 10_000 + b"]"), "more than 10,000 bytes"),
    "oversized without a length": (
        Fault((HEAD + b"Connection: close\r\n\r\n[", *[b" " * 1000] * 20)),
        "more than 10,000 bytes",
    ),
    "gzip bomb": (reply(BOMB, Content_Encoding="gzip"), "more than 10,000 bytes"),
    "gzip that unpacks to nothing": (
        reply(gzip.compress(b"") * 600, Content_Encoding="gzip"),
        "more than 10,000 bytes",
    ),
    "packing not asked for": (reply(zlib.compress(b"[]"), Content_Encoding="deflate"), "not asked for"),
}
