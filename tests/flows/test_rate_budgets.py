"""How often a platform may be asked: all its limits at once, kept by all who ask, over runs, and used to the full."""

from __future__ import annotations

import asyncio
import json
import threading
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testbed import NOW, QUICK, SOURCE, FakeTime, job, no_progress, search

from flows.errors import QuotaError, SourceError
from flows.extract import _extract as extracted
from flows.http import Budgets, Clock, HttpClient, Limits
from flows.http.pacing import Budget
from flows.http.quotas import Quotas
from flows.sources.base import Client, Credentials, Page, RateLimit, Topic, Window
from tests.flows.fault_server import FaultServer, reply

HOST = ("api.example.org", 443)
PAGING = "GET /timeline?max_id=1"
PLAIN = "GET /search?q=acme"
SEARCHES = RateLimit(3, 86_400, counts=r"/search\?", day_of="America/Los_Angeles")
UNITS = RateLimit(5, 86_400, day_of="America/Los_Angeles")


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


def most_in(sent: Sequence[float], seconds: float) -> int:
    """The most requests that any span of this length holds, as the vendor's own sliding window counts them."""
    return max(bisect_left(sent, first + seconds) - at for at, first in enumerate(sent))


def sent_by(rates: Sequence[RateLimit], lines: Iterator[str], until: float) -> list[tuple[str, float]]:
    """When requests go that follow one another without a pause."""
    fake_time = FakeTime()
    budget = Budget("testbed", rates, fake_time.clock, 900)
    sent: list[tuple[str, float]] = []

    async def ask() -> None:
        for line in lines:
            await budget.turn(line)
            if fake_time.seconds() > until:
                return
            sent.append((line, fake_time.seconds()))

    asyncio.run(ask())
    return sent


@settings(max_examples=30, deadline=None)  # how long an example takes says nothing on a machine that is shared
@given(st.integers(1, 400), st.sampled_from([1, 5, 60, 300, 900]), st.integers(1, 100), st.sampled_from([1, 60, 600]))
def test_all_limits_hold_at_once_and_the_narrowest_is_used_to_the_full(
    requests: int, seconds: int, others: int, other_seconds: int
) -> None:
    rates = (RateLimit(requests, seconds), RateLimit(others, other_seconds))
    narrowest = min(rates, key=lambda rate: rate.requests / rate.seconds)
    until = 3 * max(seconds, other_seconds)
    sent = [at for _, at in sent_by(rates, iter(lambda: PLAIN, None), until)]
    assert most_in(sent, seconds) <= requests
    assert most_in(sent, other_seconds) <= others
    assert len(sent) >= 0.95 * until * narrowest.requests / narrowest.seconds


def test_a_limit_holds_only_what_it_counts() -> None:
    mastodon = (RateLimit(300, 300), RateLimit(300, 900, counts=r"[?&](max_id|min_id|since_id|page)="))
    lines = (PAGING if number % 3 else PLAIN for number in range(100_000))
    sent = sent_by(mastodon, lines, 1800)
    assert most_in([at for _, at in sent], 300) <= 300
    assert most_in([at for line, at in sent if line == PAGING], 900) <= 300
    plain_alone = sent_by(mastodon, iter(lambda: PLAIN, None), 900)
    assert len(plain_alone) >= 0.95 * 900


async def test_two_limits_of_one_client_look_at_path_query_and_method(server: FaultServer) -> None:
    fake_time = FakeTime()
    rates = [RateLimit(1, 100, counts="^POST /login"), RateLimit(1, 7, counts=r"^GET /search\?q=")]
    for path in ("/search", "/login", "/posts"):
        server.on(path, reply())
    async with HttpClient(
        "testbed", rates=rates, base_urls=[server.url], allow_private=True, clock=fake_time.clock, limits=QUICK
    ) as client:
        for _ in range(2):
            await client.get(f"{server.url}/posts", {"q": "acme"})
        assert fake_time.slept == []
        for _ in range(2):
            await client.get(f"{server.url}/search", {"q": "acme"})
        assert 7 <= fake_time.seconds() < 7.5
        for _ in range(2):
            await client.post(f"{server.url}/login", {})
        assert 100 <= fake_time.seconds() < 112


async def test_sources_of_one_platform_share_a_hosts_budget_and_its_holds(server: FaultServer) -> None:
    fake_time, budgets = FakeTime(), Budgets()
    server.on("/", reply(), reply(status=429, Retry_After="40"), reply())
    clients = [
        HttpClient(
            platform,
            rates=[RateLimit(1, 10)],
            base_urls=[server.url],
            allow_private=True,
            budgets=budgets,
            clock=fake_time.clock,
            limits=Limits(attempts=1),
        )
        for platform in ("testbed", "testbed", "other")
    ]
    await clients[0].get(server.url)
    with pytest.raises(SourceError, match="429"):
        await clients[1].get(server.url)
    assert 10 <= fake_time.seconds() < 11
    await clients[2].get(server.url)  # another platform's limits are its own
    assert fake_time.seconds() < 11
    await clients[0].get(server.url)
    assert 50 <= fake_time.seconds() < 51
    for client in clients:
        await client.__aexit__(None, None, None)


def test_threads_that_share_a_budget_keep_its_limit() -> None:
    lock, moved = threading.Lock(), [0.0]

    def now() -> float:
        with lock:
            return moved[0]

    async def sleep(seconds: float) -> None:
        with lock:
            moved[0] += seconds / 4  # four sleep at once
        await asyncio.sleep(0)

    budget = Budget("testbed", [RateLimit(20, 10)], Clock(monotonic=now, sleep=sleep), 900)
    sent: list[float] = []

    async def ask() -> None:
        for _ in range(25):
            await budget.turn(PLAIN)
            sent.append(now())

    threads = [threading.Thread(target=asyncio.run, args=[ask()]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(sent) == 100
    assert max(sent) >= 10 * (100 - 20) / 20


async def test_the_operators_own_limit_holds_for_his_source_alone(server: FaultServer) -> None:
    fake_time, budgets = FakeTime(), Budgets()
    url = server.on("/", reply())
    given = {"base_urls": [url], "allow_private": True, "budgets": budgets, "clock": fake_time.clock, "rates": []}
    slow = HttpClient("testbed", requests_per_minute=1, **given)  # type: ignore[arg-type]
    quick = HttpClient("testbed", **given)  # type: ignore[arg-type]
    for client in (slow, quick, quick, quick):
        await client.get(url)
    assert fake_time.slept == []
    await slow.get(url)
    assert 60 <= fake_time.seconds() < 63
    for client in (slow, quick):
        await client.__aexit__(None, None, None)


async def test_credentials_may_come_with_limits_of_their_own(server: FaultServer) -> None:
    fake_time = FakeTime()
    url = server.on("/", reply())
    async with HttpClient(
        "testbed",
        rates=[RateLimit(1, 86_400, day_of="UTC")],
        credentials=Credentials(params={"key": "free"}, rates=(RateLimit(1, 50),)),
        base_urls=[url],
        allow_private=True,
        clock=fake_time.clock,
    ) as client:
        await client.get(url)
        await client.get(url)
    assert 50 <= fake_time.seconds() < 52


async def test_a_body_may_ask_us_to_wait_and_a_refusal_that_does_is_asked_again_after_it(server: FaultServer) -> None:
    fake_time = FakeTime()
    server.on("/", reply(b'{"backoff": 12}'), reply(b'{"items": []}'), reply(b'{"backoff": 30}', 400), reply())
    async with HttpClient(
        "testbed",
        rates=[],
        base_urls=[server.url],
        allow_private=True,
        clock=fake_time.clock,
        limits=QUICK,
        pause=lambda body: json.loads(body).get("backoff"),
    ) as client:
        for slept in ([], [12]):
            await client.get(server.url)
            assert fake_time.slept == slept
        await client.get(server.url)
        assert fake_time.slept == [12, 30]
        assert client.counts.retries == 1


@pytest.mark.parametrize("status", [420, 429])
async def test_too_many_requests_are_counted_and_asked_again_after_the_wait(server: FaultServer, status: int) -> None:
    fake_time = FakeTime()
    headers = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1772366460"}  # a minute from NOW
    url = server.on("/", reply(status=status, **headers), reply())
    given = {"base_urls": [url], "allow_private": True, "clock": fake_time.clock, "limits": QUICK}
    async with HttpClient("testbed", rates=[], **given) as client:  # type: ignore[arg-type]
        await client.get(url)
    assert fake_time.slept == [60]
    assert client.counts.rate_limited == 1


def spend(quotas: Quotas, line: str, at: datetime, times: int = 1) -> None:
    for _ in range(times):
        quotas.spend(line, at)


def quotas_in(folder: Path | None, key: str = "one") -> Quotas:
    quotas = Budgets(folder).quotas_of("video", HOST, [SEARCHES, UNITS, RateLimit(1, 1)], [key])
    assert quotas
    return quotas


def test_a_daily_quota_is_full_again_at_the_platforms_midnight(tmp_path: Path) -> None:
    quotas = quotas_in(tmp_path)
    midnight = datetime(2026, 3, 2, 8)  # of Los Angeles, in UTC
    spend(quotas, PLAIN, NOW, 3)
    with pytest.raises(QuotaError, match=r"3 requests like /search.* a day .* full again at 2026-03-02 08:00 UTC"):
        spend(quotas, PLAIN, midnight - timedelta(seconds=1))
    spend(quotas, "GET /videos?id=1", NOW, 2)
    with pytest.raises(QuotaError, match=r"5 requests a day"):
        spend(quotas, "GET /videos?id=1", NOW)
    spend(quotas, PLAIN, midnight, 3)


def test_a_quota_outlives_the_run_even_where_it_was_killed(tmp_path: Path) -> None:
    spend(quotas_in(tmp_path), PLAIN, NOW, 2)  # nothing closes it: so it is found after a kill
    (tmp_path / "video-x.writing").write_text("{")
    spend(quotas_in(tmp_path), PLAIN, NOW)
    with pytest.raises(QuotaError):
        spend(quotas_in(tmp_path), PLAIN, NOW)
    spend(quotas_in(tmp_path, "another key"), PLAIN, NOW)  # whose quota is its own
    assert "one" not in "".join(path.name + path.read_text() for path in tmp_path.iterdir())


def test_a_damaged_quota_is_counted_anew_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spend(quotas_in(tmp_path), PLAIN, NOW, 3)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b'{"3 requests')
    spend(quotas_in(tmp_path), PLAIN, NOW)
    assert "is damaged" in caplog.text


async def test_a_used_up_quota_fails_what_it_counts_and_the_next_day_goes_on_from_the_stored_page(
    server: FaultServer, tmp_path: Path
) -> None:
    server.on("/search", reply(b"[]"))
    server.on("/posts", reply(b"[]"))

    async def three_pages(client: Client, options: object, topic: Topic, window: Window) -> AsyncIterator[Page]:
        for page in range(3):
            yield await client.get(f"{server.url}/search", {"q": topic.query, "page": page})
        yield await client.get(f"{server.url}/posts", {"q": topic.query})

    source = replace(SOURCE, discover=three_pages, rates=(RateLimit(4, 86_400, counts="/search", day_of="UTC"),))
    budgets = Budgets(tmp_path / "quotas")
    asks = [search(name) for name in ("one", "two", "three")]
    outcomes = await extracted(job(tmp_path, server.url, source, budgets=budgets), asks, no_progress)
    assert [(outcome.is_covered, len(outcome.pages)) for outcome in outcomes] == [(True, 4), (False, 1), (False, 0)]
    assert all("is used up, and full again at" in str(outcome.error) for outcome in outcomes[1:])
    assert len(server.asked) == 5
    for path in (tmp_path / "quotas").iterdir():
        path.unlink()  # a day passes
    later = {"run_id": "r2", "as_of": NOW + timedelta(hours=12), "budgets": Budgets(tmp_path / "quotas")}
    outcomes = await extracted(job(tmp_path, server.url, source, **later), asks[1:2], no_progress)
    assert [(outcome.is_covered, len(outcome.pages)) for outcome in outcomes] == [(True, 4)]
    assert len(server.asked) == 5 + 3  # its first page had landed
