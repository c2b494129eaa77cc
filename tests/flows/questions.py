"""The README's questions, and their answers from the hidden world alone: no query, no matcher and no SQL of ours."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import networkx
import numpy as np
import polars as pl

from flows.sandbox.accounts import followers
from flows.sandbox.export import exports
from flows.sandbox.streams import epoch
from flows.sandbox.truth import expected, mentions
from flows.sandbox.world import World

README = Path(__file__).parents[2] / "README.md"
ACME = 0b11001  # the bits of the brand, its product and its campaign in a post's mask
BRANDS = ("acme", "globex", "initech")
DAY = timedelta(days=1)


def asked() -> dict[str, tuple[str, list[str]]]:
    """The SQL and the further options of each command under a question of the README, by the question."""
    section = README.read_text("utf-8").split("\n## Questions", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"\n\*\*(.+?)\*\*.*?```sh\n\S+soundings query (.*?)\"(.*?)\"\n```", section, re.DOTALL)
    return {question: (sql, options.split()) for question, options, sql in found}


class Answers:
    """What is to be answered at the last of `runs`; the intents are told of what the runs before it knew."""

    def __init__(self, world: World, runs: Sequence[datetime], asked_from: date) -> None:
        self.world, self.as_of, self.asked_from = world, runs[-1], asked_from
        scored = mentions(world, runs[:-1])["mention_id"].implode()
        known = mentions(world, runs)
        posts = world.posts[known["post"].to_numpy()]
        self.known = known.with_columns(
            parent=posts["parent"], root=posts["root"],
            intent=pl.when(pl.col("mention_id").is_in(scored)).then("intent"),
            entity=world.accounts["entity_id"].gather(known["account"]),
        )  # fmt: skip
        self.daily = expected(world, runs)["kpi_entity_daily"]
        self.newest = runs[-1].date() - DAY

    def longest_waits(self) -> list[tuple[str, float]]:
        """Complaints to the first brand that no account of its own has answered in their thread, longest wait first.

        The wait of an author in a thread begins with the first thing said to the brand after its last answer.
        """
        ours = self.known.filter(role="owned", entity="acme")
        last_answer = dict(ours.group_by("root").agg(pl.col("published_at").max()).rows())
        own_posts = set(ours["post"])
        waits: dict[tuple[int, str], list[tuple[datetime, str, str | None]]] = defaultdict(list)
        for row in self.known.filter(pl.col("role") != "owned").iter_rows(named=True):
            said = f"{row['title'] or ''} {row['text']}".lower()
            is_to_us = row["parent"] in own_posts or bool(re.search(r"(?<![\w@])@acmeair(?!\w)", said))
            is_to_us |= row["intent"] in ("complaint", "question") and row["mask"] & ACME > 0
            if is_to_us and row["published_at"] >= last_answer.get(row["root"], self.world.start):
                waits[row["root"], row["author_id"]].append((row["published_at"], row["mention_id"], row["intent"]))
        found = [
            (mention_id, (self.as_of - min(events)[0]) / timedelta(hours=1))
            for events in waits.values()
            for _, mention_id, intent in events
            if intent == "complaint" and self.as_of - min(events)[0] < timedelta(days=30)
        ]
        return sorted(found, key=lambda item: (-item[1], item[0]))

    def campaign(self) -> list[tuple[date, float | None, float | None, float | None]]:
        """Day by day, how far the brand's mentions, authors and interactions lay above the same weekdays before it."""
        event = next(event for event in self.world.events if event.name == "campaign")
        silence = {"mentions": 0, "unique_authors": 0, "interactions": None}
        early = (self.world.start.date() - self.asked_from).days  # asked for, and nothing was there yet
        brand = {self.asked_from + n * DAY: silence for n in range(early)}
        brand |= self.daily.filter(entity_id="acme").rows_by_key("report_date", named=True, unique=True)
        days = []
        for number in range((event.end - event.start).days):
            day = event.start.date() + number * DAY
            before = [
                brand[past]
                for lag in range(7, 64, 7)
                if (past := day - lag * DAY) < event.start.date() and past >= event.start.date() - 28 * DAY
                if past in brand
            ]
            lifts = [
                lift(brand[day][name], [row[name] for row in before if row[name] is not None])
                for name in ("mentions", "unique_authors", "interactions")
            ]
            days.append((day, *lifts))
        return days

    def movers(self) -> list[tuple[str, int, int]]:
        """Handle, followers and rank of microblog authors with the highest PageRank, of those with few followers."""
        reply = self.known.join(
            self.known.select(parent="post", target="author_id", target_role="role", target_mask="mask"), on="parent"
        ).filter(
            (pl.col("author_id") != pl.col("target"))
            & (pl.col("role") != "owned")
            & (pl.col("target_role") != "owned"),
            (pl.col("mask") | pl.col("target_mask")) & 1 > 0,
            pl.col("published_at") > self.as_of - 90 * DAY,
        )
        graph = networkx.DiGraph()
        for actor, target, at in reply.select("author_id", "target", "published_at").sort("published_at").rows():
            weight = 0.5 ** ((self.as_of - at) / (30 * DAY))
            before = graph.get_edge_data(actor, target, {"weight": 0.0})["weight"]
            graph.add_edge(actor, target, weight=before + weight)
        ranks = networkx.pagerank(graph, alpha=0.85, tol=1e-14, max_iter=1_000)
        rank = {name: round(share, 15) for name, share in ranks.items() if name.startswith("microblog:")}
        people = self._last_followers()
        order = sorted(rank.values(), reverse=True)
        found = [(people[name][0], people[name][1], 1 + order.index(share)) for name, share in rank.items()]
        return sorted((row for row in found if row[1] < 1_000), key=lambda row: (row[2], row[0]))

    def _last_followers(self) -> dict[str, tuple[str, int]]:
        """Handle and followers of every author of the microblog as its newest row in a file tells them."""
        from flows.sandbox.export import contained

        newest: dict[int, int] = {}
        for day, captured_at, _ in exports(self.world, self.as_of):
            for account in self.world.posts["account"].gather(contained(self.world, day, captured_at)).unique():
                newest[account] = max(newest.get(account, 0), epoch(captured_at))
        rows = np.array(list(newest))
        counted = followers(self.world.accounts, rows, np.array(list(newest.values())))
        told = self.world.accounts[rows].select("native_id", "handle").with_columns(followers=counted)
        return {f"microblog:{native}": (handle, count) for native, handle, count in told.rows()}

    def voice(self) -> list[tuple[str, float, float, bool]]:
        """Share of the week's authors, its change in a week, and whether that is more than chance explains."""
        week = self._authors(self.newest)
        before = self._authors(self.newest - 7 * DAY)
        n, m = sum(week.values()), sum(before.values())
        rows = []
        for brand in BRANDS:
            p, q = week[brand] / n, before[brand] / m
            spread = 1.96 * (p * (1 - p) / n + q * (1 - q) / m) ** 0.5
            rows.append((brand, 100 * p, 100 * (p - q), abs(p - q) > spread))
        return sorted(rows, key=lambda row: -row[1])

    def _authors(self, day: date) -> dict[str, int]:
        rows = self.daily.filter(pl.col("report_date") == day, pl.col("entity_id").is_in(BRANDS))
        return dict(rows.select("entity_id", "unique_authors_7d").rows())


def lift(value: float | None, usual: list[float]) -> float | None:
    """How far above the mean; None where there is no mean, or one of 0."""
    if value is None or not usual or sum(usual) == 0:
        return None
    mean = sum(usual) / len(usual)
    return (value - mean) / mean
