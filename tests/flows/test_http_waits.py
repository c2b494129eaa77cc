"""How long a platform asks us to wait: in headers as platforms write them, or in a body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testbed import NOW, FakeTime, client_of, failure

from flows.errors import SourceError
from flows.http import Limits
from flows.http.waits import quota_reset, retry_after
from tests.flows.fault_server import FaultServer, reply


@pytest.mark.parametrize("asks", ["7", "Sun, 01 Mar 2026 12:00:07 GMT"])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_waited_for(server: FaultServer, fake_time: FakeTime, status: int, asks: str) -> None:
    url = server.on("/", reply(status=status, Retry_After=asks), reply())
    async with client_of(server, fake_time) as client:
        await client.get(url)
    assert fake_time.slept == [7]
    assert client.counts.seconds_waited == 7


async def test_retry_after_holds_all_requests_to_the_host(server: FaultServer, fake_time: FakeTime) -> None:
    server.on("/one", reply(status=429, Retry_After="7"), reply())
    server.on("/two", reply())
    async with client_of(server, fake_time, limits=Limits(attempts=1)) as client:
        with pytest.raises(SourceError):
            await client.get(server.url + "/one")
        await client.get(server.url + "/two")
    assert fake_time.slept == [7]


@pytest.mark.parametrize("asks", ["901", "99999999999999999", "Sun, 01 Mar 2026 13:00:00 GMT"])
async def test_a_wait_too_long_fails_the_source_instead(server: FaultServer, fake_time: FakeTime, asks: str) -> None:
    error = await failure(client_of(server, fake_time), server.on("/", reply(status=429, Retry_After=asks)))
    assert "longer than the 900 s that a run waits" in str(error)
    assert not error.retryable
    assert fake_time.slept == []
    assert len(server.asked) == 1


async def test_a_used_up_quota_is_waited_out_before_the_next_request(server: FaultServer, fake_time: FakeTime) -> None:
    url = server.on("/", reply(X_RateLimit_Remaining="0", X_RateLimit_Reset="2026-03-01T12:00:30Z"), reply())
    async with client_of(server, fake_time) as client:
        await client.get(url)
        assert fake_time.slept == []
        await client.get(url)
    assert fake_time.slept == [30]


async def test_a_body_may_ask_us_to_wait_and_a_refusal_that_does_is_asked_again_after_it(
    server: FaultServer, fake_time: FakeTime
) -> None:
    server.on("/", reply(b'{"backoff": 12}'), reply(b'{"items": []}'), reply(b'{"backoff": 30}', 400), reply())
    async with client_of(server, fake_time, pause=lambda body: json.loads(body).get("backoff")) as client:
        for slept in ([], [12]):
            await client.get(server.url)
            assert fake_time.slept == slept
        await client.get(server.url)
        assert fake_time.slept == [12, 30]
        assert client.counts.retries == 1


@pytest.mark.parametrize("status", [420, 429])
async def test_too_many_requests_are_counted_and_asked_again_after_the_wait(
    server: FaultServer, fake_time: FakeTime, status: int
) -> None:
    headers = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1772366460"}  # a minute from NOW
    url = server.on("/", reply(status=status, **headers), reply())
    async with client_of(server, fake_time) as client:
        await client.get(url)
    assert fake_time.slept == [60]
    assert client.counts.rate_limited == 1


EPOCH = 1772366400  # NOW


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "45"}, 45),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": str(EPOCH + 60)}, 60),
        ({"ratelimit-remaining": "0", "ratelimit-reset": str((EPOCH + 60) * 1000)}, 60),
        ({"ratelimit": "limit=100, remaining=0, reset=5"}, 5),
        ({"ratelimit": '"default";r=0;t=5'}, 5),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH - 60)}, 0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "45"}, None),
        ({"x-ratelimit-remaining": "none", "x-ratelimit-reset": "45"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({}, None),
    ],
)
def test_the_moment_of_a_quotas_reset_is_read_as_platforms_write_it(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert quota_reset(headers, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_of_a_hostile_server_breaks_the_reading(value: str) -> None:
    for wait in (
        retry_after({"retry-after": value}, NOW),
        quota_reset({"x-ratelimit-remaining": "0", "x-ratelimit-reset": value}, NOW),
        quota_reset({"ratelimit": value}, NOW, is_used_up=True),
    ):
        assert wait is None or wait >= 0
