"""Threads as trees, authors of a month and accounts' influence, from rows of schema raw: imports nothing of ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import combinations, pairwise

import duckdb
import networkx as nx
import numpy as np
from kpi_oracle import NEVER_TOLD_OF_OTHERS, THREADS, VISITS, Oracle
from oracle_engagement import POSTS, EngagementOracle
from oracle_ranks import with_ranks
from oracle_response import Responses
from oracle_rows import Key, Row, rows_of
from oracle_scores import reaches

SILENT = {"hackernews"}
"""Platforms of the nights that tell no followers."""


class Voices:
    """`conversations`, `generations`, `voices` and `influence`: what the marts should hold."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, oracle: Oracle, inbound: Responses, engagement: EngagementOracle
    ) -> None:
        self.oracle, self.inbound, self.engagement = oracle, inbound, engagement
        self.acts, self.ranks = rows_of(con, "interaction"), rows_of(con, "account_rank")
        self.today = inbound.day(inbound.as_of)
        self.conversations: dict[Key, Row] = {}
        self.generations: dict[Key, Row] = {}
        for thread, messages in inbound.threads.items():
            said = {m["mention_id"]: m for m in messages if m["kind"] != "repost"}
            if len(said) > 1:
                self._converse(thread, said)
        self.shots: dict[str, Row] = {}
        for shot in sorted(inbound.raw["engagement_snapshot"], key=lambda s: s["captured_at"]):
            self.shots[shot["mention_id"]] = shot
        self.counted = [
            {**m, "entity": entity, "day": inbound.day(m["published_at"]), "E": self._drawn(m)}
            for m in inbound.mentions.values()
            if not m["deleted_at"] and not m["is_noise"]
            for entity in inbound.matches[m["mention_id"]]
        ]
        self.voices = self._voices()
        self.influence = self._influence()

    def _drawn(self, mention: Row) -> float | None:
        shot = self.shots.get(mention["mention_id"])
        return self.engagement.interactions(shot) if shot else None

    def _converse(self, thread: str, said: dict[str, Row]) -> None:
        up = {key: m["parent_id"] or thread for key, m in said.items() if key != thread}
        graph = nx.Graph()
        depths = {}
        for key in up:
            way = [key]
            while way[-1] in up and len(way) < 21:
                way.append(up[way[-1]])
            if way[-1] == thread:
                depths[key] = len(way) - 1
                graph.add_edges_from(pairwise(way))
        sizes = Counter(depths.values())
        nodes, last = len(depths) + 1, max(depths.values(), default=0)
        reads = [r["is_complete"] for r in self.inbound.raw["thread_read"] if r["root_id"] == thread]
        platform = thread.split(":")[0]
        known = {"coverage": float(any(reads)) if reads else None, "threads_reporting": THREADS[platform]}
        if depths:
            sizes[0] = 1
            for level in range(last + 1):
                row = {**known, "messages": sizes[level], "next_messages": sizes[level + 1]}
                self.generations[thread, level] = {
                    **row, "reproduction_number": row["next_messages"] / row["messages"]
                }  # fmt: skip
        author = {key: m["author_id"] for key, m in said.items()}
        answers = {(author[key], author[up[key]]) for key in up if up[key] in author}
        answers = {(a, b) for a, b in answers if a and b and a != b}
        pairs = {frozenset(answer) for answer in answers}
        mutual = sum((b, a) in answers for a, b in answers) // 2
        times = [m["published_at"] for m in said.values()]
        bots = {a["account_id"] for a in self.inbound.raw["account"] if a["is_bot"]}
        self.conversations[thread,] = {
            "platform": platform, "is_root_known": thread in said,
            "started_at": min(times), "report_date": self.inbound.day(min(times)), "last_message_at": max(times),
            **known, "messages": len(said), "placed_answers": len(depths),
            "depth": last or None, "width": max((sizes[d] for d in depths.values()), default=None),
            "unique_participants": len({a for a in author.values() if a}),
            "answering_pairs": len(pairs), "mutual_pairs": mutual,
            "reciprocity": mutual / len(pairs) if pairs else None,
            "brand_replies": sum(bool(m["brands"]) and m["author_id"] not in bots for k, m in said.items() if k in up),
            "duration_hours": (max(times) - min(times)) / timedelta(hours=1),
            "structural_virality": nx.average_shortest_path_length(graph) if depths else None,
            "reproduction_number": len(depths) / (nodes - sizes[last]) if depths else None,
        }  # fmt: skip

    def _voices(self) -> dict[Key, Row]:
        by_query = [m for m in self.counted if m["found_by"] == "query"]
        asked = [
            (entity, day, row["asked_hours"], row["covered_hours"])
            for (_, platform, topic, day), row in self.oracle.coverage().items()
            if platform not in VISITS
            for entity in ([topic] if topic else self.oracle.entities)
        ]
        acts = [
            (target["entity"], actor["author_id"], self.inbound.day(actor["published_at"]))
            for act in self.acts
            for actor in [self.inbound.mentions.get(act["mention_id"])]
            if actor and actor["author_id"] and not actor["brands"] and not actor["deleted_at"]
            for target in by_query
            if target["mention_id"] == act["target_mention_id"]
        ]
        days = {m["day"] for m in by_query if m["author_id"]} | {d for _, d, *_ in asked} | {d for *_, d in acts}
        periods = {f"{day:%Y-%m}": _month(day) for day in days}
        periods["last 28 days"] = (self.today - timedelta(days=27), self.today)
        found = {}
        for entity in self.oracle.entities:
            mine = [m for m in by_query if m["entity"] == entity and m["author_id"]]
            strangers = [m["day"] for m in by_query if m["entity"] == entity and not m["author_id"]]
            acted = [(a, d) for e, a, d in acts if e == entity]
            hours = [h for h in asked if h[0] == entity]
            for period, (first, last) in periods.items():
                within = [first <= d <= last for d in (*(m["day"] for m in mine), *(d for _, d in acted))]
                if any(within) or any(first <= h[1] <= last for h in hours):
                    found[entity, period] = self._voice(period, (first, last), mine, acted, hours)
                    if found[entity, period]["unique_authors"] == 0 and any(first <= day <= last for day in strangers):
                        unknown = ["unique_authors", "unique_engaged_accounts"]
                        found[entity, period] |= {n: found[entity, period][n] or None for n in unknown}
                    found[entity, period]["entity_kind"] = self.oracle.entities[entity]["entity_kind"]
        return found

    def _voice(self, period: str, span: tuple[date, date], mine: list[Row], acted: list[Key], hours: list[Key]) -> Row:
        first, last = span
        now = [m for m in mine if first <= m["day"] <= last]
        authors = {m["author_id"] for m in now}
        told = defaultdict(list)
        for m in now:
            if m["E"] is not None:
                told[m["author_id"]].append(m["E"])
        x = np.sort([max(sum(drawn), 0) for drawn in told.values()])
        n, share = len(x), (x / x.sum() if len(x) and x.sum() > 0 else None)
        others = [m["sentiment"] for m in now if not m["brands"]]
        is_scored = not others or any(others)
        asked = [h for h in hours if first <= h[1] <= last]
        whole = sum(h[2] for h in asked)
        next_last = _month(last + timedelta(days=1))[1]
        is_read = any(last < h[1] <= next_last and h[3] > 0 for h in hours)
        is_read |= any(last < m["day"] <= next_last for m in mine)
        is_over = period != "last 28 days" and next_last < self.today and is_read
        again = {m["author_id"] for m in mine if last < m["day"] <= next_last}
        return {
            "first_date": first, "last_date": last,
            "coverage": sum(h[3] for h in asked) / whole if whole else None,
            "unique_authors": len(authors), "authors_told": n, "interactions": float(x.sum()) if n else None,
            "gini": None if share is None
            else sum(abs(a - b) for a, b in combinations(x, 2)) / (n * x.sum()),
            "herfindahl": None if share is None else float((share**2).sum()),
            "effective_voices": None if share is None else float(1 / (share**2).sum()),
            "top_10_interactions": float(x[-10:].sum()) if n else None,
            "top_10_share": None if share is None else float(share[-10:].sum()),
            "unique_engaged_accounts": len(
                {m["author_id"] for m in now if not m["brands"]} | {a for a, d in acted if first <= d <= last}
            ),
            "advocates": _twice(mine, "positive", span) if is_scored else None,
            "detractors": _twice(mine, "negative", span) if is_scored else None,
            "retained_authors": len(authors & again) if is_over else None,
            "retention_ratio": len(authors & again) / len(authors) if is_over and authors else None,
        }  # fmt: skip

    def _influence(self) -> dict[Key, Row]:
        since = self.today - timedelta(days=89)
        lately = defaultdict(list)
        for m in self.counted:
            if m["author_id"] and since <= m["day"] <= self.today:
                lately[m["author_id"], m["entity"]].append(m)
        ranked = {(r["account_id"], r["entity_id"]): r["pagerank"] for r in self.ranks}
        hours: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (_, platform, topic, day), row in self.oracle.coverage().items():
            for entity in [topic] if topic else self.oracle.entities:
                if since <= day <= self.today:
                    hours[entity, platform][0] += row["covered_hours"]
                    hours[entity, platform][1] += row["asked_hours"]
        rows = {
            (account, entity): self._influencer(account, entity, lately[account, entity], ranked, hours)
            for account, entity in set(lately) | set(ranked)
            if entity in self.oracle.entities
        }
        return with_ranks(rows)

    def _influencer(
        self, account: str, entity: str, mine: list[Row], ranked: dict[Key, float], hours: dict[Key, list[float]]
    ) -> Row:
        platform = account.split(":")[0]
        is_owned = "owned" in self.engagement.roles(account)
        read = sorted(
            (r for r in self.engagement.raw["account_snapshot"] if r["account_id"] == account),
            key=lambda r: (r["captured_at"], r["load_seq"], r["followers"] or -1),
        )
        followers = read[-1]["followers"] if read and account in self.inbound.accounts else None
        drawn = sorted((m["E"] for m in mine if m["kind"] in POSTS and m["E"] is not None), reverse=True)
        scores = [self.engagement.performance.get((m["mention_id"],), {}).get("overperformance_log2") for m in mine]
        scores = [score for score in scores if score is not None]
        pagerank = None if is_owned else ranked.get((account, entity))
        covered, asked = hours[entity, platform]
        return {
            "entity_kind": self.oracle.entities[entity]["entity_kind"], "platform": platform, "is_owned": is_owned,
            "coverage": covered / asked if asked else None,
            "never_told": self.engagement.never_told(account) if is_owned else NEVER_TOLD_OF_OTHERS[platform],
            "mentions_90d": len(mine),
            "pagerank": pagerank,
            "pagerank_reason": "an owned account" if is_owned else None if pagerank is not None else "no act known",
            "h_index_90d": sum(reaches(e, place) for place, e in enumerate(drawn, 1)) if drawn else None,
            "compared_posts": len(scores),
            "mean_overperformance_log2": sum(scores) / len(scores) if scores else None,
            "overperformance_reason": None if scores
            else "no post compared" if is_owned else "not an owned account",
            "followers": followers,
            "followers_reason": None if followers is not None
            else "the platform tells no followers" if platform in SILENT else "not read",
        }  # fmt: skip


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _twice(mine: list[Row], mood: str, span: tuple[date, date]) -> int:
    """Authors of such a mention in the span and of another on one of the 29 days before it."""
    days = defaultdict(set)
    for m in mine:
        if m["sentiment"] == mood and not m["brands"]:
            days[m["author_id"]].add(m["day"])
    return sum(
        any(span[0] <= d <= span[1] and any(1 <= (d - other).days <= 29 for other in mine_) for d in mine_)
        for mine_ in days.values()
    )
