"""Which threads are read, when, and what becomes of the answers in them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from testbed import NOW, SOURCE, Options, job, no_progress

from flows import starter
from flows.batch import batches
from flows.extract import _extract as extracted
from flows.plan import plan
from flows.run import Run
from flows.runs import RunStatus
from flows.settings import load
from flows.sources.base import Client, Page
from flows.windows import context
from tests.flows.fault_server import FaultServer, reply
from warehouse.connection import connect
from warehouse.coverage import threads_due
from warehouse.load import load_batch
from warehouse.migrate import migrate

OURS, BOB = "mastodon:7", "mastodon:bob"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse where one account is ours and another an employee's."""
    with connect(tmp_path_factory.mktemp("context") / "w.duckdb") as con:
        migrate(con)
        for native_id, handle in (("7", "acme"), ("8", "dana"), ("bob", "bob")):
            con.execute(
                "insert into raw.account by name select ? as account_id, 'mastodon' as platform, ? as native_id, "
                "? as handle, ? as first_seen_at, ? as seen_at, 1 as load_seq",
                [f"mastodon:{native_id}", native_id, handle, NOW, NOW],
            )
        con.execute(
            "insert into raw.tracked_account values ('mastodon', 'acme', 'acme', 'owned', null), "
            "('mastodon', 'dana', 'acme', 'employee', null), ('x', 'bob', 'acme', 'owned', null)"
        )
        yield con


@pytest.fixture
def con(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The warehouse without the mentions of the test before."""
    for table in ("mention", "thread_read", "tombstone", "collection"):
        warehouse.execute(f"delete from raw.{table}")
    return warehouse


def mention(con: duckdb.DuckDBPyConnection, native_id: str, hours: float = 2, **more: Any) -> None:
    """A mention as old as that at NOW; by default one of a stranger that a query found."""
    published = NOW - timedelta(hours=hours)
    known = {
        "mention_id": f"mastodon:{native_id}",
        "platform": "mastodon",
        "native_id": native_id,
        "kind": "post",
        "author_id": BOB,
        "text": "",
        "published_at": published,
        "found_by": "query",
        "handles": [],
        "source": "masto",
        "first_seen_at": published,
        "seen_at": published,
        "content_hash": 1,
        "load_seq": 1,
        **more,
    }
    for name in ("root_id", "parent_id"):
        if name in more:
            known[name] = f"mastodon:{more[name]}"
    columns = ", ".join(f"? as {name}" for name in known)
    con.execute(f"insert into raw.mention by name select {columns}", list(known.values()))


def read(con: duckdb.DuckDBPyConnection, root: str, hours_ago: float) -> None:
    at = NOW - timedelta(hours=hours_ago)
    con.execute("insert into raw.thread_read values (?, ?, 3, true, 1)", [f"mastodon:{root}", at])


def due(con: duckdb.DuckDBPyConnection, at: datetime = NOW) -> list[str]:
    return threads_due(con, "masto", at)


def test_threads_of_mentions_that_speak_to_us_are_due(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "ours", 100, author_id=OURS)
    mention(con, "names-us", handles=["bob", "acme"])
    mention(con, "names-us-in-a-thread", handles=["acme"], root_id="their-thread", found_by="thread")
    mention(con, "answers-us", parent_id="ours", root_id="ours", found_by="thread")
    mention(con, "in-our-thread", parent_id="x", root_id="ours-too")
    mention(con, "ours-too", 100, author_id=OURS)
    assert sorted(due(con)) == ["names-us", "ours", "ours-too", "their-thread"]


def test_other_threads_are_not(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "ours", 100, author_id=OURS)
    mention(con, "talks-of-us")
    mention(con, "talks-in-our-thread-of-others", root_id="ours", found_by="thread")
    mention(con, "we-answer-ourselves", author_id=OURS, parent_id="ours", root_id="ours", handles=["acme"])
    mention(con, "names-an-employee", handles=["dana"])
    mention(con, "names-us-of-another-platform", handles=["bob"])
    mention(con, "of-another-source", handles=["acme"], source="other")
    mention(con, "deleted", handles=["acme"], deleted_at=NOW - timedelta(hours=1))
    mention(con, "too-young", 0.9, handles=["acme"])
    mention(con, "too-old", 31 * 24, handles=["acme"])
    assert due(con) == []


def test_a_thread_whose_first_message_is_gone_is_not_asked_for(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "names-us", handles=["acme"], root_id="gone")
    con.execute(
        "insert into raw.tombstone (mention_id, platform, deleted_at, reason, load_seq) "
        "values ('mastodon:gone', 'mastodon', ?, 'deleted', 1)",
        [NOW],
    )
    assert due(con) == ["gone"]  # this very run has found it
    assert due(con, NOW + timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("age", "read_at_age", "is_due"),
    [
        (2, [], True),
        (2, [1], False),
        (2, [0.5], True),
        (4, [1, 2.9], True),
        (4, [3], False),
        (23, [6], False),
        (24, [6], True),
        (719, [168], False),
        (720, [168], True),
        (743, [168], True),
        (743, [721], False),
        (744, [], False),
    ],
)
def test_a_thread_is_due_at_each_age_of_the_ladder_once(
    con: duckdb.DuckDBPyConnection, age: float, read_at_age: list[float], is_due: bool
) -> None:
    mention(con, "1", age, handles=["acme"])
    for each in read_at_age:
        read(con, "1", age - each)
    assert due(con) == (["1"] if is_due else [])


def test_a_late_call_makes_an_old_thread_due_again(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "root", 200, handles=["acme"])
    read(con, "root", 10)
    assert due(con) == []
    mention(con, "late", 5, handles=["acme"], root_id="root")
    assert due(con) == ["root"]


def test_what_this_run_itself_has_read_does_not_change_what_is_due(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "1", handles=["acme"])
    read(con, "1", 0)
    mention(con, "new", handles=["acme"], first_seen_at=NOW)
    assert due(con) == ["1"]
    assert due(con, NOW + timedelta(minutes=1)) == ["new"]


def test_a_run_reads_only_so_many_and_first_what_was_never_read(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.coverage.MOST_THREADS", 3)
    for native_id, age in (("read", 2), ("old", 20), ("older", 30), ("newest", 3)):
        mention(con, native_id, age, handles=["acme"])
    read(con, "read", 1.5)
    assert due(con) == ["newest", "old", "older"]


def test_a_night_plans_threads_and_channels_beside_all_else(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unused(*_: Any) -> Any:
        raise AssertionError("nothing is asked when a night is planned")

    source = replace(SOURCE, context=unused, browse=unused, channels=lambda _: ["one", "two"], timeline=None)
    monkeypatch.setattr("flows.plan.source_of", lambda _: source)
    starter.write(tmp_path / "soundings.toml", "Acme", "acme")
    settings = load(tmp_path / "soundings.toml")
    name = next(options.name for options in settings.sources if options.enabled)
    mention(con, "called", handles=["acme"], source=name)
    status = RunStatus(run_id="r1", kind="nightly", state="running", as_of=NOW, started_at=NOW)
    (found, *_) = plan(Run(settings, status), con)
    assert [ask.root for ask in found.asks if ask.verb == "context"] == ["called"]
    assert [ask.channel for ask in found.asks if ask.verb == "browse"] == ["one", "two"]
    assert len([ask for ask in found.asks if ask.verb == "discover"]) == 8
    assert len({ask.window_id for ask in found.asks}) == len(found.asks)


async def test_answers_of_a_thread_are_loaded_though_no_query_matches_them(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    asked: list[str] = []

    async def thread(client: Client, options: Options, root: str) -> AsyncIterator[Page]:
        asked.append(root)
        yield await client.get(f"{options.base_url}thread/{root}")

    ask = context("a:b/1", NOW)
    async with FaultServer() as server:
        server.on("/thread/a:b/1", reply(json.dumps([{"id": 5, "text": "thanks"}]).encode()))
        made = job(tmp_path, server.url, replace(SOURCE, context=thread))
        outcomes = await extracted(made, [ask], no_progress)
    for folder in batches(made, outcomes):
        load_batch(con, folder, loaded_at=NOW)
    assert asked == ["a:b/1"]
    told = con.execute("select mention_id, found_by from raw.mention").fetchall()
    assert told == [("testbed:5", "thread")]
    assert con.execute("select verb, topic_id, is_covered from raw.collection").fetchall() == [("context", None, True)]
    assert ask.window_id == context("a:b/1", NOW).window_id != context("a:b/2", NOW).window_id
