"""What a source may not do to a night: lose what did not change, drip, flood, or hold up the others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from testbed import NOW, QUICK, SOURCE, FakeTime, Options, job, no_progress, search

from expectations.verdict import Verdict
from flows.errors import SourceError
from flows.extract import _extract as extracted
from flows.extract import extract
from flows.http import HttpClient
from flows.ingest import ingest
from flows.landing import Attempt, LandingClient, Outcome
from flows.sources.base import Client, Page, Topic, Window
from tests.flows.fault_server import Fault, FaultServer, reply
from warehouse.connection import connect
from warehouse.migrate import migrate

POSTS = b'[{"id": 1}]'
VERSIONED = reply(POSTS, ETag='W/"v1"', Last_Modified="Sun, 01 Mar 2026 10:00:00 GMT")


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "w.duckdb") as con:
        migrate(con)
        yield con


def nothing() -> None:
    pass


class Night:
    """Runs one after the other on a data folder."""

    def __init__(self, folder: Path, server: FaultServer, con: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.server, self.con = folder, server, con
        self.runs = 0

    async def land(self, *asks: Any, **changes: Any) -> list[Outcome]:
        self.runs += 1
        as_of = NOW + timedelta(hours=self.runs)
        self.job = job(self.folder, self.server.url, **{"run_id": f"r{self.runs}", "as_of": as_of, **changes})
        return await extracted(self.job, asks, no_progress)

    async def run(self, *asks: Any, **changes: Any) -> list[Outcome]:
        outcomes = await self.land(*asks, **changes)
        ingest(self.job, outcomes, self.con, nothing)
        return outcomes

    def conditions(self) -> list[str | None]:
        return [asked.headers.get("if-none-match") for asked in self.server.asked]


@pytest.fixture
def nights(
    tmp_path: Path, server: FaultServer, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> Night:
    """Without the validation, which has tests of its own and takes longer than all of this."""
    sound = Verdict(batch_id="b", source="bed", rules=(), quarantined_items=0, is_withheld=False, reasons=())
    for name in ("validate", "judge_source"):
        monkeypatch.setattr(f"flows.ingest.{name}", lambda *_, **__: sound)
    return Night(tmp_path, server, con)


async def test_what_did_not_change_is_not_told_again(nights: Night) -> None:
    nights.server.on("/search", VERSIONED, reply(b"", 304), reply(b'[{"id": 2}]'), VERSIONED)
    ends = [NOW + timedelta(hours=n) for n in range(4)]
    for end in ends:
        (outcome,) = await nights.run(search(end=end))
        assert outcome.is_covered
    assert nights.conditions() == [None, 'W/"v1"', 'W/"v1"', None]  # the third told no version
    assert [asked.headers.get("if-modified-since") for asked in nights.server.asked] == [None] * 4
    assert nights.con.execute("select count(*) from raw.mention").fetchone() == (2,)


async def test_the_time_is_echoed_where_there_is_no_etag(nights: Night) -> None:
    odd = "sunday, 1 march 2026, about ten"
    nights.server.on("/search", reply(POSTS, Last_Modified=odd), reply(b"", 304))
    for hour in range(2):
        await nights.run(search(end=NOW + timedelta(hours=hour)))
    assert [asked.headers.get("if-modified-since") for asked in nights.server.asked] == [None, odd]


async def test_an_answer_that_was_not_loaded_is_told_again(nights: Night) -> None:
    nights.server.on("/search", VERSIONED)
    await nights.land(search())  # killed before anything was loaded
    await nights.run(search(end=NOW + timedelta(hours=1)))
    assert nights.conditions() == [None, None]
    assert nights.con.execute("select count(*) from raw.mention").fetchone() == (1,)


async def test_an_answer_that_could_not_be_read_is_told_again(nights: Night) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("a parser's mistake")

    nights.server.on("/search", VERSIONED)
    await nights.run(search(), source=replace(SOURCE, parse=broken))
    await nights.run(search(end=NOW + timedelta(hours=1)))
    assert nights.conditions() == [None, None]


async def test_another_question_and_another_day_have_versions_of_their_own(nights: Night) -> None:
    nights.server.on("/search", VERSIONED)
    other_day = replace(search(), window_id="discover-acme-20260302t120000z-20260303t120000z")
    for ask in (search(), search("tango"), other_day, search(end=NOW + timedelta(hours=1))):
        await nights.run(ask)
    assert nights.conditions() == [None, None, None, 'W/"v1"']


async def test_a_channel_goes_on_from_where_it_ended(nights: Night) -> None:
    async def browse(client: Client, options: Options, channel: str, window: Window) -> AsyncIterator[Page]:
        yield await client.get(f"{options.base_url}{channel}", if_changed=True)

    nights.server.on("/blog", VERSIONED, reply(b"", 304), VERSIONED)
    source = replace(SOURCE, browse=browse, channels=lambda _: ["blog"])
    for hour, wanted in enumerate(("acme", "acme", "acmeandmore")):
        start, end = NOW + timedelta(hours=hour), NOW + timedelta(hours=hour + 1)
        ask = replace(
            search(), verb="browse", channel="blog", topic=None, window=Window(start, end),
            window_id=f"browse-blog-{start:%H}-{end:%H}-{wanted}",
        )  # fmt: skip
        (outcome,) = await nights.run(ask, source=source)
        assert outcome.is_covered
    assert nights.conditions() == [None, 'W/"v1"', None]  # for a new topic what is listed is read anew


async def test_time_that_a_channel_does_not_reach_is_told_as_not_covered(nights: Night) -> None:
    reached = NOW - timedelta(hours=20)

    def parse(page: Page, options: Options) -> Any:
        return replace(SOURCE.parse(page, options), covered_from=reached)

    nights.server.on("/search", reply(POSTS))
    await nights.run(search(), source=replace(SOURCE, parse=parse))
    told = "select window_start, window_end, is_covered, items, error from raw.collection order by window_start"
    assert nights.con.execute(told).fetchall() == [
        (NOW - timedelta(days=1), reached, False, 0, None),
        (reached, NOW, True, 1, None),
    ]


async def test_time_that_a_source_can_no_more_be_asked_for_is_told_as_not_covered_without_a_question(
    nights: Night,
) -> None:
    nights.server.on("/search", reply(POSTS))
    lost = replace(search(end=NOW - timedelta(days=8)), is_lost=True)
    gone, asked = await nights.run(lost, search())
    assert (gone.is_covered, gone.error, gone.pages, asked.is_covered) == (False, None, [], True)
    assert len(nights.server.asked) == 1
    told = "select window_end, is_covered, items, lost_items, error from raw.collection order by window_end"
    assert nights.con.execute(told).fetchall() == [
        (NOW - timedelta(days=8), False, 0, 0, None),
        (NOW, True, 1, 0, None),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Fault((b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[", *[b" "] * 1000), pause=0.05),
        Fault(then="hang"),
        reply(status=429, Retry_After="600"),
    ],
    ids=["drips", "hangs", "asks for ten minutes"],
)
def test_a_source_that_does_not_end_ends_when_its_minutes_are_over(tmp_path: Path, fault: Fault) -> None:
    async def run() -> list[Outcome]:
        async with FaultServer() as server:
            server.on("/search", fault)
            patient = replace(QUICK, attempts=100, attempt_seconds=60, read_seconds=60)
            bed = job(tmp_path, server.url, limits=patient)
            slow = replace(bed, options=bed.options.model_copy(update={"max_minutes": 0.3 / 60}))
            return await extracted(slow, [search("one"), search("two")], no_progress)

    began = time.monotonic()
    outcomes = asyncio.run(run())
    assert time.monotonic() - began < 5
    assert [outcome.is_covered for outcome in outcomes] == [False, False]
    assert "its max_minutes (0.005) are over; the next run goes on" in str(outcomes[0].error)
    assert str(outcomes[1].error).startswith("not asked: its max_minutes")


async def test_a_window_that_floods_ends_at_its_bound(server: FaultServer, tmp_path: Path) -> None:
    url = server.on("/flood", reply(b"[" + b" " * 5_000 + b"]"))
    asked: Any = {"source": "bed", "platform": "testbed", "verb": "discover", "topic_id": None, "window_id": "w"}
    attempt = Attempt.open(tmp_path, **asked, run_id="r1", as_of=NOW, max_age=timedelta(hours=1))
    given: Any = {"rates": [], "base_urls": [url], "allow_private": True, "clock": FakeTime().clock}
    async with HttpClient("testbed", **given) as http:
        client = LandingClient(attempt, http, largest=12_000)
        for page in range(2):
            await client.get(url, {"page": page})
        with pytest.raises(SourceError, match="gives more than"):
            await client.get(url, {"page": 3})


def test_a_source_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    """Each is extracted in a thread with a loop of its own, as the run's tasks are."""
    ended: list[tuple[str, float]] = []

    async def serve(hanging: FaultServer, sound: FaultServer) -> None:
        hanging.on("/search", Fault(then="hang"))
        sound.on("/search", reply(POSTS))
        threads = [
            threading.Thread(target=run, args=[name, server.url])
            for name, server in (("hanging", hanging), ("sound", sound))
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0.01)

    def run(name: str, url: str) -> None:
        limits = replace(QUICK, attempts=1, read_seconds=0.6, attempt_seconds=0.6)
        extract(job(tmp_path / name, url, limits=limits), [search()], no_progress)
        ended.append((name, time.monotonic()))

    async def both() -> None:
        async with FaultServer() as hanging, FaultServer() as sound:
            await serve(hanging, sound)

    asyncio.run(both())
    (first, at), (second, later) = ended
    assert (first, second) == ("sound", "hanging")
    assert later - at > 0.2


async def test_a_topic_without_an_answer_fails_alone(server: FaultServer, tmp_path: Path) -> None:
    async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
        yield await client.get(f"{server.url}/{topic.query}")

    server.on("/bad", reply(status=404))
    server.on("/good", reply(POSTS))
    asks = [search("bad"), search("good")]
    outcomes = await extracted(job(tmp_path, server.url, replace(SOURCE, discover=discover)), asks, no_progress)
    assert [outcome.is_covered for outcome in outcomes] == [False, True]
