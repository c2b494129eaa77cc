"""Where a request may go: redirects within a bound, and no address that is private unless the settings name it."""

from __future__ import annotations

import httpx
import pytest
from testbed import QUICK, FakeTime, client_of, failure

from flows.errors import SourceError
from flows.http import HttpClient
from flows.http.addresses import GuardedTransport, is_public
from flows.sources.access import RateLimit
from tests.flows.fault_server import FaultServer, reply


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
