"""A configuration is checked whole, and each mistake says where it is and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import settings, starter
from flows.errors import ConfigError, TopicError

GOOD = """
[project]
name = "Acme Air"
[[entities]]
id = "acme"
name = "Acme Air"
kind = "brand"
own = true
query = '"acme air" OR @acmeair'
[[sources]]
name = "hackernews"
type = "hackernews"
"""


def load(tmp_path: Path, text: str) -> settings.Settings:
    path = tmp_path / "soundings.toml"
    path.write_text(text, encoding="utf-8")
    return settings.load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_a_good_file_gives_its_settings_and_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.entities[0].query == '"acme air" OR @acmeair'
    assert found.schedule.overlap_hours == 48
    assert found.data_dir == tmp_path / "warehouse" / "data"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "brand"', 'kind = "brnd"', "entities[0].kind"),
        ("own = true\n", "", "entities[0].own: is required and missing"),
        ('id = "acme"', 'id = "Acme Air"', "entities[0].id"),
        ('query = \'"acme air"', "query = '\"acme air", "entities[0].query"),
        ("[[sources]]", '[reporting]\ntimezone = "Europe/Wilna"\n[[sources]]', "IANA time zone"),
        ("[[sources]]", '[schedule]\ncron = "every night"\n[[sources]]', "'0 2 * * *'"),
        ("[[sources]]", "[schedule]\noverlap_hours = 1\n[[sources]]", "schedule.overlap_hours"),
        ("[[sources]]", "[schedul]\n[[sources]]", "did you mean 'schedule'"),
        ('type = "hackernews"', 'type = "hackernws"', "sources[0]"),
        ('type = "hackernews"', 'type = "hackernews"\nbase_ulr = "x"', "sources[0].base_ulr"),
        ("[[sources]]", '[[accounts]]\nplatform = "x"\nhandle = "a"\nrole = "owned"\n[[sources]]', "accounts[0]"),
        (
            "[[sources]]",
            '[[accounts]]\nplatform = "x"\nhandle = "a"\nrole = "owned"\nentity = "acmee"\n[[sources]]',
            "did you mean 'acme'",
        ),
        ("[[entities]]", GOOD.split("[[sources]]")[0].split('Air"\n', 1)[1] + "[[entities]]", "stands twice"),
    ],
)
def test_each_mistake_names_its_key_and_its_fix(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = complaint(tmp_path, text)
    assert said in found
    assert "soundings.toml" in found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = complaint(tmp_path, GOOD.replace('"brand"', '"x"').replace("own = true\n", ""))
    assert len(found.splitlines()) == 2


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 3" in complaint(tmp_path, "[project]\nname = 'x'\nkind = \n")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="soundings init"):
        settings.load(tmp_path / "soundings.toml")


def test_the_starter_is_a_good_configuration(tmp_path: Path) -> None:
    path = starter.write(tmp_path / "soundings.toml", 'Ažuolas & "Sons"', '"ažuolas sons" OR #ažuolas')
    found = settings.load(path)
    assert found.entities[0].name == 'Ažuolas & "Sons"'
    assert found.entities[0].id == "azuolas-sons"
    assert [source.type for source in found.sources] == ["hackernews"]


def test_the_starter_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "soundings.toml"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="exists already"):
        starter.write(path, "Acme", "acme")
    assert path.read_text() == "precious"


def test_the_starter_refuses_a_query_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TopicError):
        starter.write(tmp_path / "soundings.toml", "Acme", '"acme')
    assert not (tmp_path / "soundings.toml").exists()


def test_what_the_operator_set_for_prefect_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", "mine")
    assert settings.prefect_environment(tmp_path)["PREFECT_HOME"] == "mine"
