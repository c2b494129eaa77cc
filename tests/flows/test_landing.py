"""Landing: pages are found again by their request, whole or not at all."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.http import Answer
from flows.landing import Attempt, LandingClient, finished_windows, prune_landing, read_page, request_key
from flows.sources.base import Page, Window
from flows.sources.paginate import follow

NIGHT = datetime.fromisoformat("2026-03-02T02:00:00")
URL = "https://api.example.org/search"


def attempt_at(root: Path, run_id: str = "run1", as_of: datetime = NIGHT, **more: Any) -> Attempt:
    asked = {"source": "hn", "platform": "hackernews", "verb": "discover", "topic_id": "acme", "window_id": "acme-w1"}
    options = {**asked, "run_id": run_id, "as_of": as_of, "max_age": timedelta(hours=12), **more}
    return Attempt.open(root, **options)


def put(attempt: Attempt, number: int, body: bytes = b'{"items": []}') -> Page:
    key = request_key("GET", URL, {"page": number})
    return attempt.put(key, body, request=f"GET {URL}?page={number}", fetched_at=NIGHT, headers={"etag": "x"})


def end(attempt: Attempt, pages: Collection[str] = (), **more: Any) -> None:
    attempt.finish(list(pages), **{"is_covered": True, "rate_limited": 0, "lost_items": 0, "error": None, **more})


class Network:
    """Answers page after page until it breaks; counts what it was asked."""

    def __init__(self, pages: int, breaks_at: int | None = None) -> None:
        self.pages, self.breaks_at = pages, breaks_at
        self.asked: list[int] = []

    async def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        allow_status: Collection[int] = (),  # noqa: ARG002 - the client's interface
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Answer:
        number = int((params or {}).get("page", 0))
        if number == self.breaks_at:
            raise SourceError("hackernews", "the network is gone", retryable=True)
        self.asked.append(number)
        following = str(number + 1) if number + 1 < self.pages else None
        body = msgspec.json.encode({"items": [number], "next": following})
        return Answer(f"GET {url}?page={number}", 200, {"content-type": "application/json"}, body, NIGHT)


async def read_all(client: LandingClient) -> AsyncIterator[Page]:
    async def fetch(token: str | None) -> Page:
        return await client.get(URL, {"page": token or 0})

    async for page in follow(fetch, lambda page: page.json()["next"], items_of, max_pages=50):
        yield page


def items_of(page: Page) -> list[bytes]:
    return [msgspec.json.encode(item) for item in page.json()["items"]]


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
from tests.flows.test_landing import attempt_at, put
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


async def pages_of(bodies: list[tuple[list[int], str | None]], max_pages: int = 50) -> tuple[list[Any], str]:
    """What following gives over a platform that hands out these pages in turn: the items, and the error."""
    numbers = itertools.count()

    async def fetch(token: str | None) -> Page:
        items, following = bodies[min(next(numbers), len(bodies) - 1)]
        body = msgspec.json.encode({"items": items, "next": following})
        return Page(
            page_id="w/r/0001-a",
            source="hn",
            platform="hackernews",
            verb="discover",
            topic_id=None,
            as_of=NIGHT,
            fetched_at=NIGHT,
            request=f"GET {URL}",
            status=200,
            body=body,
        )

    items: list[Any] = []
    try:
        async for page in follow(fetch, lambda page: page.json()["next"], items_of, max_pages=max_pages):
            items += page.json()["items"]
    except SourceError as error:
        return items, str(error)
    return items, ""


@pytest.mark.parametrize(
    ("bodies", "items", "says"),
    [
        ([([1, 2], "a"), ([3], None)], [1, 2, 3], ""),
        ([([1], "a"), ([], "b"), ([2], None)], [1], ""),
        ([([], "a")], [], ""),
        ([([1], "a"), ([2], "b"), ([3], "a"), ([4], None)], [1, 2, 3], "its paging loops"),
        ([([1], "a"), ([1], "b"), ([1], "c")], [1], "for the second time"),
        ([([number], f"t{number}") for number in range(9)], [0, 1, 2, 3, 4], "is page 5 and not the last"),
        ([([1], ""), ([2], None)], [1], ""),
    ],
    ids=["to the end", "empty page", "nothing", "looping cursor", "repeated page", "endless", "empty token"],
)
async def test_next_tokens_are_followed_but_never_in_circles(
    bodies: list[tuple[list[int], str | None]], items: list[int], says: str
) -> None:
    found, error = await pages_of(bodies, max_pages=5)
    assert found == items
    assert says in error
    assert bool(error) == bool(says)


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
