"""The record for people: pages with counts, the last runs, and never a post."""

from __future__ import annotations

import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from staged_batches import AS_OF, clean_tables, stage

from expectations import data_docs
from expectations.data_docs import write_data_docs
from expectations.validate import validate
from expectations.verdict import Verdict


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


def test_a_run_has_a_page_for_each_suite_with_counts_and_reasons(site: Path, verdict: Verdict) -> None:
    assert "run-1" in (site / "index.html").read_text()
    assert {page.parts[-4] for page in pages(site)} == {rule.table for rule in verdict.rules}
    [page] = pages(site, "mention")
    text = page.read_text().replace("<wbr>", "")
    assert "3 of 8" in text
    assert "mention.text.has_no_nul" in text
    assert "PostgreSQL and many readers refuse or cut such a text" in text
    assert text.index("has_no_nul") < text.index("kind.in_set")  # what is broken comes first


def test_the_pages_are_whole_without_a_network_and_run_no_script(site: Path) -> None:
    everything = [path.read_text() for path in site.rglob("*.html")]
    assert len(everything) > 10
    for page in everything:
        assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|(src|href)=.?(https?:)?//", page)
        assert "default-src 'none'" in page


def test_the_index_tells_warnings_from_what_is_critical_and_its_links_lead_somewhere(site: Path) -> None:
    index = (site / "index.html").read_text()
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) > 5
    assert [link for link in links if not (site / unquote(link)).is_file()] == []
    assert 'class="badge critical"' in index
    assert 'class="badge kept"' in index


def test_what_a_source_is_called_is_text_on_a_page(tmp_path: Path, verdict: Verdict) -> None:
    hostile = msgspec.structs.replace(verdict, source="<b onclick=x>")
    write_data_docs(tmp_path / "site", [hostile], "run-1", AS_OF)
    [page] = pages(tmp_path / "site", "mention")
    assert "<b onclick" not in page.read_text()
    assert "&lt;b onclick" in page.read_text()


def test_no_page_and_no_result_holds_a_text_an_author_or_an_id(site: Path) -> None:
    written = [path for path in site.rglob("*") if path.suffix in (".html", ".json")]
    assert len(written) > 10
    for path in written:
        content = path.read_text()
        assert [word for word in ("secret", "somebody", "t1_2") if word in content] == []


def test_the_pages_of_suites_show_the_rules_as_they_are_written(site: Path) -> None:
    page = (site / "expectations/mention.html").read_text()
    assert "expect_column_values_to_be_in_set" in page
    assert "quote" in page
    assert (site / "expectations/marts.html").is_file()


def test_only_the_last_runs_are_kept_and_a_run_written_again_replaces_its_pages(
    tmp_path: Path, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_docs, "KEPT_RUNS", 1)
    for day in (1, 2, 2):
        write_data_docs(tmp_path / "site", [verdict], f"run-{day}", AS_OF + timedelta(days=day))
    assert {page.parts[-3] for page in pages(tmp_path / "site")} == {"run-2"}
    assert "run-1" not in (tmp_path / "site/index.html").read_text()


def test_a_run_in_which_nothing_was_judged_writes_nothing(tmp_path: Path) -> None:
    write_data_docs(tmp_path / "site", [], "run-1", AS_OF)
    assert not (tmp_path / "site").exists()
