"""What comes back where something is wrong: runs that cannot begin, files that cannot be read, folders in use."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from cli_samples import CONFIG, POSTS, write_posts
from testbed import Typed

from flows import runs
from warehouse.lock import hold_lock


@pytest.fixture
def lone(tmp_path: Path) -> Path:
    """A good configuration whose data folder holds one completed run, and nothing that could be run."""
    config = tmp_path / "soundings.toml"
    config.write_text(CONFIG)
    write_posts(tmp_path / "a.csv", POSTS)
    clock = datetime(2026, 1, 4, 2)
    run = runs.RunStatus(run_id="old", kind="nightly", state="completed", as_of=clock, started_at=clock)
    runs.save(tmp_path / "data", run)
    return config


@pytest.mark.parametrize("words", [("run",), ("backfill", "--days", "2"), ("replay",)])
def test_a_run_that_dies_before_its_journal_is_no_success(
    typed: Typed, lone: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("no room for a lock")

    monkeypatch.setattr("flows.run.hold_lock", broken)
    answer = typed(*words, config=lone)
    assert (answer.code, "old" in answer.out) == (2, False)
    assert "the run did not begin" in answer.err
    assert "no room for a lock" in answer.err


def test_a_server_of_prefect_that_is_not_there_is_a_sentence(
    typed: Typed, lone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise RuntimeError("Failed to reach API at http://127.0.0.1:1/api/")

    monkeypatch.setattr("flows.nightly.nightly", unreachable)
    answer = typed("run", config=lone)
    assert (answer.code, "the run did not begin: Failed to reach API" in answer.err) == (2, True)


def test_a_flow_that_fails_after_its_last_step_is_no_success(
    typed: Typed, lone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ValueError("no last word")

    monkeypatch.setattr("flows.tasks.ended", broken)
    answer = typed("run", config=lone)
    assert runs.history(lone.parent / "data")[0].state == "completed"
    assert (answer.code, "no last word" in answer.err) == (1, True)


def test_a_locked_data_folder_is_exit_2(typed: Typed, lone: Path) -> None:
    with hold_lock(lone.parent / "data", "other"):
        answer = typed("run", config=lone)
    assert (answer.code, "run other" in answer.err, answer.out) == (2, True, "")


def test_a_clock_in_the_future_is_refused(typed: Typed, lone: Path) -> None:
    answer = typed("run", "--as-of", "2999-01-01", config=lone)
    assert (answer.code, "lies in the future" in answer.err) == (2, True)
    assert len(runs.history(lone.parent / "data")) == 1


def test_what_cannot_be_read_or_written_is_a_sentence_with_its_path(typed: Typed, tmp_path: Path, lone: Path) -> None:
    (tmp_path / "data" / "runs" / "old.json").unlink()
    (tmp_path / "data" / "runs" / "dir.json").mkdir()
    words = ("init", "--brand", "Acme", "--query", "acme")
    for answer, path in (
        (typed("check", config=tmp_path), tmp_path),
        (typed(*words, config=tmp_path / "nodir" / "a.toml"), tmp_path / "nodir"),
        (typed("status", config=lone), tmp_path / "data" / "runs" / "dir.json"),
    ):
        assert (answer.code, str(path) in answer.err, "Traceback" in answer.err) == (2, True, False)


def test_a_file_that_others_own_is_a_sentence(typed: Typed, lone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refused)
    answer = typed("check", config=lone)
    assert (answer.code, f"{lone}: cannot be read: Permission denied" in answer.err) == (2, True)


def test_check_misses_the_files_that_a_night_would_miss(typed: Typed, lone: Path) -> None:
    (lone.parent / "a.csv").unlink()
    answer = typed("check", config=lone)
    assert (answer.code, "sources.export" in answer.err, "'*.csv'" in answer.err) == (2, True, True)
    lone.write_text(CONFIG.replace('name = "export"', 'name = "export"\nenabled = false') + HACKERNEWS)
    assert typed("check", config=lone).code == 0


HACKERNEWS = """
[[sources]]
name = "hackernews"
type = "hackernews"
"""


def test_status_tells_a_run_at_work_from_one_that_was_killed(typed: Typed, lone: Path) -> None:
    data = lone.parent / "data"
    clock = datetime(2026, 1, 5, 2)
    runs.save(data, runs.RunStatus(run_id="new", kind="nightly", state="running", as_of=clock, started_at=clock))
    with hold_lock(data, "new"):
        alive, said_alive = json.loads(typed("status", "--json", config=lone).out), typed("status", config=lone).out
        left_behind = (data / "run.lock.json").read_bytes()
    (data / "run.lock.json").write_bytes(left_behind)  # as kill -9 leaves it
    dead, said_dead = json.loads(typed("status", "--json", config=lone).out), typed("status", config=lone).out
    assert (alive["state"], alive["is_alive"], alive["as_of"]) == ("running", True, "2026-01-05T02:00:00Z")
    assert (dead["state"], dead["is_alive"]) == ("running", False)
    told = "cut off; `soundings run` takes it up again"
    assert (told in said_alive, told in said_dead) == (False, True)
