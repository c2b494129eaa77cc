"""Ask a source for its windows, one after the other, and land every answer verbatim."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import polars as pl

from flows.batch import UNEXPECTED, Job
from flows.errors import SourceError
from flows.http import HttpClient
from flows.landing import Attempt, LandingClient, Outcome, request_key
from flows.runs import utc_now
from flows.sources.base import Page, RateLimit
from flows.windows import Ask

MAX_AGE = timedelta(hours=24)  # of an unfinished attempt whose pages are still worth going on with
GIVES_UP_AFTER = 3  # windows in a row where the platform failed us: it is down, the rest is for the next run

Progress = Callable[[int, int], None]
"""Told after each window: how many of how many are done."""


def extract(job: Job, asks: Sequence[Ask], progress: Progress) -> list[Outcome]:
    """Land all windows of one source; each has an outcome, in the order of `asks`, also where it could not be had."""
    return asyncio.run(_extract(job, asks, progress))


async def _extract(job: Job, asks: Sequence[Ask], progress: Progress) -> list[Outcome]:
    outcomes: list[Outcome] = []
    failed_in_a_row = 0
    async with _client(job) as http:
        for ask in asks:
            attempt = _attempt(job, ask)
            if attempt.outcome is None:
                if failed_in_a_row >= GIVES_UP_AFTER:
                    reason = f"not asked: {GIVES_UP_AFTER} windows before it failed"
                    attempt.pause([], is_covered=False, rate_limited=0, lost_items=0, error=reason)
                else:
                    await _land(job, ask, attempt, http)
            assert attempt.outcome is not None  # noqa: S101 - for the type checker: it was set above
            is_down = attempt.outcome.error is not None and not attempt.is_finished
            failed_in_a_row = failed_in_a_row + 1 if is_down else 0
            outcomes.append(attempt.outcome)
            progress(len(outcomes), len(asks))
    return outcomes


async def _land(job: Job, ask: Ask, attempt: Attempt, http: HttpClient) -> None:
    """One window to its outcome. What came before an error stays, and is loaded; the window is not covered.

    Where the platform failed us, the next run goes on from the last page; where its answer was wrong, the page that
    was wrong must not answer again, and the window is asked anew.
    """
    pages: dict[str, None] = {}  # a set that keeps the order
    lost, error, limited_before = 0, None, http.counts.rate_limited
    end = attempt.finish
    try:
        async for page in _pages(job, ask, attempt, http):
            if page.page_id not in pages:  # two alternatives of a query may be the same question to the platform
                pages[page.page_id] = None
                lost += page.lost_items
    except SourceError as failure:
        error = str(failure)
        end = attempt.pause if failure.retryable else attempt.finish
    except (OSError, msgspec.MsgspecError, pl.exceptions.PolarsError, *UNEXPECTED) as failure:
        error = _surprise(job, ask, failure)
    limited = http.counts.rate_limited - limited_before
    end(list(pages), is_covered=error is None, rate_limited=limited, lost_items=lost, error=error)


def _pages(job: Job, ask: Ask, attempt: Attempt, http: HttpClient) -> AsyncIterator[Page]:
    client, source, options = LandingClient(attempt, http), job.source, job.options
    if ask.verb == "read":
        return _file_pages(job, ask, attempt)
    if ask.verb == "refresh" and source.refresh:
        return source.refresh(client, options, ask.ids)
    if ask.verb == "timeline" and source.timeline and ask.account and ask.window:
        return source.timeline(client, options, ask.account, ask.window)
    if ask.verb == "discover" and source.discover and ask.topic and ask.window:
        return source.discover(client, options, ask.topic, ask.window)
    raise SourceError(job.platform, f"has no {ask.verb}")


async def _file_pages(job: Job, ask: Ask, attempt: Attempt) -> AsyncIterator[Page]:
    if job.source.read is None or ask.path is None:
        raise SourceError(job.platform, "has no read")
    for number, body in enumerate(job.source.read(job.options, ask.path)):
        key = request_key("READ", ask.path.name, {"page": number})
        yield attempt.find(key) or attempt.put(
            key, body, request=f"READ {ask.path.name} page {number}", fetched_at=utc_now()
        )
        await asyncio.sleep(0)


def _attempt(job: Job, ask: Ask) -> Attempt:
    return Attempt.open(
        job.landing,
        source=job.options.name,
        platform=job.platform,
        verb=ask.verb,
        topic_id=ask.topic.topic_id if ask.topic else None,
        window_id=ask.window_id,
        window=ask.window,
        run_id=job.run_id,
        as_of=job.as_of,
        max_age=MAX_AGE,
    )


def _client(job: Job) -> HttpClient:
    options = job.options
    rate = job.source.rates[0]
    if options.requests_per_minute:
        rate = min(rate, RateLimit(options.requests_per_minute, 60), key=lambda limit: limit.requests / limit.seconds)
    urls = [str(value) for name, value in _fields(options) if name.endswith("_url")]
    return HttpClient(
        job.platform,
        rate=rate,
        base_urls=urls,
        allow_private=options.allow_private,
        contact=job.contact,
        limits=job.limits,
    )


def _fields(options: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(options, name)) for name in type(options).model_fields]


def _surprise(job: Job, ask: Ask, error: Exception) -> str:
    """An answer of a shape that the source does not know; the error's own text may quote a post and is not repeated."""
    what = ask.path.name if ask.path else f"window {ask.window_id}"
    told = f": {error.strerror}" if isinstance(error, OSError) else ""
    return f"{job.platform}: {what} is not as expected ({type(error).__name__}{told}); what was read is in landing"
