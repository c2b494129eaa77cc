"""A small source of its own, the job of a run that asks it, a client, time that passes only when someone sleeps, and
what a command says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import msgspec
import pytest
from pydantic import HttpUrl

from flows import records
from flows.batch import Job
from flows.errors import SourceError
from flows.http import Clock, HttpClient, Limits
from flows.sources.access import Credentials, Secret
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Topic, Window, parse_items
from flows.windows import Ask
from tests.flows.fault_server import FaultServer

NOW = datetime.fromisoformat("2026-03-01T12:00:00")
WINDOW = Window(NOW - timedelta(days=1), NOW)
QUICK = Limits(
    attempts=3, attempt_seconds=0.5, read_seconds=0.2, body_bytes=10_000, first_backoff=0.001, longest_backoff=0.002
)


class FakeTime:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 0.0
        self.clock = Clock(now=lambda: NOW + timedelta(seconds=self._now), monotonic=self.seconds, sleep=self.sleep)

    def seconds(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds


def client_of(server: FaultServer, fake_time: FakeTime | None = None, **more: Any) -> HttpClient:
    """A client that may ask this server alone, and gives up quickly."""
    given = {
        "rates": [],
        "base_urls": [server.url],
        "allow_private": True,
        "limits": QUICK,
        "clock": (fake_time or FakeTime()).clock,
        **more,
    }
    return HttpClient("testbed", **given)


async def failure(client: HttpClient, url: str, **more: Any) -> SourceError:
    """How asking for this fails."""
    async with client:
        with pytest.raises(SourceError) as caught:
            await client.get(url, **more)
    return caught.value


class Options(SourceOptions):
    type: Literal["testbed"] = "testbed"
    base_url: HttpUrl = HttpUrl("https://api.example.org")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    yield await client.get(f"{options.base_url}search", {"q": topic.query}, if_changed=True)


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    yield await client.get(f"{options.base_url}posts", {"id[]": list(ids)})


def items(page: Page) -> Sequence[bytes]:
    """A JSON array of posts; a string in it is one that cannot be read."""
    return [] if page.status == 304 else [bytes(each) for each in page.json(list[msgspec.Raw])]


def parse(page: Page, _options: Options) -> Parsed:
    return parse_items(page, items(page), _records)


def _records(item: Any, page: Page) -> list[records.Record]:
    mention_id = f"testbed:{item['id']}"
    if item.get("gone"):
        return [records.Deletion(mention_id=mention_id, platform="testbed", deleted_at=page.as_of, reason="deleted")]
    published_at = NOW - timedelta(hours=7)
    age = (page.as_of - published_at).total_seconds() / 3600
    return [
        records.Mention(
            mention_id=mention_id,
            platform="testbed",
            native_id=str(item["id"]),
            kind="post",
            text=item.get("text", "acme"),
            published_at=published_at,
        ),
        records.EngagementSnapshot(mention_id=mention_id, captured_at=page.as_of, age_hours=age, likes=1),
    ]


SOURCE = Source(
    platform="testbed", options=Options, items=items, parse=parse, discover=discover, refresh=refresh, rates=()
)


def proven() -> Source:
    """The testbed, as a platform that wants a token."""
    return replace(
        SOURCE,
        secrets=(Secret("token", "an access token: Settings, Development"), Secret("app", "an app", is_required=False)),
        credentials=lambda _options, secrets: Credentials(headers={"Authorization": f"Bearer {secrets['token']}"}),
    )


def job(folder: Path, base_url: str, source: Source = SOURCE, **changes: Any) -> Job:
    """A run's job on a server of this machine."""
    options = Options.model_validate({"name": "bed", "base_url": base_url, "allow_private": True})
    made = Job(
        run_id="r1",
        as_of=NOW,
        source=source,
        options=options,
        platform="testbed",
        topics=[Topic("acme", "acme")],
        tracked=frozenset(),
        landing=folder / "landing",
        staging=folder / "staging",
        folder=folder,
        limits=QUICK,
    )
    return replace(made, **changes)


def search(query: str = "acme", end: datetime = NOW) -> Ask:
    """The question of one topic about one day, up to `end`."""
    window_id = f"discover-{query}-{WINDOW.start:%Y%m%dt%H%M%Sz}-{end:%Y%m%dt%H%M%Sz}"
    return Ask("discover", window_id, Window(WINDOW.start, end), Topic(query, query))


def no_progress(done: int, total: int) -> None:
    pass


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Typed(Protocol):
    """Types a command line; `config` goes along as its option."""

    def __call__(self, *words: str, config: Path | None = None) -> Said: ...
