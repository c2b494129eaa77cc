"""What each source is asked tonight: gaps first, then the overlap, accounts, counts and threads that are due, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from flows import topics, windows
from flows.errors import SourceError
from flows.run import Run
from flows.sources import AnyOptions, platform_of, source_of
from flows.windows import Ask, Span
from warehouse import coverage
from warehouse.rechecks import due_for_recheck

_OF_ASKING = {"name", "enabled", "path", "allow_private", "max_minutes", "recheck_days", "most_rechecks", "ignored"}
"""Options that change nothing of what the rows of a file say."""


@dataclass(frozen=True)
class Plan:
    """The questions for one source; `error` says why it cannot be asked at all."""

    options: AnyOptions
    asks: tuple[Ask, ...]
    error: str | None = None


def plan(run: Run, con: duckdb.DuckDBPyConnection) -> list[Plan]:
    """Plans in the order of the configuration; what this run has done before it was cut off is left out."""
    done = coverage.windows_of_run(con, run.status.run_id)
    plans = []
    for options in run.sources:
        try:
            asks = [ask for ask in _asks(run, options, con) if (options.name, ask.window_id) not in done]
            plans.append(Plan(options, tuple(asks)))
        except SourceError as error:
            plans.append(Plan(options, (), str(error)))
    return plans


def _asks(run: Run, options: AnyOptions, con: duckdb.DuckDBPyConnection) -> list[Ask]:
    source, platform, span = source_of(options), platform_of(options), _span(run)
    covered = windows.covered_by(coverage.asked_windows(con, options.name, run.status.run_id))
    asks: list[Ask] = []
    if source.files:
        read_before = coverage.covered_files(con, options.name, run.status.run_id)
        meaning = _meaning(run, options)
        found = [windows.read(path, meaning) for path in source.files(options, run.settings.path.parent)]
        asks += {ask.window_id: ask for ask in found if ask.window_id not in read_before}.values()
    if source.discover:
        for topic in run.topics:
            query_hash = topics.query_hash(topics.parse(topic.query))
            asks += windows.discover(topic, query_hash, span, covered, source.reach)
    if source.channels and source.browse:
        wanted, back = "\n".join(_asked(run)), run.status.since is not None
        channels = source.channels(options)
        asks += [windows.browse(channel, wanted, span, covered, is_backfill=back) for channel in channels]
    if source.timeline:
        ours = [account.handle.strip().lstrip("@") for account in run.settings.accounts if account.platform == platform]
        asks += [windows.timeline(platform, handle, span, covered) for handle in ours]
    if source.refresh:
        asks += _refreshes(run, options, con)
    if source.context:
        asks += [windows.context(root, run.as_of) for root in coverage.threads_due(con, options.name, run.as_of)]
    return asks


def _refreshes(run: Run, options: AnyOptions, con: duckdb.DuckDBPyConnection) -> Iterator[Ask]:
    """Known mentions at an age at which they are read, then those that nobody has asked for in a long time."""
    source = source_of(options)
    due = coverage.due_for_refresh(con, options.name, run.as_of, with_uncounted=source.refreshes_uncounted)
    days = source.recheck_days if options.recheck_days is None else options.recheck_days
    most = source.most_rechecks if options.most_rechecks is None else options.most_rechecks
    again = due_for_recheck(con, options.name, run.as_of, days=days, most=most, besides=due)
    for each in batched([*due, *again.ids], source.refresh_batch):
        yield windows.refresh(each, run.as_of)
    if again.left:
        yield windows.left_over(again.left, run.as_of)


def batched(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """Some ids a window, so that one which cannot be read costs no more than its neighbours."""
    return [ids[at : at + size] for at in range(0, len(ids), size)]


def _meaning(run: Run, options: AnyOptions) -> str:
    """What a file's rows would say: how they are mapped, what is asked of them, whose accounts are known."""
    mapping = options.model_dump_json(exclude=_OF_ASKING)
    return "\n".join([mapping, *_asked(run), *sorted(run.tracked)])


def _asked(run: Run) -> list[str]:
    """What is looked for, of all topics."""
    return sorted(topics.query_hash(topics.parse(topic.query)) + topic.topic_id for topic in run.topics)


def _span(run: Run) -> Span:
    schedule = run.settings.schedule
    since: datetime = run.status.since or run.as_of - timedelta(days=schedule.first_days)
    zone = ZoneInfo(run.settings.reporting.timezone)
    return Span(since, run.as_of, timedelta(hours=schedule.overlap_hours), zone)
