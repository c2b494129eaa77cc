"""Quotas of a day: kept over runs, full again at the platform's midnight, and one used up stops only what it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from testbed import NOW, SOURCE, job, no_progress, search

from flows.errors import QuotaError
from flows.extract import _extract as extracted
from flows.http import Budgets
from flows.http.quotas import Quotas
from flows.sources.access import RateLimit
from flows.sources.base import Client, Page, Topic, Window
from tests.flows.fault_server import FaultServer, reply

HOST = ("api.example.org", 443)
SEARCHES = RateLimit(3, 86_400, counts=r"/search\?", day_of="America/Los_Angeles")
UNITS = RateLimit(5, 86_400, day_of="America/Los_Angeles")
PLAIN = "GET /search?q=acme"


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
