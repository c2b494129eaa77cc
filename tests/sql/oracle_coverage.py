"""How much of each day was asked and read, from rows of raw.collection: imports nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Protocol

from oracle_rows import Key, Row, over, union_hours


class Calendar(Protocol):
    """An oracle with its rows and its days."""

    raw: dict[str, list[Row]]

    def day(self, at: datetime) -> date: ...

    def midnight(self, day: date) -> datetime: ...


def spans_of(oracle: Calendar) -> list[Row]:
    """The search windows of raw.collection, cut at midnights and at the run's clock."""
    clock = {run["run_id"]: run["as_of"] for run in oracle.raw["run"]}
    booked: dict[Key, int] = defaultdict(int)
    for load in oracle.raw["load_window"]:
        booked[load["run_id"], load["source"], load["window_id"]] += load["duplicate"]
    spans = []
    for attempt in oracle.raw["collection"]:
        if attempt["verb"] not in ("discover", "browse", "read") or attempt["window_start"] is None:
            continue
        start, end = attempt["window_start"], min(attempt["window_end"], clock[attempt["run_id"]])
        channel = channel_of(attempt)
        window = attempt["run_id"], attempt["source"], attempt["window_id"]
        duplicates = booked.get(window) if attempt["items"] else 0
        key = attempt["window_id"] if attempt["verb"] == "read" else (channel, start)
        day = first = oracle.day(start)
        while day == first or oracle.midnight(day) < end:
            tomorrow = day + timedelta(days=1)
            span = {"start": max(start, oracle.midnight(day)), "end": min(end, oracle.midnight(tomorrow))}
            told = {"key": key, "channel": channel, "day": day, "is_first": day == first, "duplicates": duplicates}
            spans.append({**attempt, **span, **told})
            day = tomorrow
    return spans


def channel_of(attempt: Row) -> str | None:
    """The digest of what is browsed, one by one; NULL for what is searched."""
    return str(attempt["window_id"]).split("-")[1] if attempt["verb"] == "browse" else None


def hours_asked(spans: list[Row]) -> float:
    """Of one question: an hour of two channels is two."""
    channels = {span["channel"] for span in spans}
    return sum(
        union_hours([(span["start"], span["end"]) for span in spans if span["channel"] == channel])
        for channel in channels
    )


def coverage_of(spans: list[Row], as_of: datetime) -> Row:
    """Of one day of one question."""
    covered = [span for span in spans if span["is_covered"]]
    is_search = spans[0]["topic_id"] is not None
    asked_hours, covered_hours = hours_asked(spans), hours_asked(covered)
    attempts = defaultdict(list)
    for span in spans:
        attempts[span["key"]].append(span)
    order = ("is_covered", "window_end", "asked_at", "load_seq")
    chosen = [max(group, key=lambda s: tuple(s[name] for name in order)) for group in attempts.values()]
    chosen_first = [span for span in chosen if span["is_first"]]
    counts = ("items", "lost_items", "rejected", "quarantined")
    total = {name: sum(span[name] for span in chosen_first) for name in counts}
    repeated = [span["duplicates"] for span in chosen_first]
    last = max((span["end"] for span in covered), default=None)
    read_at = min((span["asked_at"] for span in covered if span["end"] == last), default=None)
    return {
        "windows_asked": len(attempts),
        "windows_covered": len({span["key"] for span in covered}),
        "asked_hours": asked_hours,
        "covered_hours": covered_hours,
        "coverage": over(covered_hours, asked_hours),
        **total,
        "duplicates": None if None in repeated else sum(repeated),
        "has_loss": any(span["lost_items"] > 0 for span in chosen),
        "native_search_precision": over(total["items"] - total["rejected"], total["items"]) if is_search else None,
        "rate_limited": sum(span["rate_limited"] for span in spans if span["is_first"]),
        "last_covered_at": last,
        "freshness_hours": None if last is None else (as_of - last) / timedelta(hours=1),
        "lag_hours": None if last is None else (read_at - last) / timedelta(hours=1),
    }


def hours_of(oracle: Calendar) -> dict[Key, list[float]]:
    """Asked and covered hours of a platform's day, instant by instant within each question."""
    clock = {run["run_id"]: run["as_of"] for run in oracle.raw["run"]}
    questions: dict[Key, list[Row]] = defaultdict(list)
    for row in oracle.raw["collection"]:
        if row["verb"] in ("discover", "browse", "read", "timeline") and row["window_start"] is not None:
            is_timeline = row["verb"] == "timeline"
            asked = row["window_id"].split("-")[1] if is_timeline else (row["topic_id"], channel_of(row))
            span = {**row, "end": min(row["window_end"], clock[row["run_id"]])}
            questions[row["platform"], row["source"], is_timeline, asked].append(span)
    hours: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for (platform, *_), spans in questions.items():
        day = oracle.day(min(span["window_start"] for span in spans))
        while oracle.midnight(day) < max(span["end"] for span in spans):
            ends = oracle.midnight(day), oracle.midnight(day + timedelta(days=1))
            told = [(max(s["window_start"], ends[0]), min(s["end"], ends[1]), s["is_covered"]) for s in spans]
            told = [span for span in told if span[0] < span[1]]
            hours[platform, day][0] += union_hours(told)
            hours[platform, day][1] += union_hours([span for span in told if span[2]])
            day += timedelta(days=1)
    return hours
