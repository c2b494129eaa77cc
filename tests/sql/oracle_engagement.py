"""Posts and accounts scored again from rows of schema raw, in plain Python and numpy: imports nothing of ours."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
from kpi_oracle import NEVER_TOLD, NEVER_TOLD_OF_OTHERS
from oracle_coverage import hours_of
from oracle_rows import HOUR, Key, Row, less, over, rows_of, sum_of
from oracle_scores import half_life, middle_half, overperformance, post_type

UTC = ZoneInfo("UTC")
LADDER = {1: "", 3: "", 6: "", 24: "24h", 72: "3d", 168: "7d", 720: "30d"}
COUNTS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")
PARTS = ("likes", "replies", "reposts", "quotes", "upvotes")
POSTS = ("post", "quote", "article", "question", "poll")
NEVER = {"hackernews", "reddit", "rss", "gdelt"}
"""Platforms without followers, as far as the worlds of these tests go."""
TABLES = ("mention", "engagement_snapshot", "account", "account_snapshot", "run", "collection", "tracked_account",
          "setting", "entity", "message", "campaign")  # fmt: skip


class EngagementOracle:
    """All answers for one warehouse, as rows by key with the marts' other columns."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.raw = {name: rows_of(con, name) for name in TABLES}
        self.settings = {row["name"]: row["value"] for row in self.raw["setting"]}
        self.entities = {row["entity_id"]: row for row in self.raw["entity"]}
        self.accounts = {row["account_id"]: row for row in self.raw["account"]}
        self.tracked: dict[Key, list[Row]] = defaultdict(list)
        for row in self.raw["tracked_account"]:
            self.tracked[row["platform"], row["handle"]].append(row)
        self.shots: dict[str, list[Row]] = defaultdict(list)
        for shot in sorted(self.raw["engagement_snapshot"], key=lambda s: s["captured_at"]):
            self.shots[shot["mention_id"]].append({**shot, "E": self.interactions(shot)})
        self.read: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for shot in sorted(self.raw["account_snapshot"], key=lambda s: (s["captured_at"], s["load_seq"])):
            if shot["followers"] is not None:
                self.read[shot["account_id"]].append((shot["captured_at"], shot["followers"]))
        self.posts = {m["mention_id"]: m for m in self.raw["mention"] if m["kind"] in POSTS and not m["deleted_at"]}
        self.reached = [row for post in self.posts.values() for row in self._reached(post)]
        self.owned = {key: post for key, post in self.posts.items() if "owned" in self.roles(post["author_id"])}
        self.fits = self._fits()
        self.post_buckets = self._post_buckets()
        self.hours = hours_of(self)
        self.covered = {key: over(covered, asked) for key, (asked, covered) in self.hours.items() if asked}
        self.performance = {(key,): self._performance(post) for key, post in self.owned.items()}

    def day(self, at: datetime) -> date:
        return at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    def interactions(self, shot: Row) -> float | None:
        names = {"likes": "likes", "replies": "replies", "reposts": "shares", "quotes": "shares", "upvotes": "upvotes"}
        told = [
            float(self.settings.get(f"weight_{names[p]}", 1)) * max(shot[p], 0) for p in PARTS if shot[p] is not None
        ]
        return sum(told) if told else None

    def followers(self, account: str | None, at: datetime, *, with_end: bool = True) -> int | None:
        """As last read at a moment or before it."""
        until = [n for read_at, n in self.read[str(account)] if read_at < at or (with_end and read_at == at)]
        return until[-1] if until else None

    def roles(self, account: str | None) -> set[str]:
        known = self.accounts.get(str(account))
        return {row["role"] for row in self.tracked[known["platform"], known["handle"]]} if known else set()

    def entity(self, account: str) -> str | None:
        known = self.accounts[account]
        tracked = self.tracked[known["platform"], known["handle"]]
        return min(row["entity_id"] for row in tracked if row["entity_id"])

    def owner(self, account: str) -> Row:
        own = self.entity(account)
        return {"entity_id": own, "entity_kind": self.entities[own]["entity_kind"]}

    def never_told(self, account: str) -> str:
        is_own = self.entities[self.entity(account)]["is_own"]
        return (NEVER_TOLD if is_own else NEVER_TOLD_OF_OTHERS)[self.accounts[account]["platform"]]

    def _reached(self, post: Row) -> Iterable[Row]:
        for hours in LADDER:
            for shot in self.shots[post["mention_id"]]:
                until = 48 if hours == 24 else 1.5 * hours
                if hours * HOUR <= shot["captured_at"] - post["published_at"] < until * HOUR:
                    yield {**post, "b": hours, "at": shot["captured_at"], "E": shot["E"]}
                    break

    def engagement_daily(self) -> dict[Key, Row]:
        rows = {}
        for mention in self.raw["mention"]:
            last_of_day = {self.day(shot["captured_at"]): shot for shot in self.shots[mention["mention_id"]]}
            before: Row = {}
            for day, shot in sorted(last_of_day.items()):
                basis = "+".join(part for part in PARTS if shot[part] is not None) or None
                changes = {name: less(shot[name], before.get(name, 0)) for name in COUNTS}
                is_same = not before or before["basis"] == basis
                rows[mention["mention_id"], day] = {
                    "captured_at": shot["captured_at"],
                    "age_hours": (shot["captured_at"] - mention["published_at"]) / HOUR,
                    "is_first_reading": not before,
                    "changed_since_at": before.get("captured_at", mention["published_at"]),
                    **{name: shot[name] for name in COUNTS},
                    "interactions": shot["E"],
                    "interactions_basis": basis,
                    **{f"{name}_change": change for name, change in changes.items()},
                    "interactions_change": self._change(shot, before) if is_same else None,
                }
                before = {**shot, "basis": basis}
        return rows

    def _change(self, shot: Row, before: Row) -> float | None:
        """The weighted change of each part; votes count from 0 on."""
        names = {"likes": "likes", "replies": "replies", "reposts": "shares", "quotes": "shares", "upvotes": "upvotes"}
        told = [part for part in PARTS if shot[part] is not None]
        changes = [max(shot[part], 0) - max(before.get(part) or 0, 0) for part in told]
        weights = [float(self.settings.get(f"weight_{names[part]}", 1)) for part in told]
        return sum(w * change for w, change in zip(weights, changes, strict=True)) if told else None

    def _fits(self) -> dict[Key, Row]:
        latest: dict[Key, Row] = {}
        for row in sorted(self.reached, key=lambda r: (r["published_at"], r["mention_id"])):
            known = self.followers(row["author_id"], row["at"])
            if row["b"] >= 24 and row["E"] is not None and known is not None and not self.roles(row["author_id"]):
                point = (row["author_id"], math.log1p(known), math.log1p(max(row["E"], 0)))
                latest[row["platform"], row["b"], row["author_id"], self.day(row["at"])] = point
        sample = defaultdict(list)
        for (platform, hours, _, day), point in latest.items():
            sample[platform, hours].append((day, *point))
        return {key: self._fit(key, sample) for key in {(r["platform"], r["b"], self.day(r["at"]))
                                                       for r in self.reached if r["b"] >= 24}}  # fmt: skip

    def _fit(self, key: Key, sample: dict[Key, list[Key]]) -> Row:
        platform, hours, day = key
        points = [point for point in sample[platform, hours] if timedelta() <= day - point[0] < timedelta(days=90)]
        x, y = (np.array([point[n] for point in points]) for n in (2, 3))
        authors = len({point[1] for point in points})
        sd = float(np.std(x, ddof=1)) if len(x) > 1 else None
        reason = (
            "the platform tells no followers" if platform in NEVER
            else "fewer than 200 posts" if len(x) < 200
            else "fewer than 50 authors" if authors < 50
            else "followers hardly differ" if sd is None or sd < 0.5
            else None
        )  # fmt: skip
        row = {"intercept": None, "slope": None, "r_squared": None, "posts": len(x), "authors": authors,
               "sd_ln_followers": sd, "reason": reason}  # fmt: skip
        if reason is None:
            slope, intercept = np.polyfit(x, y, 1)
            unexplained = np.sum((y - intercept - slope * x) ** 2) / np.sum((y - y.mean()) ** 2)
            row |= {"intercept": float(intercept), "slope": float(slope), "r_squared": float(1 - unexplained)}
        return row

    def _post_buckets(self) -> dict[Key, Row]:
        pools = defaultdict(list)
        for row in self.reached:
            if row["mention_id"] in self.owned:
                pools[row["platform"], post_type(row), row["b"]].append(row)
        return {
            (row["mention_id"], row["b"]): self._post_bucket(row, kind, pool)
            for (_, kind, _), pool in pools.items()
            for row in pool
        }

    def _post_bucket(self, row: Row, kind: str, pool: list[Row]) -> Row:
        minimum = float(self.settings.get("overperformance_minimum", 10))
        told = [r for r in pool if r["E"] is not None]
        alike = [r for r in told if r["published_at"] < row["published_at"] and r["at"] <= row["at"]]
        alike = sorted(alike, key=lambda r: (r["published_at"], r["mention_id"]), reverse=True)
        own = [r["E"] for r in alike if r["author_id"] == row["author_id"]][:100]
        basis = "account" if len(own) >= 20 else "platform" if alike else None
        chosen = own if basis == "account" else [r["E"] for r in alike][:100]
        known = self.followers(row["author_id"], row["at"])
        fit = self.fits.get((row["platform"], row["b"], self.day(row["at"])), {})
        a, b = row["E"], middle_half(chosen) if chosen else None
        if row["E"] is None:
            b, basis, chosen = None, None, []
        expected = None
        if fit.get("slope") is not None and known is not None:
            expected = math.exp(fit["intercept"] + fit["slope"] * math.log1p(known)) - 1
        reason = (
            "the platform tells no followers" if row["platform"] in NEVER
            else "no fit below 24 hours" if row["b"] < 24
            else "interactions not told" if a is None
            else "followers not read" if known is None
            else fit["reason"]
        )  # fmt: skip
        return {
            "account_id": row["author_id"], "platform": row["platform"], "post_type": kind,
            "published_at": row["published_at"], "captured_at": row["at"], "reached_date": self.day(row["at"]),
            "never_told": self.never_told(row["author_id"]),
            "interactions": a, "benchmark": b, "benchmark_posts": len(chosen) or None, "benchmark_basis": basis,
            "overperformance": None if a is None or b is None else overperformance(a, b, minimum),
            "overperformance_log2": None if a is None or b is None
            else math.log2((max(a, 0) + 1) / (max(b, 0) + 1)),
            "followers": known, "expected_interactions": expected,
            "beyond_follower_index": None if a is None or expected is None
            else 100 * (1 + max(a, 0)) / (1 + expected),
            "beyond_follower_reason": reason,
        }  # fmt: skip

    def _performance(self, post: Row) -> Row:
        newest = (self.shots[post["mention_id"]] or [dict.fromkeys((*COUNTS, "E", "captured_at"))])[-1]
        at, e = newest["captured_at"], newest["E"]
        known = None if at is None else self.followers(post["author_id"], at)
        shares = sum_of([newest["reposts"], newest["quotes"]])
        positive = e if e is not None and e > 0 else None
        weight = float(self.settings.get("weight_replies", 1))
        answers = None if newest["replies"] is None else weight * newest["replies"]
        headline = self.post_buckets.get((post["mention_id"], 24), {})
        benchmark = ("benchmark", "benchmark_posts", "benchmark_basis", "overperformance", "overperformance_log2")
        row = {
            "account_id": post["author_id"], "platform": post["platform"], "post_type": post_type(post),
            **self.owner(post["author_id"]),
            "published_at": post["published_at"], "report_date": self.day(post["published_at"]),
            "coverage": self.covered.get((post["platform"], self.day(post["published_at"]))),
            "captured_at": at, "age_hours": None if at is None else (at - post["published_at"]) / HOUR,
            "likes": newest["likes"], "replies": newest["replies"], "shares": shares, "views": newest["views"],
            "interactions": e,
            "interactions_basis": "+".join(part for part in PARTS if newest[part] is not None) or None,
            "followers": known,
            "never_told": self.never_told(post["author_id"]),
            "engagement_rate_by_views": over(e, newest["views"]),
            "engagement_rate_by_followers": over(e, known),
            "virality": over(shares, positive), "conversation_share": over(answers, positive),
            **{name: headline.get(name) for name in benchmark},
            **half_life(post, self.shots[post["mention_id"]]),
        }  # fmt: skip
        for hours, name in LADDER.items():
            if name:
                bucket = self.post_buckets.get((post["mention_id"], hours), {})
                unread = "the platform tells no followers" if post["platform"] in NEVER else "not read at this age"
                row[f"interactions_{name}"] = bucket.get("interactions")
                row[f"expected_interactions_{name}"] = bucket.get("expected_interactions")
                row[f"beyond_follower_index_{name}"] = bucket.get("beyond_follower_index")
                row[f"beyond_follower_reason_{name}"] = bucket["beyond_follower_reason"] if bucket else unread
        return row
