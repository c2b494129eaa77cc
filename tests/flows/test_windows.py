"""What a run asks: the past that is missing, and the overlap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows import windows
from flows.sources.base import Topic, Window
from flows.windows import Ask, Span

UTC = ZoneInfo("UTC")
TOPIC = Topic("acme", "acme")
NIGHT = datetime(2026, 3, 10, 2)


def span(as_of: datetime = NIGHT, days: int = 7, zone: ZoneInfo = UTC) -> Span:
    return Span(as_of - timedelta(days=days), as_of, timedelta(hours=48), zone)


def asked(covered: windows.Covered, within: Span | None = None) -> list[tuple[datetime, datetime]]:
    asks = windows.discover(TOPIC, "hash", within or span(), covered)
    return [(ask.window.start, ask.window.end) for ask in asks if ask.window]


def all_covered(within: Span) -> windows.Covered:
    asks = windows.discover(TOPIC, "hash", within, {})
    return windows.covered_by((a.window_id, a.window.start, a.window.end, True) for a in asks if a.window)


def test_the_first_night_asks_each_day_up_to_its_own_clock_oldest_first() -> None:
    days = asked({})
    assert days[0] == (datetime(2026, 3, 3), datetime(2026, 3, 4))
    assert days[-1] == (datetime(2026, 3, 10), NIGHT)
    assert len(days) == 8
    assert days == sorted(days)


def test_a_covered_past_is_asked_again_only_within_the_overlap() -> None:
    tomorrow = span(NIGHT + timedelta(days=1))
    assert asked(all_covered(span()), tomorrow) == [
        (datetime(2026, 3, 9), datetime(2026, 3, 10)),
        (datetime(2026, 3, 10), datetime(2026, 3, 11)),
        (datetime(2026, 3, 11), datetime(2026, 3, 11, 2)),
    ]


def test_a_day_that_was_never_covered_is_asked_even_after_the_first_days_are_past() -> None:
    covered = dict(all_covered(span()))
    gap = next(key for key in covered if key[1] == datetime(2026, 3, 5))
    del covered[gap]
    assert asked(covered, span(NIGHT + timedelta(days=30)))[0] == (datetime(2026, 3, 5), datetime(2026, 3, 6))


def test_what_failed_on_the_first_night_is_asked_again_though_it_lies_before_the_first_days() -> None:
    failed = [
        (a.window_id, a.window.start, a.window.end, False)
        for a in windows.discover(TOPIC, "hash", span(), {})
        if a.window
    ]
    again = asked(windows.covered_by(failed), span(NIGHT + timedelta(days=3)))
    assert again[0] == (datetime(2026, 3, 3), datetime(2026, 3, 4))
    assert len(again) == 11


def reached(covered: windows.Covered, as_of: datetime) -> list[tuple[datetime, bool]]:
    """Start of each day asked for at a platform that shows its last week alone, and whether it is lost."""
    asks = windows.discover(TOPIC, "hash", span(as_of), covered, timedelta(days=7))
    return [(ask.window.start, ask.is_lost) for ask in asks if ask.window]


def test_a_day_out_of_reach_is_told_as_lost_once_and_never_asked_for() -> None:
    first = reached({}, NIGHT)
    assert [day for day, is_lost in first if is_lost] == [datetime(2026, 3, 3)]
    told = windows.covered_by(
        (ask.window_id, ask.window.start, ask.window.end, False)
        for ask in windows.discover(TOPIC, "hash", span(), {})
        if ask.window
    )
    assert not any(is_lost for _, is_lost in reached(told, NIGHT + timedelta(days=1)))


def test_what_is_left_of_a_day_covered_in_part_is_lost_once_it_is_out_of_reach() -> None:
    day, until = datetime(2026, 3, 6), datetime(2026, 3, 6, 2)
    (name,) = (
        ask.window_id for ask, start in by_start(windows.discover(TOPIC, "hash", span(until), {})) if start == day
    )
    known = [(name, day, until, True)]
    told: list[list[tuple[datetime, bool]]] = []
    for _ in range(2):
        asks = windows.discover(
            TOPIC, "hash", span(NIGHT + timedelta(days=20)), windows.covered_by(known), timedelta(days=7)
        )
        that_day = [(ask, start) for ask, start in by_start(asks) if start.date() == day.date()]
        told.append([(start, ask.is_lost) for ask, start in that_day])
        known += [(ask.window_id, start, datetime(2026, 3, 7), False) for ask, start in that_day]
    assert told == [[(until, True)], []]


def by_start(asks: Iterable[Ask]) -> list[tuple[Ask, datetime]]:
    return [(ask, ask.window.start) for ask in asks if ask.window]


def test_a_day_that_failed_is_asked_while_it_can_be_and_then_left() -> None:
    failed = windows.covered_by(
        (ask.window_id, ask.window.start, ask.window.end, False)
        for ask in windows.discover(TOPIC, "hash", span(), {})
        if ask.window
    )
    nights = [dict(reached(failed, NIGHT + timedelta(days=later))) for later in range(9)]
    day = datetime(2026, 3, 6)
    assert [day in night for night in nights] == [True] * 3 + [False] * 6
    assert not any(is_lost for night in nights for start, is_lost in night.items() if start <= NIGHT)


def test_a_timeline_that_failed_is_asked_again_from_its_start() -> None:
    first = windows.timeline("hackernews", "acmeair", span(), {})
    assert first.window is not None
    failed = windows.covered_by([(first.window_id, first.window.start, first.window.end, False)])
    second = windows.timeline("hackernews", "acmeair", span(NIGHT + timedelta(days=3)), failed)
    assert second.window is not None
    assert second.window.start == first.window.start


def test_a_day_that_was_covered_in_part_is_asked_whole() -> None:
    later = asked(all_covered(span()), span(NIGHT + timedelta(days=20)))
    assert (datetime(2026, 3, 10), datetime(2026, 3, 11)) in later


def test_a_changed_query_is_another_question() -> None:
    covered = all_covered(span())
    asks = list(windows.discover(TOPIC, "other hash", span(), covered))
    assert len(asks) == 8


def test_days_are_those_of_the_reporting_zone_also_when_clocks_change() -> None:
    vilnius = ZoneInfo("Europe/Vilnius")
    days = list(windows.days(datetime(2026, 3, 27, 23), datetime(2026, 3, 31), vilnius))
    lengths = [(end - start) / timedelta(hours=1) for start, end in days]
    assert days[0][0] == datetime(2026, 3, 27, 22)
    assert lengths == [24, 23, 24, 24]


@given(st.integers(0, 40 * 24 * 3600), st.integers(1, 30), st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_windows_leave_no_moment_out_and_never_pass_the_clock(offset: int, days: int, zone: str) -> None:
    within = span(NIGHT + timedelta(seconds=offset), days, ZoneInfo(zone))
    found = asked({}, within)
    assert found[0][0] <= within.since
    assert found[-1][1] == within.as_of
    assert all(before[1] == after[0] for before, after in pairwise(found))


def test_a_timeline_goes_on_from_the_overlap_before_what_is_covered() -> None:
    first = windows.timeline("hackernews", "acmeair", span(), {})
    assert first.window is not None
    covered = windows.covered_by([(first.window_id, first.window.start, first.window.end, True)])
    second = windows.timeline("hackernews", "acmeair", span(NIGHT + timedelta(days=1)), covered)
    assert second.window is not None
    assert second.window.start == NIGHT - timedelta(hours=48)


def test_the_gap_that_a_failed_backfill_left_in_a_timeline_is_asked_again() -> None:
    first = windows.timeline("hackernews", "acmeair", span(), {})
    deep = windows.timeline("hackernews", "acmeair", span(days=365), {})
    assert first.window is not None
    assert deep.window is not None
    asks = [(a.window_id, a.window.start, a.window.end, a is first) for a in (first, deep) if a.window]
    again = windows.timeline("hackernews", "acmeair", span(NIGHT + timedelta(days=1)), windows.covered_by(asks))
    assert again.window is not None
    assert again.window.start == deep.window.start


def browsed(at: datetime, rows: list[tuple[str, datetime, datetime, bool]], wanted: str = "acme") -> Ask:
    return windows.browse("https://x.example/feed", wanted, span(at), windows.covered_by(rows), is_backfill=False)


def test_a_channel_goes_on_where_it_is_covered_and_leaves_be_what_it_did_not_reach() -> None:
    first = browsed(NIGHT, [])
    assert first.window is not None
    reached = first.window.start + timedelta(days=2)
    rows = [(f"{first.window_id}-gap", first.window.start, reached, False), (first.window_id, reached, NIGHT, True)]
    second = browsed(NIGHT + timedelta(days=1), rows)
    assert second.window == Window(NIGHT, NIGHT + timedelta(days=1))
    rows.append((second.window_id, NIGHT, NIGHT + timedelta(days=1), False))
    third = browsed(NIGHT + timedelta(days=2), rows)
    assert third.window == Window(NIGHT, NIGHT + timedelta(days=2))  # the second failed
    assert browsed(NIGHT + timedelta(days=2), rows, "acme, and a new topic").window_id != third.window_id


def test_a_backfill_browses_a_channel_from_its_own_first_moment() -> None:
    first = browsed(NIGHT, [])
    covered = windows.covered_by([(first.window_id, NIGHT - timedelta(days=7), NIGHT, True)])
    back = windows.browse("https://x.example/feed", "acme", span(days=90), covered, is_backfill=True)
    assert back.window == Window(NIGHT - timedelta(days=90), NIGHT)


def test_a_file_is_another_question_when_its_content_or_its_mapping_changes(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id\n1\n")
    first = windows.read(path, "mapping").window_id
    assert windows.read(path, "mapping").window_id == first
    assert windows.read(path, "another").window_id != first
    path.write_text("id\n2\n")
    assert windows.read(path, "mapping").window_id != first
