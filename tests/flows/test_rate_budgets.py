"""How often a platform may be asked: all its limits at once, kept by all who ask, and used to the full."""

from __future__ import annotations

import asyncio
import selectors
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testbed import FakeTime, client_of

from flows.errors import SourceError
from flows.http import Budgets, Clock, HttpClient, Limits
from flows.http.pacing import Budget
from flows.sources.access import Credentials, RateLimit
from tests.flows.fault_server import FaultServer, reply

PAGING = "GET /timeline?max_id=1"
PLAIN = "GET /search?q=acme"


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


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return self.now


class Jumping(selectors.DefaultSelector):
    """Waits by moving the loop's clock."""

    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.now += (timeout or 0) + 1e-9 * (1 + self._loop.now)  # real time never stands still
        return super().select(0)


@given(st.integers(1, 60), st.floats(0.5, 3600), st.integers(0, 3), st.integers(1, 5))
def test_no_span_holds_more_requests_than_the_rate_allows(
    requests: int, seconds: float, pauses: int, chains: int
) -> None:
    loop = JumpingLoop()
    budget = Budget("testbed", [RateLimit(requests, seconds)], Clock(monotonic=loop.time), 900)
    sent: list[float] = []

    async def chain() -> None:
        for number in range(requests):
            await budget.turn("GET /")
            sent.append(loop.time())
            if pauses and number % 7 == 3:
                await asyncio.sleep(seconds * pauses / 3)

    async def run() -> None:
        await asyncio.gather(*(chain() for _ in range(chains)))

    loop.run_until_complete(run())
    loop.close()
    for first, later in zip(sent, sent[requests:], strict=False):
        assert later - first >= seconds * (1 - 1e-6)


async def test_two_limits_of_one_client_look_at_path_query_and_method(server: FaultServer, fake_time: FakeTime) -> None:
    rates = [RateLimit(1, 100, counts="^POST /login"), RateLimit(1, 7, counts=r"^GET /search\?q=")]
    for path in ("/search", "/login", "/posts"):
        server.on(path, reply())
    async with client_of(server, fake_time, rates=rates) as client:
        for _ in range(2):
            await client.get(f"{server.url}/posts", {"q": "acme"})
        assert fake_time.slept == []
        for _ in range(2):
            await client.get(f"{server.url}/search", {"q": "acme"})
        assert 7 <= fake_time.seconds() < 7.5
        for _ in range(2):
            await client.post(f"{server.url}/login", {})
        assert 100 <= fake_time.seconds() < 112


async def test_sources_of_one_platform_share_a_hosts_budget_and_its_holds(
    server: FaultServer, fake_time: FakeTime
) -> None:
    budgets = Budgets()
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


async def test_hosts_have_budgets_of_their_own(server: FaultServer, fake_time: FakeTime) -> None:
    async with FaultServer("127.0.0.2") as other:
        urls = [server.on("/", reply(status=429, Retry_After="5")), other.on("/", reply())]
        client = client_of(server, fake_time, base_urls=[server.url, other.url], limits=Limits(attempts=1))
        async with client:
            with pytest.raises(SourceError):
                await client.get(urls[0])
            await client.get(urls[1])
    assert fake_time.slept == []


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


async def test_the_operators_own_limit_holds_for_his_source_alone(server: FaultServer, fake_time: FakeTime) -> None:
    budgets = Budgets()
    url = server.on("/", reply())
    slow = client_of(server, fake_time, budgets=budgets, requests_per_minute=1)
    quick = client_of(server, fake_time, budgets=budgets)
    for client in (slow, quick, quick, quick):
        await client.get(url)
    assert fake_time.slept == []
    await slow.get(url)
    assert 60 <= fake_time.seconds() < 63
    for client in (slow, quick):
        await client.__aexit__(None, None, None)


async def test_credentials_may_come_with_limits_of_their_own(server: FaultServer, fake_time: FakeTime) -> None:
    url = server.on("/", reply())
    free = Credentials(params={"key": "free"}, rates=(RateLimit(1, 50),))
    async with client_of(server, fake_time, rates=[RateLimit(1, 86_400, day_of="UTC")], credentials=free) as client:
        await client.get(url)
        await client.get(url)
    assert 50 <= fake_time.seconds() < 52
