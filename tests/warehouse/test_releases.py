"""Releases one after another: which is current, which are kept, and what readers see meanwhile."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import duckdb
import pytest
from small_marts import Publish, change, query

from warehouse.errors import WarehouseError
from warehouse.publish import rollback
from warehouse.releases import current_release, list_releases, prune, read_manifest, switch


def test_publishing_a_run_again_makes_nothing_new(published: Publish, tmp_path: Path) -> None:
    first = published("run-1")
    made = (first / "manifest.json").stat()
    assert published("run-1") == first
    assert (first / "manifest.json").stat() == made
    assert list_releases(tmp_path) == [first]


def test_a_run_that_went_on_after_its_release_gets_a_second_one(
    published: Publish, warehouse_path: Path, tmp_path: Path
) -> None:
    first = published("run-1")
    change(warehouse_path, "delete from marts.fct_mentions where likes = 8")
    second = published("run-1")
    assert (second.name, current_release(tmp_path)) == ("run-1.2", second.resolve())
    assert query(first / "bi.duckdb", "select count(*) from marts.fct_mentions") == [(9,)]


def test_the_newest_releases_are_kept_and_the_current_one_always(published: Publish, tmp_path: Path) -> None:
    for number in range(1, 5):
        published(f"run-{number}", keep=3)
    assert [path.name for path in list_releases(tmp_path)] == ["run-2", "run-3", "run-4"]
    rollback(tmp_path, "run-2")
    prune(tmp_path, 1)
    assert [path.name for path in list_releases(tmp_path)] == ["run-2", "run-4"]


def test_a_killed_publication_is_cleared_by_the_next(published: Publish, tmp_path: Path) -> None:
    for leftover in ("run-0.tmp/marts", "run-0.tmp-spill", "run-9.tmp-old"):
        (tmp_path / "releases" / leftover).mkdir(parents=True)
    (tmp_path / "current.tmp").symlink_to("nowhere")
    release = published("run-0")
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["run-0"]
    assert (tmp_path / "current").readlink() == Path("releases/run-0")
    assert current_release(tmp_path) == release.resolve()
    assert not os.path.lexists(tmp_path / "current.tmp")


def test_rollback_goes_to_the_release_before_or_the_named_one(published: Publish, tmp_path: Path) -> None:
    releases = [published(f"run-{number}") for number in (1, 2, 3)]
    assert rollback(tmp_path) == releases[1]
    assert rollback(tmp_path) == releases[0]
    with pytest.raises(WarehouseError, match=r"no release before the current one .*: run-1, run-2, run-3"):
        rollback(tmp_path)
    assert rollback(tmp_path, "run-3") == releases[2]
    for name in ("run-4", "../run-1", ""):
        with pytest.raises(WarehouseError, match="there is no release named"):
            rollback(tmp_path, name)
    assert current_release(tmp_path) == releases[2].resolve()


def test_there_is_nothing_to_go_back_to_before_the_first_release(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there are: none"):
        rollback(tmp_path)


@pytest.mark.parametrize("run_id", ["../up", "", "a/b", ".hidden", "x.tmp"])
def test_a_run_id_that_is_no_folder_name_is_refused(published: Publish, run_id: str) -> None:
    with pytest.raises(WarehouseError, match="cannot name a release"):
        published(run_id)


def test_readers_never_fail_while_current_is_switched(published: Publish, tmp_path: Path) -> None:
    releases = [published("run-1"), published("run-2")]
    done, failures, reads = threading.Event(), [], 0

    def read() -> None:
        nonlocal reads
        while not done.is_set():
            try:
                with duckdb.connect(str(tmp_path / "current" / "bi.duckdb"), read_only=True) as con:
                    assert con.execute("select count(*) from marts.fct_mentions").fetchone() == (9,)
                reads += 1
            except (duckdb.Error, AssertionError) as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    while reads < 3:
        pass
    for number in range(50):
        switch(tmp_path, releases[number % 2])
    before = reads
    while reads < before + 3 and not failures:
        pass
    done.set()
    reader.join()
    assert failures == []


def test_a_release_that_lost_a_file_is_no_source_of_links(published: Publish) -> None:
    first = published("run-1")
    (first / "marts/fct_mentions/2026-01.parquet").unlink()
    second = published("run-2")
    manifest = read_manifest(second)
    assert manifest is not None
    assert (second / "marts/fct_mentions/2026-01.parquet").stat().st_size > 0
