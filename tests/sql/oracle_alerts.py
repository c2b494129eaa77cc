"""What is shown of each spike, and the episodes they make, from rows of schema raw: imports nothing of ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import chain

import duckdb
from kpi_oracle import VISITS, Oracle
from oracle_rows import Key, Row, over, rows_of, sum_of
from oracle_spikes import Day, spikes

FIRST = date(1970, 1, 1)
SENTIMENTS = ("all", "negative", "positive")


class Alerts:
    """`spikes` by entity, scope, sentiment and day that is over; `episodes` by entity, scope, sentiment and number."""

    def __init__(self, con: duckdb.DuckDBPyConnection, oracle: Oracle) -> None:
        self.oracle = oracle
        self.coverage = self._coverage()
        self.said = self._said(con)
        self.terms: dict[str, list[str]] = {}
        for score in sorted(oracle.raw["text_signal"], key=lambda s: (s["scored_at"], s["model_version"])):
            self.terms[score["mention_id"]] = score["terms"] or []
        self.spikes = self._spikes()
        self.episodes = self._episodes()

    def _coverage(self) -> dict[Key, float | None]:
        """Of each entity, scope and day that was asked."""
        hours: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (_, platform, topic, day), row in self.oracle.coverage().items():
            for entity in () if platform in VISITS else [topic] if topic else self.oracle.entities:
                for scope in (platform, "*"):
                    hours[entity, scope, day][0] += row["covered_hours"]
                    hours[entity, scope, day][1] += row["asked_hours"]
        return {key: over(covered, asked) for key, (covered, asked) in hours.items() if key[0] in self.oracle.entities}

    def _said(self, con: duckdb.DuckDBPyConnection) -> dict[Key, list[Row]]:
        """Posts by entity, scope and day."""
        published = {mention["mention_id"]: mention["published_at"] for mention in rows_of(con, "mention")}
        said = defaultdict(list)
        for row in self.oracle.mentions:
            for scope in (row["platform"], "*"):
                said[row["entity"], scope, row["day"]].append({**row, "at": published[row["mention_id"]]})
        return said

    def _of(self, key: Key) -> list[Row]:
        entity, scope, sentiment, day = key
        return [row for row in self.said.get((entity, scope, day), ()) if sentiment in ("all", row["mood"])]

    def _spikes(self) -> dict[Key, Row]:
        family = {key: row["parent_entity_id"] or key for key, row in self.oracle.entities.items()}
        series: dict[Key, list[Day]] = defaultdict(list)
        for entity, scope, day in sorted(self.coverage.keys() | self.said.keys()):
            posts = self.said.get((entity, scope, day), [])
            scored = sum(row["mood"] is not None for row in posts)
            for sentiment in SENTIMENTS:
                chosen = self._of((entity, scope, sentiment, day))
                is_told = sentiment == "all" or not posts or scored / len(posts) >= 0.9
                authors = Counter(row["author"] for row in chosen if row["author"] is not None)
                is_complete = (self.coverage.get((entity, scope, day)) or 0) > 1 - 1e-6 and is_told
                series[entity, scope, sentiment].append(Day(
                    (day - FIRST).days, len(chosen) if is_told else None, is_complete, len(authors),
                    max(authors.values(), default=None),
                ))  # fmt: skip
        over_by = self.oracle.day(max(run["as_of"] for run in self.oracle.raw["run"]))
        return {
            (*key, day): self._told((*key, day), row)
            for (*key, number), row in spikes(series, family).items()
            if (day := FIRST + timedelta(days=number)) < over_by
        }

    def _told(self, key: Key, row: Row) -> Row:
        entity, scope, _, day = key
        counted: Day = row["day"]
        posts = self._of(key) if row["is_spike"] else []
        first = min(posts, key=lambda post: (post["at"], post["mention_id"]), default={})
        told = [post for post in posts if post["interactions"] is not None]
        top = min(told or posts, key=lambda p: (-(p["interactions"] or 0), p["at"], p["mention_id"]), default={})
        terms = Counter(chain.from_iterable(set(self.terms.get(post["mention_id"], ())) for post in posts))
        most = sorted(terms, key=lambda term: (-terms[term], term))[:5]
        return {
            **row,
            "entity_kind": self.oracle.entities[entity]["entity_kind"],
            "coverage": self.coverage.get((entity, scope, day)),
            "is_complete": counted.complete,
            "posts": counted.posts,
            "authors": counted.authors if counted.authors or counted.posts == 0 else None,
            "first_mention_id": first.get("mention_id"),
            "first_mention_at": first.get("at"),
            "top_mention_id": top.get("mention_id"),
            "top_terms": ", ".join(most) or None,
            "platforms": len({post["platform"] for post in posts}) or None,
        }

    def _episodes(self) -> dict[Key, Row]:
        runs: dict[Key, list[list[tuple[date, Row]]]] = defaultdict(list)
        for (*series, day), row in sorted(self.spikes.items(), key=lambda item: item[0]):
            if row["is_spike"]:
                known = runs[tuple(series)]
                if not known or (day - known[-1][-1][0]).days > 2:
                    known.append([])
                known[-1].append((day, row))
        return {
            (*series, number): _episode(days) for series, known in runs.items() for number, days in enumerate(known, 1)
        }


def _episode(days: list[tuple[date, Row]]) -> Row:
    rows = [row for _, row in days]
    peak_date, peak = max(days, key=lambda item: (item[1]["posts"] - item[1]["mean"], FIRST - item[0]))
    firsts: list[datetime] = [row["first_mention_at"] for row in rows]
    return {
        "entity_kind": peak["entity_kind"],
        "start_date": min(day for day, _ in days),
        "peak_date": peak_date,
        "end_date": max(day for day, _ in days),
        "spike_days": len(days),
        "posts": sum_of(row["posts"] for row in rows),
        "peak_posts": peak["posts"],
        "peak_lift": peak["lift"],
        "highest_z": max(row["z"] for row in rows),
        "coverage": min(row["coverage"] for row in rows),
        "is_crisis": any(row["is_negative"] for row in rows),
        "is_opportunity": any(row["is_positive"] for row in rows),
        "first_mention_at": min(firsts),
    }
