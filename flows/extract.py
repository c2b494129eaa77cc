"""Ask a source for its windows, one after the other, and land every answer verbatim."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import polars as pl
from pydantic import AnyUrl

from flows.batch import UNEXPECTED, Job
from flows.credentials import credentials, refusal
from flows.errors import CredentialError, QuotaError, SourceError
from flows.http import HttpClient
from flows.landing import Attempt, LandingClient, Outcome, Validators, request_key
from flows.runs import utc_now
from flows.sources.base import Page
from flows.windows import Ask

MAX_AGE = timedelta(hours=24)  # of an unfinished attempt whose pages are still worth going on with
GIVES_UP_AFTER = 3  # windows in a row where the platform failed us: it is down, the rest is for the next run

Progress = Callable[[int, int], None]
"""Told after each window: how many of how many are done."""


def extract(job: Job, asks: Sequence[Ask], progress: Progress) -> list[Outcome]:
    """Land all windows of one source; each has an outcome, in the order of `asks`, also where it could not be had."""
    if job.access.missing and not asks:
        raise refusal(job.options.name, job.access.missing)
    return asyncio.run(_extract(job, asks, progress))


async def _extract(job: Job, asks: Sequence[Ask], progress: Progress) -> list[Outcome]:
    outcomes: list[Outcome] = []
    patience = _Patience(job)
    async with _client(job) as http:
        for ask in asks:
            attempt = _attempt(job, ask)
            if attempt.outcome is None:
                if ask.is_lost:
                    attempt.finish([], is_covered=False, rate_limited=0, lost_items=ask.left, error=None)
                elif reason := patience.lost:
                    attempt.pause([], is_covered=False, rate_limited=0, lost_items=0, error=reason)
                else:
                    await _land(job, ask, attempt, http, patience)
            assert attempt.outcome is not None  # noqa: S101 - for the type checker: it was set above
            outcomes.append(attempt.outcome)
            progress(len(outcomes), len(asks))
    return outcomes


class _Patience:
    """When a source is asked nothing more in this run: without credentials, out of time, or failing again and again."""

    def __init__(self, job: Job) -> None:
        self._minutes = job.options.max_minutes
        self.until = asyncio.get_running_loop().time() + 60 * self._minutes
        self._failed_in_a_row = 0
        self._refused = job.access.missing and str(refusal(job.options.name, job.access.missing))

    @property
    def lost(self) -> str | None:
        """Why the next window is not asked; None where it is."""
        if self._refused:
            return f"not asked: {self._refused}"
        if self._failed_in_a_row >= GIVES_UP_AFTER:
            return f"not asked: {GIVES_UP_AFTER} windows before it failed"
        if asyncio.get_running_loop().time() >= self.until:
            return f"not asked: {self.out_of_time}"
        return None

    @property
    def out_of_time(self) -> str:
        return f"its max_minutes ({self._minutes:g}) are over; the next run goes on"

    def heed(self, failure: SourceError | None) -> None:
        """How a window ended. A used-up quota is no trouble: other requests may have quotas of their own."""
        if isinstance(failure, CredentialError) and failure.is_certain:
            self._refused = "the credentials were refused"
        is_down = failure is not None and (failure.retryable or isinstance(failure, CredentialError))
        self._failed_in_a_row = self._failed_in_a_row + 1 if is_down else 0


async def _land(job: Job, ask: Ask, attempt: Attempt, http: HttpClient, patience: _Patience) -> None:
    """One window to its outcome. What came before an error stays, and is loaded; the window is not covered.

    Where the platform failed us, the next run goes on from the last page; where its answer was wrong, the page that
    was wrong must not answer again, and the window is asked anew.
    """
    pages: dict[str, None] = {}  # a set that keeps the order
    lost, error, limited_before = 0, None, http.counts.rate_limited
    end, failed = attempt.finish, None
    try:
        async with asyncio.timeout_at(patience.until):
            async for page in _pages(job, ask, attempt, http):
                if page.page_id not in pages:  # two alternatives of a query may be the same question to the platform
                    pages[page.page_id] = None
                    lost += page.lost_items
    except TimeoutError:
        error, end = f"{job.platform}: {patience.out_of_time}", attempt.pause
    except SourceError as failure:
        error, failed = str(failure), failure
        if isinstance(failure, CredentialError) and job.access.mend not in error:  # the source read it in an answer
            error = f"{error}; {job.access.mend}"
        is_to_go_on = failure.retryable or isinstance(failure, CredentialError | QuotaError)
        end = attempt.pause if is_to_go_on else attempt.finish
    except (OSError, msgspec.MsgspecError, pl.exceptions.PolarsError, *UNEXPECTED) as failure:
        error = _surprise(job, ask, failure)
    patience.heed(failed)
    limited = http.counts.rate_limited - limited_before
    end(list(pages), is_covered=error is None, rate_limited=limited, lost_items=lost, error=error)


def _pages(job: Job, ask: Ask, attempt: Attempt, http: HttpClient) -> AsyncIterator[Page]:
    source, options = job.source, job.options
    client = LandingClient(attempt, http, Validators.of(job.landing, options.name, ask.window_id))
    if ask.verb == "read":
        return _file_pages(job, ask, attempt)
    if ask.verb == "refresh" and source.refresh:
        return source.refresh(client, options, ask.ids)
    if ask.verb == "context" and source.context and ask.root:
        return source.context(client, options, ask.root)
    if ask.verb == "timeline" and source.timeline and ask.account and ask.window:
        return source.timeline(client, options, ask.account, ask.window)
    if ask.verb == "browse" and source.browse and ask.channel and ask.window:
        return source.browse(client, options, ask.channel, ask.window)
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
        ids=ask.ids,
        run_id=job.run_id,
        as_of=job.as_of,
        max_age=MAX_AGE,
    )


def _client(job: Job) -> HttpClient:
    source, options = job.source, job.options
    return HttpClient(
        job.platform,
        rates=source.rates,
        requests_per_minute=options.requests_per_minute,
        base_urls=list(_addresses(options)),
        allow_private=options.allow_private,
        credentials=None if job.access.missing else credentials(source, options, job.access),
        mend=job.access.mend,
        contact=job.contact,
        accept=source.accept,
        pause=source.pause,
        limits=job.limits,
        budgets=job.budgets,
    )


def _addresses(options: Any) -> Iterator[str]:
    """All addresses that a source's settings name: only these get its credentials."""
    for name in type(options).model_fields:
        value = getattr(options, name)
        for each in value if isinstance(value, tuple | list) else [value]:
            if isinstance(each, AnyUrl):
                yield str(each)


def _surprise(job: Job, ask: Ask, error: Exception) -> str:
    """An answer of a shape that the source does not know; the error's own text may quote a post and is not repeated."""
    what = ask.path.name if ask.path else f"window {ask.window_id}"
    told = f": {error.strerror}" if isinstance(error, OSError) else ""
    return f"{job.platform}: {what} is not as expected ({type(error).__name__}{told}); what was read is in landing"
