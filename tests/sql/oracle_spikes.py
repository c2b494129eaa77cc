"""Spikes, crises and episodes worked out again from counts of posts, in plain Python: imports nothing of ours.

Written day by day from the definitions, not from the models: loops over lists, sums of factorials by `math.fsum`.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Chance = tuple[float | None, int | None, int | None]


@dataclass
class Day:
    """One day of one series. `posts` is None where the texts have no sentiment."""

    number: int
    posts: int | None
    complete: bool
    authors: int = 0
    top_author_posts: int | None = None


def expectation(days: list[Day], at: int, usable: list[bool]) -> Row:
    """What the usable days before day `at` let expect."""
    today = days[at]
    before = [(day.number, day.posts) for day, ok in zip(days[:at], usable[:at], strict=True) if ok]
    history = today.number - days[0].number
    week = [posts for number, posts in before if 3 <= today.number - number <= 9]
    if history >= 56:
        same = [posts for number, posts in reversed(before) if (lag := today.number - number) % 7 == 0 and lag <= 182][
            :8
        ]
        if len(same) >= 4:
            level, usual = (
                [posts for number, posts in before if 3 <= today.number - number <= last] for last in (23, 58)
            )
            trend = (
                math.sqrt(statistics.fmean(level) / statistics.fmean(usual)) if len(level) >= 7 and sum(usual) else 1
            )
            return {
                "basis": "weekdays",
                "mean": statistics.median(same) * trend,
                "variance": variance(same),
                "n": len(same),
            }
    if history >= 14 and len(week) >= 3:
        settled = [(number, posts) for number, posts in before if today.number - number >= 3]
        weekday = [posts for number, posts in settled if (today.number - number) % 7 == 0]
        total = sum(posts for _, posts in settled)
        share = (sum(weekday) / len(weekday)) / (total / len(settled)) if weekday and total else 1.0
        return {"basis": "recent", "mean": sum(week) / len(week) * share, "variance": variance(week), "n": len(week)}
    if before:
        posts = [posts for _, posts in before]
        return {"basis": "so far", "mean": sum(posts) / len(posts), "variance": variance(posts), "n": len(posts)}
    return {"basis": None, "mean": None, "variance": None, "n": None}


def variance(values: list[int]) -> float:
    return statistics.variance(values) if len(values) > 1 else 0.0


def scores(days: list[Day], usable: list[bool]) -> list[Row]:
    """Expectation and z of every day."""
    rows = [expectation(days, at, usable) for at in range(len(days))]
    for at, (day, row) in enumerate(zip(days, rows, strict=True)):
        missed = [
            (past.posts - before["mean"]) ** 2 / max(before["mean"], 1)
            for past, before, ok in zip(days[:at], rows[:at], usable[:at], strict=True)
            if ok and before["mean"] is not None and 3 <= day.number - past.number <= 58
        ]
        row["z"] = row["sd"] = None
        if row["mean"] is None:
            continue
        if len(missed) >= 14:
            spread = max(math.fsum(missed) / len(missed), 1) * max(row["mean"], 1)
        else:
            spread = max(row["mean"], row["variance"], 1)
        weight = math.pi / 2 if row["basis"] == "weekdays" else 1
        row["sd"] = math.sqrt(spread * (1 + weight / row["n"]))
        is_new = row["basis"] == "so far" and row["n"] < 7
        row["z"] = None if day.posts is None or is_new else (day.posts - row["mean"]) / row["sd"]
    return rows


def judged(days: list[Day]) -> list[Row]:
    """Both passes, and the CUSUM."""
    complete = [day.complete for day in days]
    first = scores(days, complete)
    odd = [
        ok and day.posts >= 10 and row["z"] is not None and row["z"] > 3
        for ok, day, row in zip(complete, days, first, strict=True)
    ]
    usable = [ok and not is_odd for ok, is_odd in zip(complete, odd, strict=True)]
    rows = scores(days, usable)
    for at, (day, row) in enumerate(zip(days, rows, strict=True)):
        best = total = 0.0
        for past in range(at, -1, -1):
            if day.number - days[past].number > 55:
                break
            z = rows[past]["z"]
            total += max(z, -4.0) - 0.75 if complete[past] and z is not None and z <= 3 else 0.0
            best = max(best, total)
        row["cusum"] = best
        row["usable"] = usable[at]
    return rows


def poisson_tail(posts: int, mean: float) -> float:
    """P(X >= posts)."""
    if posts == 0:
        return 1.0
    if mean == 0:
        return 0.0
    logs = [
        n * math.log(mean) - mean - math.lgamma(n + 1) for n in range(posts, posts + int(20 * math.sqrt(posts)) + 200)
    ]
    if posts > mean:
        return min(1.0, math.fsum(map(math.exp, logs)))
    return 1.0 - math.fsum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(posts))


def binomial_tail(hits: int, of: int, share: float) -> float:
    """P(X >= hits)."""
    return min(1.0, math.fsum(math.comb(of, n) * share**n * (1 - share) ** (of - n) for n in range(hits, of + 1)))


def benjamini_hochberg(values: list[float]) -> list[float]:
    """The q of each p: of all thresholds that would take it in, the one with the smallest false discovery rate."""
    told = []
    for value in values:
        rates = [other * len(values) / sum(each <= other for each in values) for other in values if other >= value]
        told.append(min(1.0, *rates))
    return told


def spikes(
    series: dict[tuple[str, str, str], list[Day]], family: dict[str, str]
) -> dict[tuple[str, str, str, int], Row]:
    """Every day of every (entity, scope, sentiment) series, by its key and day number."""
    rows: dict[tuple[str, str, str, int], Row] = {}
    for key, days in series.items():
        for day, row in zip(days, judged(days), strict=True):
            rows[*key, day.number] = {**row, "day": day}
    by_day = defaultdict(list)
    for key, row in rows.items():
        if row["day"].complete and row["mean"] is not None:
            row["p"] = poisson_tail(row["day"].posts, row["mean"])
            by_day[key[3]].append(row)
    for same_day in by_day.values():
        for row, q in zip(same_day, benjamini_hochberg([row["p"] for row in same_day]), strict=True):
            row["q"] = q
    beside = defaultdict(list)
    for (entity, scope, sentiment, number), row in rows.items():
        beside[scope, sentiment, number].append((family[entity], row))
    for (entity, scope, sentiment, number), row in rows.items():
        told = [
            [o for name, o in beside[scope, mood, number]
             if name != family[entity] and o["day"].complete and (o["mean"] or 0) >= 10]
            for mood in (sentiment, "all")
        ]  # fmt: skip
        _surge(row, told[0] if len(told[0]) > 1 else told[1])
        chances = {mood: _chance(rows, (entity, scope), mood, number) for mood in ("negative", "positive")}
        _verdict(row, sentiment, chances)
    return rows


def _chance(rows: dict[tuple[str, str, str, int], Row], series: tuple[str, str], mood: str, number: int) -> Chance:
    """How likely so many authors of this mood are at their share of the ordinary days before; top posts, posts."""
    felt = rows[*series, mood, number]["day"]
    if not felt.complete or felt.authors < 5:
        return None, None, None
    hits, of = 1, 2
    for past in range(number - 28, number):
        pair = [rows.get((*series, name, past)) for name in (mood, "all")]
        if all(row and row["usable"] for row in pair):
            hits, of = (n + row["day"].authors for n, row in zip((hits, of), pair, strict=True) if row)
    everyone = rows[*series, "all", number]["day"]
    return binomial_tail(felt.authors, everyone.authors, hits / of), felt.top_author_posts, felt.posts


def _surge(row: Row, others: list[Row]) -> None:
    posts = row["day"].posts
    row["lift"] = posts / row["mean"] if row["mean"] and posts is not None else None
    row["others"] = len(others)
    row["others_posts"] = sum(o["day"].posts for o in others)
    row["others_mean"] = math.fsum(o["mean"] for o in others)
    row["others_lift"] = row["others_posts"] / row["others_mean"] if others else None
    if len(others) < 2:
        row["surge_check"] = "not possible"
    elif row["mean"] == 0 or (row["lift"] is not None and row["others_lift"] - 1 < 0.5 * (row["lift"] - 1)):
        row["surge_check"] = "passed"
    else:
        row["surge_check"] = "surge"


def _verdict(row: Row, sentiment: str, chances: dict[str, Chance]) -> None:
    day, z = row["day"], row["z"]
    is_far = z is not None and (z > 3 or (row["cusum"] > 2.25 and z > 2))
    row["is_spike"] = bool(day.complete and day.posts >= 10 and is_far and row["surge_check"] != "surge")
    for feeling, (chance, top, posts) in chances.items():
        share = None if top is None else top / posts
        row[f"{feeling}_p"], row[f"{feeling}_top"] = chance, share
        row[f"{feeling}_top_posts"], row[f"{feeling}_posts"] = top, posts
        row[f"is_{feeling}"] = bool(
            row["is_spike"] and sentiment in ("all", feeling) and chance is not None and chance < 0.001 and share <= 0.5
        )
