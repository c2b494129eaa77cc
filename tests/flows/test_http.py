"""The HTTP layer against a server that misbehaves: each fault ends as stated, and no secret is written down."""

from __future__ import annotations

import asyncio
import gzip
import logging
import selectors
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus

import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import ConfigError, SourceError
from flows.http import Clock, HttpClient, Limits
from flows.http.addresses import GuardedTransport, is_public
from flows.http.pacing import Budget
from flows.http.redaction import Redactor
from flows.http.waits import quota_reset, retry_after
from flows.landing import Attempt, LandingClient
from flows.sources.base import Credentials, RateLimit
from tests.flows.fault_server import Fault, FaultServer, reply

NOW = datetime.fromisoformat("2026-03-01T12:00:00")
QUICK = Limits(
    attempts=3, attempt_seconds=0.5, read_seconds=0.2, body_bytes=10_000, first_backoff=0.001, longest_backoff=0.002
)
SECRET = "s3cr3t/+Value"  # noqa: S105 - this and the next must be found nowhere
HOSTLIKE_SECRET = "s3cr3tSignature"  # noqa: S105


class FakeTime:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.clock = Clock(
            now=lambda: NOW + timedelta(seconds=sum(self.slept)), monotonic=self.seconds, sleep=self.sleep
        )

    def seconds(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


def client_of(server: FaultServer, fake_time: FakeTime, **more: Any) -> HttpClient:
    options = {"base_urls": [server.url], "allow_private": True, "limits": QUICK, "clock": fake_time.clock, **more}
    return HttpClient("testbed", rates=[RateLimit(100_000, 1)], **options)


async def failure(client: HttpClient, url: str, **more: Any) -> SourceError:
    async with client:
        with pytest.raises(SourceError) as caught:
            await client.get(url, **more)
    return caught.value


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


BOMB = gzip.compress(b" " * 5_000_000 + b"[]")
FINAL = {
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


@pytest.mark.parametrize(("fault", "says"), FINAL.values(), ids=FINAL)
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


async def test_redirects_are_followed_within_a_bound(server: FaultServer, fake_time: FakeTime) -> None:
    for hop in range(7):
        server.on(f"/{hop}", reply(status=302, Location=f"/{hop + 1}?page={hop}"))
    server.on("/7", reply(b"[7]"))
    async with client_of(server, fake_time) as client:
        answer = await client.get(server.url + "/2", {"q": "acme"})
        assert (answer.body, answer.request) == (b"[7]", f"GET {server.url}/2?q=acme")
        with pytest.raises(SourceError, match="redirects more than 5 times"):
            await client.get(server.url + "/1")
    assert server.asked[5].target == "/7?page=6"


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://10.0.0.1/latest", "private and reserved addresses are not fetched"),
        ("http://169.254.169.254/meta-data", "private and reserved addresses are not fetched"),
        ("http://[::1]/", "private and reserved addresses are not fetched"),
        ("http://[::ffff:127.0.0.1]/", "private and reserved addresses are not fetched"),
        ("http://2130706433/", "private and reserved addresses are not fetched"),
        ("http://localhost:1/", "private and reserved addresses are not fetched"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://example.org/", "only http and https"),
        ("http://user:pass-word@example.org/", "a user name or password"),
        ("http://example.org:99999999/", "cannot be read"),
        ("http://example.org:0/", "cannot be read"),
    ],
)
async def test_no_redirect_leads_where_we_must_not_go(
    server: FaultServer, fake_time: FakeTime, location: str, says: str
) -> None:
    error = await failure(client_of(server, fake_time), server.on("/", reply(status=302, Location=location)))
    assert says in str(error)
    assert "pass-word" not in str(error)
    assert not error.retryable


async def test_a_redirect_from_https_to_http_is_refused(fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": "http://api.example.org/"}))
    monkeypatch.setattr("flows.http.client.open_transport", lambda: moved)
    client = HttpClient("testbed", rates=[RateLimit(60, 60)], clock=fake_time.clock, resolve=to_public)
    assert "from https to http" in str(await failure(client, "https://api.example.org/"))


async def to_public(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://[::ffff:10.1.2.3]/", "http://0.0.0.0/", "http://0x7f.1/"]
)
async def test_a_private_address_is_not_fetched_unless_the_settings_name_it(fake_time: FakeTime, url: str) -> None:
    for base_urls in ([], ["http://127.0.0.1:8/"]):  # another port is another server
        client = HttpClient("testbed", rates=[RateLimit(60, 60)], base_urls=base_urls, allow_private=True)
        error = await failure(client, url)
        assert "set allow_private = true" in str(error)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1"),
        *("192.0.0.8", "198.18.0.1", "0.0.0.1", "255.255.255.255", "224.0.0.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1"),
        *("ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2001:0:1::1", "100::1"),
    ],
)
def test_addresses_that_are_not_of_the_public_internet_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "::ffff:93.184.216.34", "64:ff9b::5db8:d822", "2606:4700::1", "2001:4860:4860::8888"]
)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    answers = iter([["10.0.0.1", "93.184.216.34"], ["127.0.0.1"]])
    sent: list[httpx.Request] = []

    async def rebinding(host: str, port: int) -> list[str]:
        return next(answers)

    def connect(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    guard = GuardedTransport(httpx.MockTransport(connect), resolve=rebinding)
    await guard.handle_async_request(httpx.Request("GET", "https://api.example.org/x?y=1"))
    assert str(sent[0].url) == "https://93.184.216.34/x?y=1"
    assert sent[0].headers["host"] == sent[0].extensions["sni_hostname"] == "api.example.org"


async def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["2606:4700::1", "93.184.216.34"]

    def connect(request: httpx.Request) -> httpx.Response:
        if request.url.host != "93.184.216.34":
            raise httpx.ConnectError("no route")
        return httpx.Response(200)

    guard = GuardedTransport(httpx.MockTransport(connect), resolve=two)
    assert (await guard.handle_async_request(httpx.Request("GET", "http://api.example.org/"))).status_code == 200


async def test_an_unknown_host_is_an_error_that_names_it(fake_time: FakeTime) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    client = HttpClient("testbed", rates=[RateLimit(60, 1)], limits=QUICK, clock=fake_time.clock, resolve=unknown)
    assert "the host api.example.org is not found" in str(await failure(client, "http://api.example.org/"))


async def test_credentials_go_to_the_configured_host_alone(
    server: FaultServer, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.http.addresses.is_public", lambda _: True)
    async with FaultServer("127.0.0.2") as stranger:
        server.on("/home", reply(status=302, Location="/stay"))
        server.on("/stay", reply(status=302, Location=f"{stranger.url}/x?key={SECRET}&page=2", Set_Cookie="sid=1"))
        stranger.on("/x", reply(status=302, Location=f"{server.url}/back"))
        server.on("/back", reply(b"[1]"))
        credentials = Credentials(headers={"Authorization": f"Bearer {SECRET}"}, params={"key": SECRET})
        client = HttpClient(
            "testbed",
            rates=[RateLimit(100_000, 1)],
            base_urls=[server.url],
            allow_private=True,
            credentials=credentials,
            clock=fake_time.clock,
        )
        async with client:
            await client.get(server.url + "/home")
    home, stay, back = server.asked
    assert "authorization" in home.headers
    assert "key=" in home.target
    assert "authorization" in stay.headers
    assert stranger.asked[0].target == "/x?page=2"
    assert "authorization" not in stranger.asked[0].headers
    assert "authorization" not in back.headers
    assert "key=" not in back.target
    assert not any("cookie" in asked.headers for asked in [*server.asked, *stranger.asked])


def test_a_credential_that_no_header_can_carry_is_refused_without_telling_it() -> None:
    with pytest.raises(ConfigError) as caught:
        HttpClient(
            "testbed", rates=[RateLimit(1, 1)], credentials=Credentials(headers={"Authorization": "Bearer s3cr3t\n"})
        )
    assert "s3cr3t" not in str(caught.value)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return self.now


class Jumping(selectors.DefaultSelector):
    """Waits by moving the loop's clock."""

    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.now += (timeout or 0) + 1e-9 * (1 + self._loop.now)  # real time never stands still
        return super().select(0)


@given(st.integers(1, 60), st.floats(0.5, 3600), st.integers(0, 3), st.integers(1, 5))
def test_no_span_holds_more_requests_than_the_rate_allows(
    requests: int, seconds: float, pauses: int, chains: int
) -> None:
    loop = JumpingLoop()
    budget = Budget("testbed", [RateLimit(requests, seconds)], Clock(monotonic=loop.time), 900)
    sent: list[float] = []

    async def chain() -> None:
        for number in range(requests):
            await budget.turn("GET /")
            sent.append(loop.time())
            if pauses and number % 7 == 3:
                await asyncio.sleep(seconds * pauses / 3)

    async def run() -> None:
        await asyncio.gather(*(chain() for _ in range(chains)))

    loop.run_until_complete(run())
    loop.close()
    for first, later in zip(sent, sent[requests:], strict=False):
        assert later - first >= seconds * (1 - 1e-6)


async def test_hosts_have_budgets_of_their_own(server: FaultServer, fake_time: FakeTime) -> None:
    async with FaultServer("127.0.0.2") as other:
        urls = [server.on("/", reply(status=429, Retry_After="5")), other.on("/", reply())]
        client = client_of(server, fake_time, base_urls=[server.url, other.url], limits=Limits(attempts=1))
        async with client:
            with pytest.raises(SourceError):
                await client.get(urls[0])
            await client.get(urls[1])
    assert fake_time.slept == []


ECHO = f'{{"message": "your key {SECRET} (s3cr3t%2F%2BValue) is wrong"}}'.replace("/", "\\/").encode()
LEAKY = {
    **TORN,
    **{name: fault for name, (fault, _) in FINAL.items()},
    "429": reply(status=429),
    "503": reply(status=503, Retry_After="1000"),
    "refused with an echo": reply(ECHO, 401),
    "echo in a header line": Fault((b"HTTP/1.1 200 OK\r\nbad header " + SECRET.encode() + b"\r\n\r\n",)),
    "redirect to a private address": reply(status=302, Location=f"http://10.0.0.1/?access_token={SECRET}"),
    "redirect with an echo": reply(status=302, Location=f"http://{HOSTLIKE_SECRET}@10.0.0.1/#{SECRET}"),
    "redirect to a file": reply(status=302, Location=f"file:///etc/{SECRET}"),
    "redirect nobody can read": reply(status=302, Location=f"http://{HOSTLIKE_SECRET}:x:y/"),
    "redirect to a host of that name": reply(status=302, Location=f"http://{HOSTLIKE_SECRET.lower()}.localhost/"),
    "echo in an answer's header": reply(b"[1]", Link=f"<https://x.example/?page=2&token={SECRET}>; rel=next"),
}


@pytest.mark.parametrize("fault", LEAKY.values(), ids=LEAKY)
@pytest.mark.parametrize("where", ["credentials", "parameters"])
async def test_no_secret_is_written_down(
    server: FaultServer,
    fake_time: FakeTime,
    fault: Fault,
    where: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in list(logging.Logger.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.DEBUG)
    given = Credentials({"Authorization": f"Bearer {SECRET}"}, {"sig": HOSTLIKE_SECRET})
    limits = Limits(attempts=2, attempt_seconds=0.3, read_seconds=0.1, body_bytes=10_000, first_backoff=0.001)
    http = client_of(server, fake_time, limits=limits, credentials=given if where == "credentials" else None)
    attempt = Attempt.open(
        tmp_path,
        source="testbed",
        platform="testbed",
        verb="discover",
        topic_id="acme",
        window_id="w1",
        run_id="r1",
        as_of=NOW,
        max_age=timedelta(hours=12),
    )
    secret: dict[str, str | int] = {"client_secret": SECRET, "key": HOSTLIKE_SECRET} if where == "parameters" else {}
    written = ""
    async with http:
        try:
            page = await LandingClient(attempt, http).get(server.on("/", fault), {"q": "acme", **secret})
            written += repr(page)
        except SourceError as error:
            written += "".join(f"{e!s}{e!r}" for e in chain_of(error))
    attempt.finish([], is_covered=False, rate_limited=0, lost_items=0, error=written)
    written += caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        unpack = zstandard.decompress if path.suffix == ".zst" else bytes
        written += path.name + unpack(path.read_bytes()).decode()
    assert len(server.asked) >= 1
    assert caplog.records
    assert "s3cr3t" not in written.lower()


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=40), st.text(max_size=30))
def test_a_known_secret_is_blanked_wherever_it_stands(secret: str, around: str) -> None:
    redact = Redactor([secret])
    for form in (secret, secret.upper(), quote(secret), "".join(f"%{ord(c):02x}" for c in secret)):
        redacted = redact(f"{around} {form} {around}")
        assert not redact.holds(redacted)
        assert not redact.holds(unquote_plus(redacted))


@pytest.mark.parametrize("name", ["token", "access_token", "key", "API_KEY", "client_secret", "password", "sig"])
def test_secrets_are_known_by_their_names_and_page_tokens_are_none(name: str) -> None:
    redact = Redactor([])
    assert redact(f"see https://u:p@x.example/?a=1&{name}=abc&b=2") == f"see https://***@x.example/?a=1&{name}=***&b=2"
    assert redact("?next_token=abc&page_token=d&pageToken=e") == "?next_token=abc&page_token=d&pageToken=e"
