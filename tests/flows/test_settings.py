"""A configuration is checked whole, and each mistake says where it is and how to mend it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
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
TARGET = '[[targets]]\nmetric = "mentions"\nentity = "acme"\nmonth = 2026-03-01\ntarget = 90\n'
SITE = '[[sites]]\nname = "acme.example"\nentity = "acme"\ncontact_pages = ["/contact"]\n'


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
        ("[[sources]]", '[schedule]\ncron = "0 0 2 * * *"\n[[sources]]', "6 fields instead of 5"),
        ("[[sources]]", '[schedule]\ncron = "0 2 LW * *"\n[[sources]]', "schedule.cron"),
        ("[[sources]]", '[schedule]\ncron = "0 2 * * 5L"\n[[sources]]', "schedule.cron"),
        ("[project]", "[[project]]", "project: is one table; write [project]"),
        ("[[entities]]", "[entities]", "entities: is a list of tables; write [[entities]]"),
        (
            "[project]",
            'data_dir = "mine"\n[project]',
            "data_dir: there is no such key at the top; move it under [project]",
        ),
        (
            "[project]",
            'path = "mine"\n[project]',
            "path: there is no such key at the top; move it under the [[sources]]",
        ),
        ("[project]", 'mask_key = "00"\n[project]', "set SOUNDINGS_MASK_KEY"),
        ('type = "hackernews"', 'type = "hackernews"\nenabled = false', "sources: all are disabled"),
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
        ("[[sources]]", TARGET.replace("mentions", "likes") + "[[sources]]", "'share_of_voice_mentions'"),
        ("[[sources]]", TARGET.replace("03-01", "03-31") + "[[sources]]", "write the month's first, 2026-03-01"),
        ("[[sources]]", TARGET.replace("mentions", "sla_ratio") + "[[sources]]", "between 0 and 1, not 90"),
        ("[[sources]]", TARGET.replace("acme", "acmee") + "[[sources]]", "targets[0].entity: 'acmee'"),
        ("[[sources]]", TARGET * 2 + "[[sources]]", "targets: 'mentions of acme in 2026-03' stands twice"),
        ("[[sources]]", SITE.replace('= "acme"', '= "acmee"') + "[[sources]]", "sites[0].entity: 'acmee'"),
        ("[[sources]]", SITE.replace("/contact", "/") + "[[sources]]", "sites[0].contact_pages[0]: '/' is no page"),
        ("[[sources]]", SITE * 2 + "[[sources]]", "sites: 'acme.example' stands twice"),
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


def test_a_misplaced_key_hides_no_other_mistake(tmp_path: Path) -> None:
    assert "entities[0].kind" in complaint(tmp_path, 'data_dir = "mine"\n' + GOOD.replace('"brand"', '"x"'))


@pytest.mark.parametrize("cron", ["*/15 0-5,7 1 JUL MON-WED", "0 2 L * *", "0 2 * * 5#2", "0  2 * * *"])
def test_a_cron_line_that_is_taken_is_one_that_prefect_reads(tmp_path: Path, cron: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    found = load(tmp_path, GOOD.replace("[[sources]]", f'[schedule]\ncron = "{cron}"\n[[sources]]'))
    assert CronSchedule(cron=found.schedule.cron, timezone=found.schedule.timezone).cron == " ".join(cron.split())


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 3" in complaint(tmp_path, "[project]\nname = 'x'\nkind = \n")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="soundings init"):
        settings.load(tmp_path / "soundings.toml")


def test_a_folder_for_a_configuration_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        settings.load(tmp_path)


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
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    found = settings.prefect_environment(tmp_path, is_quiet=True)
    assert (found["PREFECT_HOME"], found["PREFECT_LOGGING_LEVEL"]) == ("mine", "DEBUG")


def test_prefect_tells_warnings_only_where_it_is_to_be_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_HOME", "PREFECT_LOGGING_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    assert "PREFECT_LOGGING_LEVEL" not in settings.prefect_environment(tmp_path)
    quiet = os.environ | settings.prefect_environment(tmp_path, is_quiet=True)
    asked = "import logging, prefect.main; print(logging.getLogger('prefect').getEffectiveLevel())"
    said = subprocess.run([sys.executable, "-c", asked], env=quiet, capture_output=True, text=True, check=True).stdout
    assert int(said) == logging.WARNING


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a .env of another project, and the configuration's own folder beside it."""
    for name in ("SOUNDINGS_MASK_KEY", "SOUNDINGS_DATA_DIR", "SOUNDINGS_CONFIG", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".env").write_text("SOUNDINGS_DATA_DIR=/not/ours\nSOUNDINGS_CONFIG=/not/ours.toml\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def test_the_env_file_beside_the_configuration_counts_whole(elsewhere: Path) -> None:
    lines = (f"SOUNDINGS_MASK_KEY={'ab' * 32}", "PREFECT_API_URL=http://127.0.0.1:4999/api", "SOUNDINGS_DATA_DIR=/ours")
    (elsewhere / ".env").write_text("\n".join(lines))
    found = load(elsewhere, GOOD)
    assert found.data_dir == Path("/ours")
    assert settings.mask_key(found) == "ab" * 32
    assert settings.prefect_environment(elsewhere, found.prefect_api_url)["PREFECT_API_URL"].endswith(":4999/api")


def test_the_env_file_of_the_current_folder_is_not_read(elsewhere: Path) -> None:
    found = load(elsewhere, GOOD)
    assert found.data_dir == elsewhere / "warehouse" / "data"
    assert settings.mask_key(found) is None
    assert settings.config_path() == Path("soundings.toml")


def test_the_process_environment_wins_over_the_env_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text("SOUNDINGS_DATA_DIR=/from/file\n")
    monkeypatch.setenv("SOUNDINGS_DATA_DIR", "/from/process")
    assert load(elsewhere, GOOD).data_dir == Path("/from/process")


@pytest.mark.parametrize("key", ["hunter2", "ab" * 31, "zz" * 32])
def test_a_mask_key_that_is_none_is_refused_and_not_shown(elsewhere: Path, key: str) -> None:
    (elsewhere / ".env").write_text(f"SOUNDINGS_MASK_KEY={key}\n")
    found = complaint(elsewhere, GOOD)
    assert "SOUNDINGS_MASK_KEY: is not 32 bytes in hex" in found
    assert key not in found


def test_the_mask_key_shows_nowhere(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text(f"SOUNDINGS_MASK_KEY={'ab' * 32}\n")
    found = load(elsewhere, GOOD)
    assert "abab" not in repr(found) + found.model_dump_json()
