"""Who we are to a platform: secrets from the environment, logins, and that neither is ever written down."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import zstandard
from pydantic import SecretStr
from testbed import NOW, QUICK, SOURCE, FakeTime, Options, job, no_progress, search

from flows import cli, settings, starter
from flows.credentials import Access, access, variable
from flows.errors import ConfigError, CredentialError, SourceError
from flows.extract import _extract as extracted
from flows.http import HttpClient
from flows.landing import Attempt, LandingClient, request_key
from flows.sources import SOURCES
from flows.sources.base import Credentials, Login, Secret, Source
from tests.flows.fault_server import FaultServer, reply

PASSWORD, TOKEN = "s3cr3t-password", "s3cr3t.token"
MEND = "check SOUNDINGS_BED_PASSWORD (the password of your account)"


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


def client_of(server: FaultServer, fake_time: FakeTime | None = None, **more: Any) -> HttpClient:
    given = {
        "rates": [],
        "base_urls": [server.url],
        "allow_private": True,
        "limits": QUICK,
        "mend": MEND,
        "clock": (fake_time or FakeTime()).clock,
        **more,
    }
    return HttpClient("testbed", **given)


def login_at(server: FaultServer, **more: Any) -> Credentials:
    body = {"grant_type": "password", "user": "acme", "password": PASSWORD}
    return Credentials(login=Login(f"{server.url}/login", body, **more))


def granted(token: str = TOKEN, **more: Any) -> Any:
    return reply(json.dumps({"access_token": token, **more}).encode())


async def test_a_question_may_be_posted_as_json_or_as_a_form(server: FaultServer) -> None:
    url = server.on("/query", reply(status=503), reply(b'["answer"]'))
    form = Credentials(form={"token_auth": PASSWORD})
    async with client_of(server, credentials=form) as client:
        answer = await client.post(url, {"site_id": "acme.example", "metrics": ["visits"]}, {"page": 2})
        await client.post(url, {"method": "Visits", "day": "2026-03-01"}, as_form=True)
    assert (answer.body, answer.request) == (b'["answer"]', f"POST {url}?page=2")
    torn, asked, form_asked = server.asked
    assert asked == torn  # asked again as it was
    assert (asked.method, asked.target) == ("POST", "/query?page=2")
    assert json.loads(asked.body) == {"site_id": "acme.example", "metrics": ["visits"]}
    assert asked.headers["content-type"] == "application/json"
    assert parse_qs(form_asked.body.decode()) == {"method": ["Visits"], "day": ["2026-03-01"], "token_auth": [PASSWORD]}


async def test_a_list_of_values_is_asked_as_often_as_it_has_members(server: FaultServer) -> None:
    url = server.on("/posts", reply(b"[]"))
    async with client_of(server) as client:
        await client.get(url, {"id[]": ["1", "2"], "limit": 40})
    assert server.asked[0].target == "/posts?id%5B%5D=1&id%5B%5D=2&limit=40"
    key = request_key("GET", url, {"id[]": ["1", "2"]})
    assert key == request_key("GET", f"{url}?id%5B%5D=2&id%5B%5D=1")
    assert key != request_key("GET", url, {"id[]": ["1"]})


async def test_another_body_is_another_question_whatever_secrets_stand_in_it(server: FaultServer) -> None:
    key = request_key("POST", "https://x.example/q", None, {"day": 1, "token": "one", "site": "a"})
    assert key == request_key("POST", "https://x.example/q", None, {"site": "a", "token": "two", "day": 1})
    assert key != request_key("POST", "https://x.example/q", None, {"day": 2, "site": "a"})
    assert key != request_key("POST", "https://x.example/q")


async def test_what_a_form_carries_goes_to_no_other_host(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.http.addresses.is_public", lambda _: True)
    async with FaultServer("127.0.0.2") as stranger:
        server.on("/q", reply(status=307, Location=f"{stranger.url}/q"))
        stranger.on("/q", reply())
        async with client_of(server, credentials=Credentials(form={"token_auth": PASSWORD})) as client:
            with pytest.raises(SourceError, match="what a POST carries goes nowhere else"):
                await client.post(f"{server.url}/q", {}, as_form=True)
            await client.post(f"{stranger.url}/q", {"a": "b"}, as_form=True)
    assert [asked.body for asked in stranger.asked] == [b"a=b"]


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
    async with client_of(server, credentials=login_at(server)) as client:
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
    async with client_of(server, credentials=Credentials(headers={"X-Api-Key": PASSWORD})) as client:
        with pytest.raises(CredentialError, match="SOUNDINGS_BED_PASSWORD"):
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
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        unpack = zstandard.decompress if path.suffix == ".zst" else bytes
        written += unpack(path.read_bytes()).decode()
    assert "acme" not in written.replace("testbed", "")  # no body of ours, either
    assert "s3cr3t" not in written


def proven(**changes: Any) -> Source:
    """The testbed, as a platform that wants a token."""
    return replace(
        SOURCE,
        secrets=(Secret("token", "an access token: Settings, Development"), Secret("app", "an app", is_required=False)),
        credentials=lambda _options, secrets: Credentials(headers={"Authorization": f"Bearer {secrets['token']}"}),
        **changes,
    )


async def test_a_source_without_its_secret_is_asked_nothing_and_says_where_to_get_it(
    server: FaultServer, tmp_path: Path
) -> None:
    missing = Access(missing={"SOUNDINGS_BED_TOKEN": "an access token: Settings, Development"})
    asks = [search("one"), search("two")]
    outcomes = await extracted(job(tmp_path, server.url, proven(), access=missing), asks, no_progress)
    assert [outcome.is_covered for outcome in outcomes] == [False, False]
    assert "set SOUNDINGS_BED_TOKEN in the environment or in .env: an access token" in str(outcomes[0].error)
    assert server.asked == []


@pytest.mark.parametrize(("status", "asked"), [(401, 1), (403, 3)])
async def test_a_source_whose_credentials_are_refused_stops_and_goes_on_in_the_next_run(
    server: FaultServer, tmp_path: Path, status: int, asked: int
) -> None:
    server.on("/search", *[reply(status=status)] * asked, reply(b'[{"id": 1}]'))
    given = Access({"token": PASSWORD}, mend=MEND)
    asks = [search(name) for name in ("one", "two", "three", "four")]
    outcomes = await extracted(job(tmp_path, server.url, proven(), access=given), asks, no_progress)
    assert len(server.asked) == asked
    assert MEND in str(outcomes[0].error)
    assert str(outcomes[3].error).startswith("not asked: ")
    again = job(tmp_path, server.url, proven(), access=given, run_id="r2", as_of=NOW + timedelta(hours=1))
    assert all(outcome.is_covered for outcome in await extracted(again, asks, no_progress))


async def test_credentials_that_a_source_cannot_use_are_named_without_telling_them(
    server: FaultServer, tmp_path: Path
) -> None:
    def unusable(_options: Any, secrets: Any) -> Credentials:
        raise ValueError(f"{secrets['token']} has no colon")

    broken = replace(proven(), credentials=unusable)
    given = Access({"token": PASSWORD}, mend=MEND)
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        await extracted(job(tmp_path, server.url, broken, access=given), [search()], no_progress)
    assert PASSWORD not in "".join(f"{e}" for e in (caught.value, caught.value.__context__))


def test_secrets_are_found_by_the_name_of_their_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.credentials.source_of", lambda _: proven())
    options: Any = Options(name="bed-two")
    told = {"SOUNDINGS_BED_TWO_APP": SecretStr(" a "), "SOUNDINGS_BED_TOKEN": SecretStr("of another source")}
    found = access(options, told)
    assert (found.secrets, list(found.missing)) == ({"app": "a"}, ["SOUNDINGS_BED_TWO_TOKEN"])
    assert "SOUNDINGS_BED_TWO_TOKEN (an access token" in found.mend


@pytest.fixture
def wants_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A configuration of two sources of one platform; the platform wants a token, and may have an app."""
    for name in [name for name in os.environ if name.startswith("SOUNDINGS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("flows.credentials.source_of", lambda _: proven())
    path = tmp_path / "soundings.toml"
    starter.write(path, "Acme", "acme")
    text = path.read_text()
    begin = text.index("[[sources]]")
    tables = [f'[[sources]]\nname = "{name}"\ntype = "hackernews"\n' for name in ("bed-one", "two")]
    path.write_text(text[:begin] + "\n".join(tables))
    return path


def test_secrets_come_from_the_process_else_from_the_file_beside_the_configuration(
    wants_a_token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = "SOUNDINGS_BED_ONE_TOKEN=s3cr3t-file\nSOUNDINGS_TWO_TOKEN=\nSOUNDINGS_TWO_APP=s3cr3t-app\n"
    (wants_a_token.parent / ".env").write_text(env)
    found = settings.load(wants_a_token)
    one, two = (settings.access_of(found, options) for options in found.sources)
    assert (one.secrets, one.missing) == ({"token": "s3cr3t-file"}, {})
    assert (two.secrets, list(two.missing)) == ({"app": "s3cr3t-app"}, ["SOUNDINGS_TWO_TOKEN"])
    monkeypatch.setenv("SOUNDINGS_BED_ONE_TOKEN", "s3cr3t-process")
    found = settings.load(wants_a_token)
    assert settings.access_of(found, found.sources[0]).secrets == {"token": "s3cr3t-process"}
    assert "s3cr3t" not in f"{found!r}{found.model_dump_json()}{settings.access_of(found, found.sources[0])}"


def test_check_lists_what_is_missing_and_where_to_get_it(
    wants_a_token: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOUNDINGS_TWO_TOKEN", "s3cr3t")
    monkeypatch.setattr("sys.argv", ["soundings", "check", "--config", str(wants_a_token)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().out
    assert ended.value.code == 2
    assert "bed-one: SOUNDINGS_BED_ONE_TOKEN – an access token: Settings, Development" in told
    assert "SOUNDINGS_TWO" not in told
    assert "s3cr3t" not in told
    monkeypatch.setenv("SOUNDINGS_BED_ONE_TOKEN", "s3cr3t")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0


def test_two_sources_cannot_share_a_variable(wants_a_token: Path) -> None:
    text = wants_a_token.read_text()
    wants_a_token.write_text(text.replace('name = "two"', 'name = "bed_one"'))
    with pytest.raises(ConfigError, match="SOUNDINGS_BED_ONE_APP' stands twice"):
        settings.load(wants_a_token)


def test_the_example_of_the_environment_names_every_secret() -> None:
    told = (Path(__file__).parents[2] / ".env.example").read_text("utf-8")
    lines = [
        f"# {secret.what}\n# {variable(source.platform, secret.name)}="
        for source in SOURCES
        for secret in source.secrets
    ]
    missing = [line for line in lines if line not in told]
    assert not missing, "put into .env.example:\n" + "\n".join(missing)


def test_check_of_all_sources_without_credentials_lists_what_is_missing_and_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("SOUNDINGS_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "soundings.toml"
    starter.write(path, "Acme", "acme")
    (tmp_path / "export.csv").write_text("id\n")
    text = path.read_text()
    path.write_text(text[: text.index("[[sources]]")] + ALL_SOURCES)
    assert {options.type for options in settings.load(path).sources} == {source.platform for source in SOURCES}
    monkeypatch.setattr("sys.argv", ["soundings", "check", "--config", str(path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().out
    assert ended.value.code == 2
    for source in SOURCES:
        for secret in source.secrets:
            line = f"{source.platform}: {variable(source.platform, secret.name)} – {secret.what}"
            assert (line in told) == secret.is_required
            assert any(word in secret.what.lower() for word in ("http", ",", ":", "beside")), "say where to get it"


ALL_SOURCES = """
[[sources]]
name = "bluesky"
type = "bluesky"
identifier = "acme.example"

[[sources]]
name = "discourse"
type = "discourse"
base_url = "https://forum.example"

[[sources]]
name = "feed"
type = "feed"
urls = ["https://blog.example/feed"]

[[sources]]
name = "file"
type = "file"
path = "export.csv"
platform = "microblog"
columns = { native_id = "id", text = "text", published_at = "time" }

[[sources]]
name = "gdelt"
type = "gdelt"

[[sources]]
name = "hackernews"
type = "hackernews"

[[sources]]
name = "lemmy"
type = "lemmy"
base_url = "https://lemmy.example"

[[sources]]
name = "mastodon"
type = "mastodon"
base_url = "https://social.example"

[[sources]]
name = "matomo"
type = "matomo"
base_url = "https://stats.example"
sites = { "acme.example" = 1 }

[[sources]]
name = "nodebb"
type = "nodebb"
base_url = "https://board.example"

[[sources]]
name = "plausible"
type = "plausible"
sites = ["acme.example"]

[[sources]]
name = "reddit"
type = "reddit"
account = "acme"

[[sources]]
name = "stackexchange"
type = "stackexchange"

[[sources]]
name = "wordpress"
type = "wordpress"
urls = ["https://blog.example"]

[[sources]]
name = "x"
type = "x"

[[sources]]
name = "youtube"
type = "youtube"
"""
