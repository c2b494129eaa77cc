"""The journal outlives kills, damage and many writers at once."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from flows import runs
from flows.runs import RunStatus

NIGHT = datetime(2026, 7, 9, 2)


def note(data_dir: Path, run_id: str, as_of: datetime = NIGHT, state: runs.RunState = "completed") -> RunStatus:
    run = RunStatus(run_id=run_id, kind="nightly", state=state, as_of=as_of, started_at=as_of)
    runs.save(data_dir, run)
    return run


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"[]", b'{"run_id": "b"}'])
def test_a_damaged_document_is_named_and_hides_no_other(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    good = note(tmp_path, "a")
    (tmp_path / "runs" / "b.json").write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert runs.history(tmp_path) == [good]
    assert "b.json" in caplog.text


def test_a_document_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    note(tmp_path, "a", state="running")
    folder = tmp_path / "runs"
    monkeypatch.setattr("os.fsync", lambda _: synced.append((folder / "a.json").read_bytes()))
    note(tmp_path, "a")
    assert [json.loads(document)["state"] for document in synced] == ["running"]


def test_what_a_killed_writer_left_is_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = note(tmp_path, "a")
    (tmp_path / "runs" / ".writing-b.json").write_bytes(b"{")
    assert runs.history(tmp_path) == [good]
    assert not caplog.text


def test_sources_may_note_their_progress_all_at_once(tmp_path: Path) -> None:
    run = note(tmp_path, "a")
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(runs.save, tmp_path, run) for _ in range(200)]:
            done.result()
    assert runs.history(tmp_path) == [run]


def test_the_second_run_of_a_second_is_the_newer(tmp_path: Path) -> None:
    ids = []
    for _ in range(11):
        ids.append(runs.new_id(tmp_path, NIGHT))
        note(tmp_path, ids[-1])
    assert [run.run_id for run in runs.history(tmp_path)] == ids[::-1]


def test_times_carry_their_zone_and_older_documents_without_it_are_read(tmp_path: Path) -> None:
    run = note(tmp_path, "a")
    path = tmp_path / "runs" / "a.json"
    document = json.loads(path.read_text())
    assert (document["as_of"], document["started_at"]) == ("2026-07-09T02:00:00Z",) * 2
    assert document["ended_at"] is None
    assert runs.latest(tmp_path) == run
    path.write_text(json.dumps({**document, "as_of": "2026-07-09T02:00:00"}))
    assert runs.latest(tmp_path) == run


def test_only_a_report_that_was_told_says_who_is_alive(tmp_path: Path) -> None:
    run = note(tmp_path, "a", state="running")
    assert json.loads(runs.report(run, is_alive=False))["is_alive"] is False
    assert "is_alive" not in json.loads(runs.report(run))
