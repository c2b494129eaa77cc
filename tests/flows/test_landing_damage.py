"""Landing after damage: what is half written, changed on disk or asked for under a name that is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from landing_samples import URL, Network, attempt_at, end, put, read_all

from flows.errors import SourceError
from flows.landing import LandingClient, finished_windows, read_page, request_key


def spoil_flip(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


def other_body(content: bytes) -> bytes:
    return zstandard.compress(zstandard.decompress(content) + b" ")


def other_page(content: bytes) -> bytes:
    return zstandard.compress(zstandard.decompress(content).replace(b"/run1/", b"/run9/"))


def huge_claim(content: bytes) -> bytes:
    return b"\x28\xb5\x2f\xfd\xe0" + (1 << 60).to_bytes(8, "little") + content[13:]


@pytest.mark.parametrize(
    "spoil",
    [spoil_flip, lambda c: c[: len(c) // 2], lambda _: b"", lambda _: b"no zstd", other_body, other_page, huge_claim],
    ids=["flip", "half", "empty", "garbage", "other body", "other page", "huge claim"],
)
async def test_a_damaged_page_is_never_believed_and_fetched_again(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    pages = [page async for page in read_all(LandingClient(attempt_at(tmp_path), Network(pages=3)))]
    path = tmp_path / "hn" / f"{pages[1].page_id}.zst"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(SourceError, match=path.name):
        read_page(tmp_path, pages[1].page_id)
    network = Network(pages=3)
    again = [page async for page in read_all(LandingClient(attempt_at(tmp_path), network))]
    assert (network.asked, again) == ([1], pages)
    assert read_page(tmp_path, pages[1].page_id) == pages[1]


def test_what_a_killed_writer_leaves_behind_is_no_page(tmp_path: Path) -> None:
    script = f"""
import os, pathlib
from tests.flows.landing_samples import attempt_at, put
attempt = attempt_at(pathlib.Path({str(tmp_path)!r}))
put(attempt, 1)
os.fsync = lambda _: os.kill(os.getpid(), {int(signal.SIGKILL)})  # in the middle of the next put
put(attempt, 2)
"""
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", script], cwd=root, check=False, env={**os.environ, "PYTHONPATH": "."}
    )
    assert killed.returncode == -signal.SIGKILL
    folder = tmp_path / "hn" / "acme-w1" / "run1"
    assert any(path.name.startswith(".writing-") for path in folder.iterdir())
    attempt = attempt_at(tmp_path)
    assert attempt.find(request_key("GET", URL, {"page": 1})) is not None
    assert attempt.find(request_key("GET", URL, {"page": 2})) is None
    assert put(attempt, 2).page_id.startswith("acme-w1/run1/0002-")
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".zst", ".zst"]


def test_an_attempt_killed_before_its_first_file_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "hn" / "acme-w1" / "run1").mkdir(parents=True)
    put(attempt_at(tmp_path), 1)
    assert attempt_at(tmp_path).find(request_key("GET", URL, {"page": 1}))


def test_a_damaged_outcome_is_named_with_what_to_do(tmp_path: Path) -> None:
    end(attempt_at(tmp_path))
    (tmp_path / "hn" / "acme-w1" / "run1" / "window.json").write_bytes(b"{")
    with pytest.raises(SourceError, match=r"window.json is damaged .* delete its folder"):
        list(finished_windows(tmp_path))


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "A", "a\n", ".hidden", "ä", "x" * 151, "a\0"])
@pytest.mark.parametrize("field", ["source", "window_id"])
def test_a_name_that_cannot_name_a_folder_is_refused(tmp_path: Path, field: str, name: str) -> None:
    with pytest.raises(SourceError, match="cannot name a folder"):
        attempt_at(tmp_path, **dict[str, Any]({field: name}))


@pytest.mark.parametrize("page_id", ["", "../../etc/passwd", "w/r/0001-zz", "*/run1/0001-" + "a" * 24, "w/r"])
def test_a_page_id_that_is_none_reads_no_file(tmp_path: Path, page_id: str) -> None:
    with pytest.raises(SourceError, match="is no page id"):
        read_page(tmp_path, page_id)


def test_a_missing_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=rf"acme-w1/run1/0001-{'a' * 24}.zst names 0 files"):
        read_page(tmp_path, f"acme-w1/run1/0001-{'a' * 24}")
