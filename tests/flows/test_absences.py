"""What two refreshes do not find is gone; what one does not find, or what cannot be known, is not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from testbed import NOW, SOURCE, Options, items, job, no_progress, parse

from expectations.verdict import Verdict
from flows.batch import Job, batches
from flows.extract import _extract as extracted
from flows.ingest import ingest
from flows.landing import Outcome, finished_windows
from flows.sources.base import Page, Parsed, Source
from flows.windows import refresh
from tests.flows.fault_server import FaultServer, reply
from warehouse.connection import connect
from warehouse.coverage import due_for_refresh
from warehouse.load import load_batch
from warehouse.migrate import migrate

IDS = ("1", "2", "3")
GONE = "select mention_id, reason from raw.tombstone order by all"
OPEN = "select mention_id, absent_at, answered_at from raw.absence order by all"


def answer(*ids: int | dict[str, Any], status: int = 200) -> Any:
    posts = [{"id": each} if isinstance(each, int) else each for each in ids]
    return reply(json.dumps(posts).encode(), status)


def night(number: float) -> datetime:
    return NOW + timedelta(days=number)


class Nights:
    """Refreshes of three mentions, one a night, with the loader but without the validation, which has its own tests."""

    def __init__(self, folder: Path, server: FaultServer, con: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.server, self.con = folder, server, con

    def job(self, number: float, source: Source = SOURCE, run_id: str | None = None) -> Job:
        run_id = run_id or f"run-{number}".replace(".", "-")
        return job(self.folder, self.server.url, source, run_id=run_id, as_of=night(number))

    async def land(self, number: float, answered: Any, source: Source = SOURCE) -> list[Outcome]:
        self.server._replies["/posts"].clear()
        self.server.on("/posts", answered)
        return await extracted(self.job(number, source), [refresh(IDS, night(number))], no_progress)

    def load(self, made: Job, outcomes: list[Outcome]) -> None:
        for folder in batches(made, outcomes):
            counts = load_batch(self.con, folder, loaded_at=NOW)
            assert counts.is_balanced

    async def refresh(self, number: float, answered: Any, source: Source = SOURCE) -> list[Outcome]:
        outcomes = await self.land(number, answered, source)
        self.load(self.job(number, source), outcomes)
        return outcomes

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()


@pytest.fixture
async def nights(tmp_path: Path) -> AsyncIterator[Nights]:
    async with FaultServer() as server:
        with connect(tmp_path / "w.duckdb") as con:
            migrate(con)
            found = Nights(tmp_path, server, con)
            await found.refresh(0, answer(1, 2, 3))
            yield found


async def test_absent_twice_is_a_deletion_and_scrubbed(nights: Nights) -> None:
    await nights.refresh(1, answer(1, 3))
    assert nights.rows(OPEN) == [("testbed:2", night(1), None)]
    assert nights.rows(GONE) == []
    assert due_for_refresh(nights.con, "bed", night(1.5)) == ["2"]  # no age of the ladder: asked again all the same
    await nights.refresh(2, answer(1, 3))
    assert nights.rows(GONE) == [("testbed:2", "absent")]
    assert nights.rows("select text, deleted_at from raw.mention where native_id = '2'") == [("", night(2))]
    assert nights.rows("select count(*) from raw.mention where text = 'acme'") == [(2,)]
    assert nights.rows("select state from raw.touched where mention_id = 'testbed:2' and load_seq = 3 order by 1") == [
        ("new",), ("old",),
    ]  # fmt: skip
    assert due_for_refresh(nights.con, "bed", night(2.5)) == []


async def test_an_answer_in_between_begins_anew(nights: Nights) -> None:
    await nights.refresh(1, answer(1, 3))
    await nights.refresh(2, answer(1, 2, 3))
    assert nights.rows(OPEN) == [("testbed:2", night(1), night(2))]
    await nights.refresh(3, answer(1, 3))
    assert nights.rows(GONE) == []
    await nights.refresh(4, answer(1, 3))
    assert nights.rows(GONE) == [("testbed:2", "absent")]


async def test_twice_within_the_hour_is_once(nights: Nights) -> None:
    await nights.refresh(1, answer(1, 3))
    await nights.refresh(1 + 59 / 1440, answer(1, 3))
    assert nights.rows(GONE) == []
    await nights.refresh(1 + 60 / 1440, answer(1, 3))
    assert nights.rows(GONE) == [("testbed:2", "absent")]


async def test_what_the_platform_tells_of_itself_needs_no_second_time(nights: Nights) -> None:
    await nights.refresh(1, answer(1, {"id": 2, "gone": True}, 3))
    assert nights.rows(GONE) == [("testbed:2", "deleted")]
    assert nights.rows(OPEN) == []


UNKNOWN = {
    "the platform failed": (reply(b"[", 500), SOURCE),
    "an answer of another shape": (reply(b'{"posts": []}'), SOURCE),
    "an item that cannot be read": (reply(b'[{"id": 1}, {"id": 3}, {"identity": 2}]'), SOURCE),
    "an absence that says nothing": (answer(1, 3), replace(SOURCE, absence_is_deletion=False)),
}


@pytest.mark.parametrize(("answered", "source"), UNKNOWN.values(), ids=UNKNOWN)
async def test_what_cannot_be_known_is_no_absence(nights: Nights, answered: Any, source: Source) -> None:
    for number in (1, 2):
        await nights.refresh(number, answered, source)
    assert nights.rows(OPEN) == nights.rows(GONE) == []


async def test_items_that_were_lost_make_no_absence(nights: Nights) -> None:
    async def lossy(client: Any, options: Options, ids: Any) -> AsyncIterator[Page]:
        async for page in SOURCE.refresh(client, options, ids):  # type: ignore[misc]
            yield msgspec.structs.replace(page, lost_items=1)

    await nights.refresh(1, answer(1, 3), replace(SOURCE, refresh=lossy))
    assert nights.rows(OPEN) == []


async def test_a_refresh_over_several_batches_is_judged_as_a_whole(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one_by_one(client: Any, options: Options, ids: Any) -> AsyncIterator[Page]:
        for native_id in ids:
            yield await client.get(f"{options.base_url}posts", {"id": native_id})

    def only_asked(page: Page, options: Options) -> Parsed:
        asked = int(page.request.rpartition("=")[2])
        mine = [each for each in items(page) if json.loads(each)["id"] == asked]
        return parse(msgspec.structs.replace(page, body=b"[" + b",".join(mine) + b"]"), options)

    monkeypatch.setattr("flows.batch.ITEMS_A_BATCH", 1)
    source = replace(SOURCE, refresh=one_by_one, parse=only_asked)
    await nights.refresh(1, answer(1, 3), source)
    assert nights.rows("select count(*) from raw.load where run_id = 'run-1'") == [(3,)]
    assert nights.rows(OPEN) == [("testbed:2", night(1), None)]


async def test_a_batch_that_is_made_again_and_a_replay_change_nothing(nights: Nights) -> None:
    first = await nights.refresh(1, answer(1, 3))
    nights.load(nights.job(1), first)  # taken up after a kill
    assert first == list(finished_windows(nights.folder / "landing", "bed", since=night(1)))  # its file knows the ids
    await nights.refresh(2, answer(1, 2, 3))
    before = nights.rows(OPEN)
    for number, (outcome,) in enumerate([[o] for o in finished_windows(nights.folder / "landing", "bed")]):
        nights.load(nights.job(number, run_id="replay"), [outcome])
    assert nights.rows(OPEN) == before == [("testbed:2", night(1), night(2))]
    assert nights.rows(GONE) == []


async def test_a_withheld_refresh_says_nothing_of_who_was_absent(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = Verdict(
        batch_id="b", source="bed", rules=(), quarantined_items=0, is_withheld=True, reasons=("much too few",)
    )
    monkeypatch.setattr("flows.ingest.validate", lambda *_, **__: verdict)
    ingest(nights.job(1), await nights.land(1, answer(1, 3)), nights.con, lambda: None)
    assert nights.rows("select is_covered, error from raw.collection where run_id = 'run-1'") == [
        (False, "withheld: much too few")
    ]
    assert nights.rows(OPEN) == []


ASKED = "select asked_at, asked_before, count(*) from raw.asked group by all order by all"


async def test_when_each_was_asked_for_is_known_whatever_was_answered(nights: Nights) -> None:
    assert nights.rows(ASKED) == [(night(0), None, 3)]
    await nights.refresh(1, answer(1, {"id": 2, "gone": True}))
    await nights.refresh(2, reply(b"[", 500))  # of one that failed nothing is known
    assert nights.rows(ASKED) == [(night(1), night(0), 3)]
    await nights.refresh(3, reply(b'[{"id": 1}, {"identity": 2}]'))
    assert nights.rows(ASKED) == [(night(3), night(1), 3)]
    for outcome in list(finished_windows(nights.folder / "landing", "bed"))[:2]:
        nights.load(nights.job(9, run_id="replay"), [outcome])
    assert nights.rows(ASKED) == [(night(3), night(1), 3)]


def test_ids_are_asked_for_in_the_window_that_names_them() -> None:
    one, other = refresh(["1", "2"], NOW), refresh(["1", "3"], NOW)
    assert one.ids == ("1", "2")
    assert one.window_id != other.window_id
