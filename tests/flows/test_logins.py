"""Logins: one for all requests, renewed in time, and neither password nor token is ever written down."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from testbed import NOW, FakeTime, client_of

from flows.errors import CredentialError, SourceError
from flows.landing import Attempt, LandingClient
from flows.sources.access import Credentials, Login
from tests.data_folder import traces
from tests.flows.fault_server import FaultServer, reply

PASSWORD, TOKEN = "s3cr3t-password", "s3cr3t.token"
MEND = "check SOUNDINGS_BED_PASSWORD (the password of your account)"


def login_at(server: FaultServer, **more: Any) -> Credentials:
    body = {"grant_type": "password", "user": "acme", "password": PASSWORD}
    return Credentials(login=Login(f"{server.url}/login", body, **more))


def granted(token: str = TOKEN, **more: Any) -> Any:
    return reply(json.dumps({"access_token": token, **more}).encode())


@pytest.mark.parametrize("as_form", [True, False])
async def test_one_login_serves_all_requests(server: FaultServer, as_form: bool) -> None:
    server.on("/login", granted())
    server.on("/posts", reply())
    credentials = login_at(server, as_form=as_form, basic=("app", "s3cr3t-app"))
    async with client_of(server, credentials=credentials) as client:
        await client.get(f"{server.url}/posts")
        await client.get(f"{server.url}/posts")
    login, *others = server.asked
    assert login.headers["authorization"] == "Basic YXBwOnMzY3IzdC1hcHA="
    told = parse_qs(login.body.decode()) if as_form else json.loads(login.body)
    assert set(told) == {"grant_type", "user", "password"}
    assert [asked.headers["authorization"] for asked in others] == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize(
    "refused",
    [
        b'{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}',
        b'{"error_id": 400, "error_message": "`key` doesn\'t match a known application", "error_name": "x"}',
    ],
    ids=["as Google says it", "as Stack Exchange says it"],
)
async def test_a_key_that_is_refused_as_a_bad_request_is_a_credential(server: FaultServer, refused: bytes) -> None:
    server.on("/posts", reply(refused, 400))
    async with client_of(server) as client:
        with pytest.raises(CredentialError, match="key"):
            await client.get(f"{server.url}/posts")


@pytest.mark.parametrize(
    "refused",
    [reply(status=401), reply(b'{"error": "ExpiredToken", "message": "Token has expired"}', 400)],
    ids=["401", "as the AT protocol says it"],
)
async def test_a_token_that_is_refused_is_renewed_once(server: FaultServer, refused: Any) -> None:
    server.on("/login", granted("s3cr3t.first"), granted("s3cr3t.second"))
    server.on("/posts", reply(), refused, reply(b"[2]"))
    async with client_of(server, credentials=login_at(server)) as client:
        await client.get(f"{server.url}/posts")
        assert (await client.get(f"{server.url}/posts")).body == b"[2]"
    told = [asked.headers["authorization"] for asked in server.asked if asked.target == "/posts"]
    assert told == ["Bearer s3cr3t.first", "Bearer s3cr3t.first", "Bearer s3cr3t.second"]


async def test_a_token_is_renewed_before_it_expires(server: FaultServer) -> None:
    server.on("/login", granted("s3cr3t.first", expires_in=3600), granted("s3cr3t.second", expires_in="3600"))
    server.on("/posts", reply())
    fake_time = FakeTime()
    async with client_of(server, fake_time, credentials=login_at(server)) as client:
        await client.get(f"{server.url}/posts")
        await fake_time.sleep(3500)
        await client.get(f"{server.url}/posts")
        await fake_time.sleep(100)
        await client.get(f"{server.url}/posts")
    assert [asked.target for asked in server.asked] == ["/login", "/posts", "/posts", "/login", "/posts"]


LOGIN_FAILS = {
    "refused": reply(b'{"error": "invalid_grant"}', 400),
    "forbidden": reply(status=403),
    "unauthorized": reply(b'{"message": "wrong s3cr3t-password"}', 401),
    "no token": reply(b'{"access": "denied"}'),
    "a token that is none": reply(b'{"access_token": {"a": 1}}'),
    "a token that no header carries": reply(b'{"access_token": "a\\nb"}'),
    "a redirect": reply(status=307, Location="/elsewhere"),
    "refused ever after": reply(status=401),
}


@pytest.mark.parametrize("fault", LOGIN_FAILS.values(), ids=LOGIN_FAILS)
async def test_a_login_that_fails_names_the_setting_to_mend(server: FaultServer, fault: Any) -> None:
    server.on("/login", fault)
    async with client_of(server, credentials=login_at(server), mend=MEND) as client:
        with pytest.raises(CredentialError) as caught:
            await client.get(f"{server.url}/posts")
    assert MEND in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert [asked.target for asked in server.asked] == ["/login"]


async def test_a_login_in_trouble_is_asked_again(server: FaultServer) -> None:
    server.on("/login", reply(status=503), granted())
    server.on("/posts", reply(b"[1]"))
    async with client_of(server, credentials=login_at(server)) as client:
        assert (await client.get(f"{server.url}/posts")).body == b"[1]"


async def test_credentials_refused_for_good_name_the_setting_to_mend(server: FaultServer) -> None:
    server.on("/posts", reply(status=401))
    async with client_of(server, credentials=Credentials(headers={"X-Api-Key": PASSWORD}), mend=MEND) as client:
        with pytest.raises(CredentialError, match="check SOUNDINGS_BED_PASSWORD"):
            await client.get(f"{server.url}/posts")
    assert len(server.asked) == 1


async def test_neither_password_nor_token_is_written_down(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("/login", granted())
    server.on("/posts", reply(b"[]", Link=f"<https://x.example/?page=2&mine={TOKEN}>; rel=next"))
    server.on("/worse", reply(f'{{"message": "{TOKEN} of {PASSWORD} is no good"}}'.encode(), 400))
    asked = {"source": "bed", "platform": "testbed", "verb": "discover", "topic_id": None, "window_id": "w"}
    attempt = Attempt.open(tmp_path, **asked, run_id="r1", as_of=NOW, max_age=timedelta(hours=1))  # type: ignore[arg-type]
    credentials = replace(login_at(server), form={"secret_form": PASSWORD})
    async with client_of(server, credentials=credentials) as http:
        client = LandingClient(attempt, http)
        await client.post(f"{server.url}/posts", {"q": "acme"}, as_form=True)
        with pytest.raises(SourceError, match="is no good") as caught:
            await client.get(f"{server.url}/worse")
    attempt.finish([], is_covered=False, rate_limited=0, lost_items=0, error=str(caught.value))
    written = caplog.text + repr(credentials) + repr(caught.value)
    assert "acme" not in written  # no body of ours, either
    assert "s3cr3t" not in written
    assert traces(tmp_path, ["acme", "s3cr3t"]) == []
    assert traces(tmp_path, ["testbed"])
