"""Secrets go to the configured host alone, and are written down nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from testbed import NOW, FakeTime, client_of

from flows.errors import ConfigError, SourceError
from flows.http import HttpClient, Limits
from flows.http.redaction import Redactor
from flows.landing import Attempt, LandingClient
from flows.sources.access import Credentials, RateLimit
from tests.flows.fault_server import Fault, FaultServer, reply
from tests.flows.faults import TORN, WRONG

SECRET = "s3cr3t/+Value"  # noqa: S105 - this and the next must be found nowhere
HOSTLIKE_SECRET = "s3cr3tSignature"  # noqa: S105


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
        async with client_of(server, fake_time, credentials=credentials) as client:
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


async def test_what_a_form_carries_goes_to_no_other_host(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.http.addresses.is_public", lambda _: True)
    async with FaultServer("127.0.0.2") as stranger:
        server.on("/q", reply(status=307, Location=f"{stranger.url}/q"))
        stranger.on("/q", reply())
        async with client_of(server, credentials=Credentials(form={"token_auth": SECRET})) as client:
            with pytest.raises(SourceError, match="what a POST carries goes nowhere else"):
                await client.post(f"{server.url}/q", {}, as_form=True)
            await client.post(f"{stranger.url}/q", {"a": "b"}, as_form=True)
    assert [asked.body for asked in stranger.asked] == [b"a=b"]


def test_a_credential_that_no_header_can_carry_is_refused_without_telling_it() -> None:
    with pytest.raises(ConfigError) as caught:
        HttpClient(
            "testbed", rates=[RateLimit(1, 1)], credentials=Credentials(headers={"Authorization": "Bearer s3cr3t\n"})
        )
    assert "s3cr3t" not in str(caught.value)


ECHO = f'{{"message": "your key {SECRET} (s3cr3t%2F%2BValue) is wrong"}}'.replace("/", "\\/").encode()
LEAKY = {
    **TORN,
    **{name: fault for name, (fault, _) in WRONG.items()},
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
