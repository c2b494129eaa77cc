"""Years of daily counts, of their own or of words of real titles, and what is planted into them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

REAL = Path(__file__).parents[2] / "../shared/data/posts/hackernews_stories.csv"
DAYS, QUIET = 365, 70  # nothing is planted, and nothing counted, in the first weeks
SEASON = np.array([1.1, 1.15, 1.1, 1.05, 1.1, 0.8, 0.7])
Counts = np.ndarray


@dataclass
class Year:
    """Daily counts of one entity, and what was done to them."""

    entity: str
    posts: Counts
    negative: Counts
    loud: Counts  # of these, by one author
    bursts: list[tuple[int, int, str]] = field(default_factory=list)
    masked: Counts = field(default_factory=lambda: np.zeros(DAYS, bool))


def seeded(dice: np.random.Generator, name: str) -> Year:
    """A year of its own, without bursts."""
    level, overdispersion = np.exp(dice.uniform(np.log(8), np.log(200))), dice.choice([0.0, 0.02, 0.05, 0.1])
    drift = np.exp(dice.uniform(-0.3, 0.3) * np.sin(np.arange(DAYS) / dice.uniform(40, 90)))
    mean = level * SEASON[np.arange(DAYS) % 7] ** dice.uniform(0, 1.3) * drift
    shaped = mean * (dice.gamma(1 / overdispersion, overdispersion, DAYS) if overdispersion else 1)
    return _with_moods(dice, name, dice.poisson(shaped))


def real(dice: np.random.Generator, entities: int) -> list[Year]:
    """The most frequent words of real titles, each taken for an entity."""
    texts, days = [], []
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            texts.append(set(re.findall(r"[a-z]{2,}", row["title"].lower())))
            month, day, year = row["created_at"].split()[0].split("/")
            days.append(date(int(year), int(month), int(day)))
    first = min(days)
    often = [word for word, _ in Counter(word for text in texts for word in text).most_common(entities)]
    years = []
    for word in often:
        counts = np.zeros(DAYS, int)
        for text, day in zip(texts, days, strict=True):
            if word in text and (day - first).days < DAYS:
                counts[(day - first).days] += 1
        years.append(_with_moods(dice, f"real-{word}", counts))
    return years


def _with_moods(dice: np.random.Generator, name: str, posts: Counts) -> Year:
    return Year(name, posts, dice.binomial(posts, dice.uniform(0.1, 0.3)), np.zeros(DAYS, int))


def plant(dice: np.random.Generator, year: Year) -> None:
    """Every seven weeks something happens."""
    spread = np.sqrt(np.maximum(_variance(year.posts), 1))
    for start in range(QUIET + int(dice.integers(0, 20)), DAYS - 20, 49):
        kind = str(dice.choice(["volume", "negative", "ramp", "loud", "outage"], p=[0.35, 0.25, 0.15, 0.1, 0.15]))
        length = 14 if kind == "ramp" else 1 if kind == "loud" else int(dice.integers(1, 6))
        span = slice(start, start + length)
        if kind == "outage":  # half of what was said is missing, and the day is known to be incomplete
            year.posts[span] //= 2
            year.negative[span] = np.minimum(year.negative[span], year.posts[span])
            year.masked[span] = True
            continue
        shape = np.linspace(0.3, 1, length) if kind == "ramp" else np.ones(length)
        more = np.round(shape * dice.uniform(3, 8) * spread[span]).astype(int)
        year.posts[span] += more
        year.negative[span] += more if kind in ("negative", "loud") else more // 5
        year.loud[span] += more if kind == "loud" else 0
        year.bursts.append((start, start + length, kind))


def _variance(posts: Counts) -> Counts:
    """Of a day around its own weekday's level over fourteen weeks; at least that of a Poisson process."""
    near = [posts[max(0, day - 49) : day + 50 : 7] for day in range(DAYS)]
    return np.array([max(np.var(days, ddof=1), days.mean()) for days in near])


def surge(years: Iterable[Year], day: int, times: float) -> None:
    """The whole platform is loud."""
    for year in years:
        year.posts[day] = round(year.posts[day] * times)
        year.negative[day] = round(year.negative[day] * times)
