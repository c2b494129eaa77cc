"""The sandbox over real HTTP: its clock, its limiter, and every fault that it can do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.sandbox.server import Sandbox, serve
from tests.flows.sandbox.worlds import END, made

SEARCH = "/api/v1/search_by_date"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[httpx.Client, Sandbox]]:
    with serve(made()) as (url, sandbox), httpx.Client(base_url=url, timeout=10) as client:
        yield client, sandbox


@pytest.fixture
def client(served: tuple[httpx.Client, Sandbox]) -> Iterator[httpx.Client]:
    yield served[0]
    _break(served[0])


def _break(client: httpx.Client, **fault: Any) -> None:
    """Set one fault, or heal."""
    answer = client.post("/__sandbox/faults", json=[{"match": "/api", **fault}] if fault else [])
    assert answer.status_code == 200, answer.text


def test_the_search_answers_over_http(client: httpx.Client) -> None:
    answer = client.get(SEARCH, params={"query": '"acme air"', "tags": "(story,comment)", "hitsPerPage": 5})
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert (len(told["hits"]), told["hitsPerPage"], told["page"]) == (5, 5, 0)
    native_id = told["hits"][0]["objectID"]
    assert client.get(f"/v0/item/{native_id}.json").json()["id"] == int(native_id)
    assert client.get(f"/api/v1/items/{native_id}").json()["id"] == int(native_id)
    assert client.get(f"/api/v1/users/{told['hits'][0]['author']}").json()["username"] == told["hits"][0]["author"]
    assert client.get("/v0/maxitem.json").json() >= int(native_id)


def test_what_is_unknown_is_null_or_not_found(client: httpx.Client) -> None:
    assert client.get("/v0/item/1.json").json() is None
    assert client.get("/api/v1/items/1").status_code == 404
    assert client.get(SEARCH, params={"colour": "red"}).json() == {
        "message": "Unknown parameter: colour",
        "status": 400,
    }


def test_the_clock_turns_the_whole_world_back(client: httpx.Client) -> None:
    now = client.get(SEARCH).json()["nbHits"]
    begin = (END - timedelta(days=10)).isoformat()
    try:
        assert client.post("/__sandbox/clock", json={"now": begin}).json() == {"now": begin}
        assert 0 < client.get(SEARCH).json()["nbHits"] < now
        assert (
            client.post("/__sandbox/clock", json={"now": "2026-03-01T00:00:00+02:00"}).json()["now"]
            == "2026-02-28T22:00:00"
        )
        assert client.post("/__sandbox/clock", json={"now": "soon"}).status_code == 400
    finally:
        client.post("/__sandbox/clock", json={"now": END.isoformat()})


def test_the_hourly_budget_ends_in_429_which_is_counted_and_spares_firebase() -> None:
    with serve(made(), requests_per_hour=3) as (url, sandbox), httpx.Client(base_url=url) as client:
        assert [client.get(SEARCH).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        assert client.get("/v0/item/1.json").status_code == 200
        stats = client.get("/__sandbox/stats").json()
        assert stats["requests"] == {SEARCH: 5, "/v0/item": 1}
        assert stats["refusals"] == {SEARCH: 2} == dict(sandbox.refusals)


@pytest.mark.parametrize("kind", ["429", "500", "503"])
def test_refusals_come_as_often_as_told_with_retry_after_only_if_told(client: httpx.Client, kind: str) -> None:
    _break(client, kind=kind, count=2, retry_after="7")
    answers = [client.get(SEARCH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [int(kind), int(kind), 200]
    assert answers[0].headers["retry-after"] == "7"
    _break(client, kind=kind)
    assert "retry-after" not in client.get(SEARCH).headers


def test_a_fault_can_let_some_requests_through_first_and_strikes_its_paths_only(client: httpx.Client) -> None:
    _break(client, kind="500", count=1, skip=2)
    assert [client.get(SEARCH).status_code for _ in range(4)] == [200, 200, 500, 200]
    _break(client, kind="500", count=None)
    assert client.get("/v0/maxitem.json").status_code == 200
    assert client.get(SEARCH).status_code == 500


def test_the_same_seed_strikes_the_same_requests(client: httpx.Client) -> None:
    def struck() -> list[int]:
        _break(client, kind="503", count=None, probability=0.5, seed=4)
        return [client.get(SEARCH, params={"hitsPerPage": 1}).status_code for _ in range(20)]

    first = struck()
    assert set(first) == {200, 503}
    assert struck() == first


@pytest.mark.parametrize(("kind", "error"), [("reset", httpx.ReadError), ("truncated", httpx.RemoteProtocolError)])
def test_connections_break_as_told(client: httpx.Client, kind: str, error: type[Exception]) -> None:
    _break(client, kind=kind)
    with pytest.raises(error):
        client.get(SEARCH)
    assert client.get(SEARCH).status_code == 200


@pytest.mark.parametrize("kind", ["timeout", "slow"])
def test_answers_take_longer_than_a_client_waits(client: httpx.Client, kind: str) -> None:
    _break(client, kind=kind, seconds=3)
    began = time.monotonic()
    with pytest.raises(httpx.TimeoutException if kind == "timeout" else httpx.RemoteProtocolError):
        client.get(SEARCH, timeout=0.5)
    assert (time.monotonic() - began < 2) == (kind == "timeout")


def test_bodies_are_not_what_they_should_be(client: httpx.Client) -> None:
    _break(client, kind="cut")
    with pytest.raises(json.JSONDecodeError):
        client.get(SEARCH).json()
    _break(client, kind="html")
    assert client.get(SEARCH).headers["content-type"] == "text/html"
    _break(client, kind="wrong_type")
    assert client.get(SEARCH).json()["hits"] == "many"
    _break(client, kind="oversized", megabytes=3)
    assert len(client.get(SEARCH).content) > 3_000_000


def test_a_redirect_leads_to_a_private_address(client: httpx.Client) -> None:
    _break(client, kind="redirect_private")
    assert client.get(SEARCH).headers["location"].startswith("http://169.254.169.254/")


def test_pages_repeat_and_cursors_loop(client: httpx.Client) -> None:
    def page(number: int) -> dict[str, Any]:
        answer: dict[str, Any] = client.get(SEARCH, params={"hitsPerPage": 3, "page": number}).json()
        return answer

    first, second = page(0), page(1)
    _break(client, kind="repeat")
    assert page(1)["hits"] == first["hits"]
    assert page(1)["hits"] == second["hits"]
    _break(client, kind="loop", count=None)
    assert [page(number)["hits"] == first["hits"] for number in (0, 1, 50)] == [True, True, True]
    assert page(50)["nbPages"] == 1_000_000


def test_a_fault_that_nobody_knows_is_refused(client: httpx.Client) -> None:
    assert client.post("/__sandbox/faults", json=[{"match": "/", "kind": "gremlins"}]).status_code == 400
    assert client.post("/__sandbox/faults", json={"match": "/"}).status_code == 400


def test_as_a_process_it_prints_its_url_and_writes_the_demos_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.sandbox.server", "--days", "3", "--end", "2026-03-10T02:00:00"]
    process = subprocess.Popen([*command, "--write", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}{SEARCH}").json()["nbHits"] > 0
        assert url in (tmp_path / "soundings.toml").read_text()
        assert list((tmp_path / "exports").glob("*.ndjson.gz"))
    finally:
        process.terminate()
        process.wait(timeout=10)
