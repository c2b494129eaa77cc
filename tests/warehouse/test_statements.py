"""What dbt made of the project is kept as long as the project's text is the same, and never longer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from warehouse import statements as kept
from warehouse.statements import Statement, Statements, statements, text_digest

MADE = Statements(full=(Statement("dim_days", "create table …"),), small=())


class Maker:
    """Counts how often it was asked; `meanwhile` is what happens while it works."""

    def __init__(self) -> None:
        self.asked = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self) -> Statements:
        self.asked += 1
        self.meanwhile()
        return MADE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one model, and a place of its own to keep what is made of it."""
    folder = tmp_path / "sql"
    (folder / "marts").mkdir(parents=True)
    (folder / "unit_tests").mkdir()
    (folder / "marts" / "dim_days.sql").write_text("select 1 as day")
    monkeypatch.setattr(kept, "PROJECT", folder)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def make() -> Maker:
    return Maker()


def test_a_known_text_is_made_once_for_each_warehouse_name_and_time_zone(project: Path, make: Maker) -> None:
    for _ in range(2):
        assert statements(("soundings", "UTC"), make) == MADE
    assert make.asked == 1
    statements(("soundings", "Europe/Berlin"), make)
    assert make.asked == 2


def test_another_text_is_made_anew_and_the_old_one_is_forgotten(project: Path, make: Maker, tmp_path: Path) -> None:
    statements(("soundings", "UTC"), make)
    (project / "marts" / "dim_days.sql").write_text("select 2 as day")
    statements(("soundings", "UTC"), make)
    assert make.asked == 2
    assert len(list((tmp_path / "cache").rglob("statements-*"))) == 1


def test_what_no_model_is_made_of_changes_nothing(project: Path) -> None:
    before = text_digest()
    (project / "unit_tests" / "days.yml").write_text("unit_tests: []")
    (project / "logs").mkdir()
    (project / "logs" / "dbt.yml").write_text("")
    assert text_digest() == before


def test_a_text_that_is_edited_while_it_is_made_is_not_kept(project: Path, make: Maker) -> None:
    make.meanwhile = lambda: (project / "marts" / "dim_days.sql").write_text("select 3 as day")
    statements(("soundings", "UTC"), make)
    make.meanwhile = lambda: None
    statements(("soundings", "UTC"), make)
    assert make.asked == 2


def test_a_damaged_or_unwritable_place_costs_time_and_nothing_else(project: Path, make: Maker, tmp_path: Path) -> None:
    statements(("soundings", "UTC"), make)
    [file] = (tmp_path / "cache").rglob("statements-*")
    file.write_bytes(b'{"full": [')
    assert statements(("soundings", "UTC"), make) == MADE
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("no folder")
    assert statements(("soundings", "UTC"), make) == MADE
    assert make.asked == 3
