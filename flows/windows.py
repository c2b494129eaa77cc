"""What a run asks of a source: windows of publication time, oldest gap first, with an overlap that meets late indexing.

A discover window is one day of the reporting zone, up to `as_of` on the last: the same day is asked again, to a later
end, until it is covered whole and older than the overlap. So coverage of a day is a question of one start and one end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.sources.base import Topic, Verb, Window


@dataclass(frozen=True)
class Ask:
    """One window that a source is asked for. `window_id` is the same for the same question."""

    verb: Verb
    window_id: str
    window: Window | None = None
    topic: Topic | None = None
    account: str | None = None  # timeline
    ids: tuple[str, ...] = ()  # refresh: native ids
    channel: str | None = None  # browse
    root: str | None = None  # context: native id of the thread's first message
    path: Path | None = None  # read
    is_lost: bool = False  # it begins before what the source can be asked for: it is told as lost, and not asked
    left: int = 0  # mentions that are due to be asked for again and are not, for the bound: told as lost, too


@dataclass(frozen=True)
class Span:
    """How far back and to where a run looks: `since` is the first moment where nothing is known yet."""

    since: datetime
    as_of: datetime
    overlap: timedelta
    zone: ZoneInfo


Covered = Mapping[tuple[str, datetime], datetime]
"""Latest covered end by (question, window start) of all that was asked; the start itself where nothing was covered."""


def discover(
    topic: Topic, query_hash: str, span: Span, covered: Covered, reach: timedelta | None = None
) -> Iterator[Ask]:
    """The days of one topic that are not covered to their end, and those within the overlap.

    A day that begins before the source's `reach` is told as lost, once: not where it was asked for or told before; of
    one that was covered in part, the rest.
    """
    question = f"discover-{_digest(topic.topic_id, query_hash)}"
    starts = [start for asked, start in covered if asked == question]
    for start, end in days(min([span.since, *starts]), span.as_of, span.zone):
        end = min(end, span.as_of)
        is_lost = reach is not None and start < span.as_of - reach
        if is_lost and (question, start) in covered:
            start = covered[question, start]
            if (question, start) in covered or start >= end:
                continue
        if covered.get((question, start), start) < end or end > span.as_of - span.overlap:
            yield Ask("discover", window_id(question, start, end), Window(start, end), topic, is_lost=is_lost)


def timeline(platform: str, handle: str, span: Span, covered: Covered) -> Ask:
    """One window for one account: from the overlap before what is covered without a gap, or from the first moment."""
    question = f"timeline-{_digest(platform, handle)}"
    known = {start: end for (asked, start), end in covered.items() if asked == question}
    first = reached = min([span.since, *known])
    for asked_from, end in sorted(known.items()):  # covered without a gap up to here
        if end > asked_from and asked_from <= reached:
            reached = max(reached, end)
    start = first if reached == first else max(first, reached - span.overlap)
    return Ask("timeline", window_id(question, start, span.as_of), Window(start, span.as_of), account=handle)


def browse(channel: str, wanted: str, span: Span, covered: Covered, *, is_backfill: bool) -> Ask:
    """One window for one channel, from where it is covered; what a channel did not list then, it lists no more.

    Its id ends with what is looked for: what did not change at the platform is told anew for a new topic. A backfill
    is a question of its own, from its first moment: visits can be told of the past, and "unchanged" would not tell.
    """
    question = f"{'back' if is_backfill else 'browse'}-{_digest(channel)}"
    ends = [end for (asked, start), end in covered.items() if asked == question and end > start]
    start = span.since if is_backfill else max(ends, default=span.since)
    name = f"{window_id(question, start, span.as_of)}-{_digest(wanted)}"
    return Ask("browse", name, Window(start, span.as_of), channel=channel)


def refresh(ids: Sequence[str], as_of: datetime) -> Ask:
    """Some mentions of a source whose counts are due."""
    return Ask("refresh", f"refresh-{_digest(*ids)}-{as_of:%Y%m%dt%H%M%Sz}", ids=tuple(ids))


def left_over(count: int, as_of: datetime) -> Ask:
    """The mentions that were due to be asked for again, and are left to a later run."""
    return Ask("refresh", f"refresh-left-{as_of:%Y%m%dt%H%M%Sz}", is_lost=True, left=count)


def context(root: str, as_of: datetime) -> Ask:
    """One thread whose answers are due to be read; `root` is the native id of its first message."""
    return Ask("context", f"context-{_digest(root)}-{as_of:%Y%m%dt%H%M%Sz}", root=root)


def read(path: Path, meaning: str) -> Ask:
    """One file: the question is its content and what its rows mean, so that what is unchanged is not read twice."""
    digest = hashlib.blake2b(meaning.encode(), digest_size=12)
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        digest.update(str(path).encode())  # reading it will say so, and fail this file only
    return Ask("read", f"read-{digest.hexdigest()}", path=path)


def days(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The days of `zone` that touch [first, last), as UTC without zone; 23 or 25 hours long where clocks change."""
    day = first.replace(tzinfo=UTC).astimezone(zone).date()
    while (start := _midnight(day, zone)) < last:
        day += timedelta(days=1)
        yield start, _midnight(day, zone)


def window_id(question: str, start: datetime, end: datetime) -> str:
    return f"{question}-{start:%Y%m%dt%H%M%Sz}-{end:%Y%m%dt%H%M%Sz}"


def question_of(window_id: str) -> str:
    """What a window asks, without when: the part of its id that stays the same from night to night."""
    return "-".join(window_id.split("-")[:2])


def covered_by(rows: Iterable[tuple[str, datetime, datetime, bool]]) -> Covered:
    """`Covered` from (window_id, start, end, is_covered) of what was asked."""
    latest: dict[tuple[str, datetime], datetime] = {}
    for name, start, end, is_covered in rows:
        key = (question_of(name), start)
        latest[key] = max(end if is_covered else start, latest.get(key, start))
    return latest


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=8).hexdigest()
