"""Landing: pages are found again by their request, whole or not at all."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from landing_samples import NIGHT, URL, Network, attempt_at, end, put, read_all

from flows.errors import SourceError
from flows.landing import Attempt, LandingClient, finished_windows, prune_landing, read_page, request_key
from flows.sources.base import Window


@given(st.binary(max_size=2000), st.dictionaries(st.sampled_from(["etag", "link"]), st.text(max_size=20)))
def test_a_page_comes_back_as_it_was_put(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, headers: dict[str, str]
) -> None:
    root = tmp_path_factory.mktemp("landing")
    attempt = attempt_at(root)
    page = attempt.put("a" * 24, body, request="GET https://x/?q=й", fetched_at=NIGHT, status=404, headers=headers)
    assert (page.body, page.headers, page.status, page.as_of) == (body, headers, 404, NIGHT)
    assert page.page_id.startswith("acme-w1/run1/0001-")
    assert attempt.find("a" * 24) == attempt_at(root).find("a" * 24) == read_page(root, page.page_id) == page


def test_a_page_file_is_a_line_of_json_and_then_the_body_verbatim(tmp_path: Path) -> None:
    page = put(attempt_at(tmp_path), 7, b'{"a":\n1}')
    line, _, body = zstandard.decompress((tmp_path / "hn" / f"{page.page_id}.zst").read_bytes()).partition(b"\n")
    label = msgspec.json.decode(line)
    assert body == b'{"a":\n1}'
    assert (label["run_id"], label["window_id"], label["number"]) == ("run1", "acme-w1", 1)
    assert (label["page"]["request"], label["page"]["as_of"]) == (f"GET {URL}?page=7", "2026-03-02T02:00:00")


def test_a_request_is_known_whatever_the_order_of_its_parameters_and_its_credentials() -> None:
    key = request_key("GET", URL, {"q": "acme", "page": 2, "api_key": "one"})
    assert key == request_key("GET", URL, {"api_key": "two", "page": "2", "q": "acme"})
    assert key == request_key("GET", f"{URL}?page=2&token=t", {"q": "acme"})
    others: list[tuple[dict[str, str | int], str]] = [
        ({"q": "acme", "page": 3}, "GET"),
        ({"q": "acme"}, "GET"),
        ({"q": "acme", "page": 2}, "READ"),
    ]
    assert key not in {request_key(method, URL, params) for params, method in others}
    assert request_key("GET", URL, {"next_token": "a"}) != request_key("GET", URL, {"next_token": "b"})


async def test_an_interrupted_window_goes_on_from_the_stored_page(tmp_path: Path) -> None:
    first = Network(pages=6, breaks_at=3)
    with pytest.raises(SourceError, match="the network is gone"):
        [page async for page in read_all(LandingClient(attempt_at(tmp_path), first))]
    later = NIGHT + timedelta(hours=1)
    second = Network(pages=6)
    attempt = attempt_at(tmp_path, "run2", later)
    pages = [page async for page in read_all(LandingClient(attempt, second))]
    assert (first.asked, second.asked) == ([0, 1, 2], [3, 4, 5])
    assert [page.as_of for page in pages] == [NIGHT] * 3 + [later] * 3
    assert [page.page_id.split("/")[:2] for page in pages] == [["acme-w1", "run1"]] * 6
    assert [page.page_id.split("/")[2][:4] for page in pages] == ["0001", "0002", "0003", "0004", "0005", "0006"]


def test_the_same_run_gets_its_attempt_again_however_old_and_however_ended(tmp_path: Path) -> None:
    put(attempt_at(tmp_path), 1)
    again = attempt_at(tmp_path, max_age=timedelta(0))
    assert again.find(request_key("GET", URL, {"page": 1}))
    end(again)
    assert attempt_at(tmp_path).is_finished
    assert not attempt_at(tmp_path, "run2").is_finished


def test_a_run_that_ended_anothers_attempt_finds_it_ended(tmp_path: Path) -> None:
    attempt_at(tmp_path, "run1")
    taken_up = attempt_at(tmp_path, "run2", NIGHT + timedelta(hours=1))
    end(taken_up, error="late")
    again = attempt_at(tmp_path, "run2", NIGHT + timedelta(hours=1))
    assert again.outcome == taken_up.outcome
    assert again.outcome is not None
    assert (again.outcome.attempt, again.outcome.run_id, again.outcome.error) == ("run1", "run2", "late")


@pytest.mark.parametrize(("hours", "is_taken_up"), [(0, True), (11, True), (12, False), (-1, False)])
def test_an_unfinished_attempt_is_taken_up_while_it_is_young(tmp_path: Path, hours: int, is_taken_up: bool) -> None:
    put(attempt_at(tmp_path), 1)
    later = attempt_at(tmp_path, "run2", NIGHT + timedelta(hours=hours))
    assert (later.find(request_key("GET", URL, {"page": 1})) is not None) == is_taken_up


def test_another_window_topic_or_verb_finds_nothing(tmp_path: Path) -> None:
    put(attempt_at(tmp_path), 1)
    key = request_key("GET", URL, {"page": 1})
    differing: list[dict[str, Any]] = [
        {"window_id": "w2"},
        {"source": "hn2"},
        {"topic_id": "globex"},
        {"verb": "timeline"},
    ]
    for other in differing:
        assert attempt_at(tmp_path, "run2", **other).find(key) is None


def test_finished_windows_come_oldest_first_and_within_bounds(tmp_path: Path) -> None:
    window = Window(NIGHT - timedelta(days=1), NIGHT)
    for day, source in itertools.product((3, 1, 2), ("hn", "files")):
        as_of = NIGHT + timedelta(days=day)
        attempt = attempt_at(tmp_path, f"run{day}", as_of, source=source, window_id=f"w{day}", window=window)
        end(attempt, [put(attempt, 1).page_id], lost_items=day, rate_limited=2, is_covered=day != 2)
    attempt_at(tmp_path, "run4", window_id="unfinished")
    found = list(finished_windows(tmp_path))
    assert [(w.source, w.lost_items) for w in found] == [(s, d) for d in (1, 2, 3) for s in ("files", "hn")]
    assert all(w.window_start == window.start and w.window_end == window.end for w in found)
    assert [read_page(tmp_path, page).body for page in found[0].pages] == [b'{"items": []}']
    since, until = NIGHT + timedelta(days=2), NIGHT + timedelta(days=3)
    assert [w.is_covered for w in finished_windows(tmp_path, "hn", since, until)] == [False]
    assert list(finished_windows(tmp_path / "nowhere")) == []


def test_what_is_older_than_kept_is_deleted_and_a_damaged_note_ends_nothing(tmp_path: Path) -> None:
    for day in (1, 5):
        attempt = Attempt.open(
            tmp_path, source="s", platform="p", verb="discover", topic_id=None, window_id=f"w{day}", run_id=f"r{day}",
            as_of=datetime(2026, 1, day), max_age=timedelta(hours=1),
        )  # fmt: skip
        attempt.finish([], is_covered=True, rate_limited=0, lost_items=0, error=None)
    damaged = tmp_path / "s" / "w9" / "r9" / "attempt.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    assert prune_landing(tmp_path, datetime(2026, 1, 3)) == 1
    assert not (tmp_path / "s" / "w1").exists()
    assert [outcome.window_id for outcome in finished_windows(tmp_path)] == ["w5"]
    later = datetime(2026, 2, 1)
    assert prune_landing(tmp_path, datetime(2026, 1, 3), {"other": later, "s": datetime(2026, 1, 1)}) == 0
    assert prune_landing(tmp_path, datetime(2026, 1, 3), {"s": later}) == 1
