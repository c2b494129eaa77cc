"""Secrets in the environment: their names, where they are read, and which `check` says are missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console
from testbed import Options, Typed, proven

from flows import settings, starter
from flows.credentials import access, variable
from flows.errors import ConfigError
from flows.sources import SOURCES


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
    wants_a_token: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    monkeypatch.setenv("SOUNDINGS_TWO_TOKEN", "s3cr3t")
    code, told, _ = typed("check", config=wants_a_token)
    assert code == 2
    assert "bed-one: SOUNDINGS_BED_ONE_TOKEN\n    an access token: Settings, Development" in told
    assert "SOUNDINGS_TWO" not in told
    assert "s3cr3t" not in told
    monkeypatch.setenv("SOUNDINGS_BED_ONE_TOKEN", "s3cr3t")
    assert typed("check", config=wants_a_token).code == 0


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
    monkeypatch: pytest.MonkeyPatch, typed: Typed, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("SOUNDINGS_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "soundings.toml"
    starter.write(path, "Acme", "acme")
    (tmp_path / "export.csv").write_text("id\n")
    text = path.read_text()
    path.write_text(text[: text.index("[[sources]]")] + ALL_SOURCES)
    assert {options.type for options in settings.load(path).sources} == {source.platform for source in SOURCES}
    monkeypatch.setattr("flows.present.out", Console(highlight=False, width=100))
    code, told, _ = typed("check", config=path)
    assert code == 2
    missing, optional = told.partition("Missing in the environment")[2].split("Optional, not given:")
    for source in SOURCES:
        for secret in source.secrets:
            line = f"{source.platform}: {variable(source.platform, secret.name)}\n"
            after = (missing if secret.is_required else optional).partition(line)[2]
            assert " ".join(after.split()).startswith(secret.what), line
            assert any(word in secret.what.lower() for word in ("http", ",", ":", "beside")), "say where to get it"
    assert [line for line in told.splitlines() if len(line) > 100 and not line.startswith("Data in ")] == []


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
