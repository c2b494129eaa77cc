"""The record for people: pages with counts, the last runs, and never a post."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from staged_batches import AS_OF, clean_tables, stage

from expectations import data_docs
from expectations.data_docs import write_data_docs
from expectations.validate import validate
from expectations.verdict import Verdict

pytestmark = pytest.mark.xdist_group("great_expectations")  # one import of it in all


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """Of eight mentions, three have a NUL and an author without a key."""
    tables = clean_tables(8)
    for row in tables["mention"][:3]:
        row |= {"text": "a secret\0word", "author_id": "somebody"}
    return validate(stage(tmp_path_factory.mktemp("staging"), tables), as_of=AS_OF)


@pytest.fixture(scope="module")
def site(verdict: Verdict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one run, written where every connection is refused."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was tried")

    folder = tmp_path_factory.mktemp("docs") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        assert write_data_docs(folder, [verdict], "run-1", AS_OF) == folder / "index.html"
    return folder


def pages(site: Path, suite: str = "*") -> list[Path]:
    return sorted(site.glob(f"validations/{suite}/*/*/*.html"))


def test_a_run_has_a_page_for_each_suite_with_counts_and_reasons(site: Path) -> None:
    assert "run-1" in (site / "index.html").read_text()
    assert len(pages(site)) == 5
    [page] = pages(site, "mention")
    assert "3 of 8 rows fail (critical)" in page.read_text()
    assert "PostgreSQL and many readers refuse or cut such a text" in page.read_text()


def test_no_page_and_no_result_holds_a_text_an_author_or_an_id(site: Path) -> None:
    written = [path for path in site.rglob("*") if path.suffix in (".html", ".json")]
    assert len(written) > 10
    for path in written:
        content = path.read_text()
        assert [word for word in ("secret", "somebody", "t1_2") if word in content] == []


def test_the_pages_of_suites_show_the_rules_as_they_are_written(site: Path) -> None:
    assert "values must belong to this set" in (site / "expectations/mention.html").read_text()


def test_only_the_last_runs_are_kept_and_a_run_written_again_replaces_its_pages(
    tmp_path: Path, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_docs, "KEPT_RUNS", 1)
    for day in (1, 2, 2):
        write_data_docs(tmp_path / "site", [verdict], f"run-{day}", AS_OF + timedelta(days=day))
    assert [page.parts[-3] for page in pages(tmp_path / "site")] == ["run-2"] * 5
    assert "run-1" not in (tmp_path / "site/index.html").read_text()


def test_a_run_in_which_nothing_was_judged_writes_nothing(tmp_path: Path) -> None:
    write_data_docs(tmp_path / "site", [], "run-1", AS_OF)
    assert not (tmp_path / "site").exists()
