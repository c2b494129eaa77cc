"""Answers of a server that misbehaves: asked again while that may help, and each fault ends as stated."""

from __future__ import annotations

import gzip
import time

import pytest
from testbed import NOW, QUICK, FakeTime, client_of, failure

from flows.http import Limits
from tests.flows.fault_server import Fault, FaultServer, reply
from tests.flows.faults import TORN, WRONG


async def test_an_answer_comes_whole_with_its_headers_and_names_us(server: FaultServer, fake_time: FakeTime) -> None:
    url = server.on("/items", reply(b'{"a": 1}', Link="<x>; rel=next", X_Secretish="no", X_RateLimit_Remaining="7"))
    async with client_of(server, fake_time, contact="https://acme.example/bot\r\nX-Injected: 1") as client:
        answer = await client.get(url, {"q": "acme air", "page": 2})
    assert (answer.status, answer.body, answer.fetched_at) == (200, b'{"a": 1}', NOW)
    assert answer.request == f"GET {url}?q=acme+air&page=2"
    assert set(answer.headers) == {"content-type", "link", "x-ratelimit-remaining"}
    assert server.asked[0].headers["user-agent"].startswith("soundings/")
    assert "(+https://acme.example/bot" in server.asked[0].headers["user-agent"]
    assert "x-injected" not in server.asked[0].headers
    assert (client.counts.requests, client.counts.bytes, client.counts.retries) == (1, 8, 0)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_trouble_is_asked_again(server: FaultServer, fake_time: FakeTime, status: int) -> None:
    url = server.on("/", reply(b"<html>busy", status, "text/html"), reply(b"[1]"))
    async with client_of(server, fake_time) as client:
        assert (await client.get(url)).body == b"[1]"
    assert (client.counts.requests, client.counts.retries, client.counts.rate_limited) == (2, 1, int(status == 429))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_lasting_trouble_fails_the_source_after_all_attempts(
    server: FaultServer, fake_time: FakeTime, status: int
) -> None:
    client = client_of(server, fake_time)
    error = await failure(client, server.on("/x", reply(status=status)))
    assert f"GET {server.url}/x answered {status}" in str(error)
    assert error.retryable
    assert client.counts.requests == len(server.asked) == QUICK.attempts


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 304, 501])
async def test_a_refusal_is_not_asked_again(server: FaultServer, fake_time: FakeTime, status: int) -> None:
    body = b'{"error": {"code": 7, "message": "cursor needs\\n a login"}}'
    error = await failure(client_of(server, fake_time), server.on("/", reply(body if status != 304 else b"", status)))
    assert f"answered {status}" in str(error)
    assert ("(cursor needs a login)" in str(error)) == (status != 304)
    assert not error.retryable
    assert len(server.asked) == 1


async def test_a_refusal_that_the_source_asked_for_is_an_answer(server: FaultServer, fake_time: FakeTime) -> None:
    url = server.on("/gone", reply(b"<html>not here", 404, "text/html"))
    async with client_of(server, fake_time) as client:
        answer = await client.get(url, allow_status=(404, 410))
    assert (answer.status, answer.body) == (404, b"<html>not here")


@pytest.mark.parametrize("fault", TORN.values(), ids=TORN)
async def test_a_torn_answer_is_asked_again(server: FaultServer, fake_time: FakeTime, fault: Fault) -> None:
    url = server.on("/", fault, reply(b"[1,2]"))
    async with client_of(server, fake_time) as client:
        assert (await client.get(url)).body == b"[1,2]"
    assert client.counts.retries == 1


@pytest.mark.parametrize("fault", TORN.values(), ids=TORN)
async def test_an_answer_torn_each_time_fails_the_source(
    server: FaultServer, fake_time: FakeTime, fault: Fault
) -> None:
    limits = Limits(attempts=2, attempt_seconds=0.3, read_seconds=0.1, first_backoff=0.001)
    error = await failure(client_of(server, fake_time, limits=limits), server.on("/", fault))
    assert str(error).startswith(f"testbed: GET {server.url}/ ")
    assert error.retryable
    assert len(server.asked) == 2


async def test_a_refused_connection_is_tried_again_and_then_fails(server: FaultServer, fake_time: FakeTime) -> None:
    client = client_of(server, fake_time)
    await server.__aexit__(None, None, None)
    error = await failure(client, server.url)
    assert "ConnectError" in str(error)
    assert client.counts.requests == QUICK.attempts


async def test_all_attempts_together_have_a_time_limit(server: FaultServer, fake_time: FakeTime) -> None:
    limits = Limits(attempts=1000, request_seconds=0.2, first_backoff=0.01)
    began = time.monotonic()
    error = await failure(client_of(server, fake_time, limits=limits), server.on("/", reply(status=503)))
    assert "no whole answer within 0.2 s" in str(error)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("fault", "says"), WRONG.values(), ids=WRONG)
async def test_a_wrong_answer_is_named_and_not_asked_again(
    server: FaultServer, fake_time: FakeTime, fault: Fault, says: str
) -> None:
    error = await failure(client_of(server, fake_time), server.on("/", fault))
    assert says in str(error)
    assert not error.retryable
    assert len(server.asked) == 1


async def test_gzip_is_unpacked_also_in_several_members(server: FaultServer, fake_time: FakeTime) -> None:
    url = server.on("/", reply(gzip.compress(b"[1,") + gzip.compress(b"2]"), Content_Encoding="gzip"))
    async with client_of(server, fake_time) as client:
        assert (await client.get(url)).body == b"[1,2]"
    assert server.asked[0].headers["accept-encoding"] == "gzip"
