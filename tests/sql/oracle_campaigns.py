"""Campaigns worked out again from rows of schema raw, in plain Python: imports nothing of ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import duckdb
from kpi_oracle import VISITS, Oracle
from oracle_rows import Key, Row, over, rows_of, sum_of
from oracle_sentiment import sentiment
from oracle_spikes import Day, spikes

MOODS = ("scored_mentions", "positive_mentions", "neutral_mentions", "negative_mentions")
POSTS = ("post", "quote", "article", "question", "poll")
EPOCH = date(1970, 1, 1)


class Campaigns:
    """`days`: what kpi_campaigns should hold, by campaign and day."""

    def __init__(self, con: duckdb.DuckDBPyConnection, oracle: Oracle) -> None:
        self.oracle = oracle
        self.campaigns = {row["entity_id"]: row for row in rows_of(con, "campaign")}
        self.messages = rows_of(con, "message")
        self.as_of = max(run["as_of"] for run in oracle.raw["run"])
        self.said: dict[Key, list[Row]] = defaultdict(list)
        for row in oracle.mentions:
            self.said[row["entity"], row["day"]].append(row)
        self.coverage = self._coverage()
        self.known = {key for key in (*self.said, *self.coverage) if key[0] in oracle.entities}
        self.crises = self._crises()
        self.own_posts = self._own_posts()
        running = [key for key in self.known if self._runs(*key)]
        self.days = {(entity, day): self._day(entity, day, running) for entity, day in running}

    def _coverage(self) -> dict[Key, float | None]:
        hours: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (_, platform, topic, day), row in self.oracle.coverage().items():
            for entity in () if platform in VISITS else [topic] if topic else self.oracle.entities:
                hours[entity, day][0] += row["covered_hours"]
                hours[entity, day][1] += row["asked_hours"]
        return {key: over(covered, asked) for key, (covered, asked) in hours.items()}

    def _runs(self, entity: str, day: date) -> bool:
        """Whether it is a day of a campaign, and over."""
        if entity not in self.campaigns:
            return False
        is_over = self.oracle.midnight(day + timedelta(days=1)) <= self.as_of
        return is_over and self.campaigns[entity]["starts_on"] <= day <= self.campaigns[entity]["ends_on"]

    def _brand(self, entity: str) -> str:
        return str(self.oracle.entities[entity]["parent_entity_id"] or entity)

    def _is_whole(self, entity: str, day: date) -> bool:
        return (self.coverage.get((entity, day)) or 0) > 0.999999

    def _mood(self, entity: str, day: date, mood: str) -> int | None:
        """Mentions of a mood, known where nine in ten of the day's have one."""
        rows = self.said[entity, day]
        told = sum(row["mood"] is not None for row in rows) >= 0.9 * len(rows)
        return sum(row["mood"] == mood for row in rows) if told else None

    def _day(self, entity: str, day: date, running: list[Key]) -> Row:
        campaign, rows = self.campaigns[entity], self.said[entity, day]
        rivals = [e for e, d in running if d == day and self._set(e) == self._set(entity)]
        all_of_set = sum(len(self.said[e, day]) for e in rivals)
        own = sum(bool(row["roles"] & {"owned", "employee"}) for row in rows)
        length = (campaign["ends_on"] - campaign["starts_on"]).days + 1
        budget = None if campaign["budget"] is None else campaign["budget"] / length
        interactions, moods = sum_of(row["interactions"] for row in rows), sentiment(rows)
        posts = [post for post in self.own_posts[entity] if post["day"] == day]
        carrying = sum(post["carries"] for post in posts)
        return {
            "entity_kind": self.oracle.entities[entity]["entity_kind"],
            "brand_entity_id": self._brand(entity), "coverage": self.coverage.get((entity, day)),
            "mentions": len(rows), "unique_authors": _authors(rows), "interactions": interactions,
            **{name: moods[name] for name in MOODS},
            "set_mentions": all_of_set, "share_of_voice_mentions": over(len(rows), all_of_set),
            "owned_mentions": own, "earned_mentions": len(rows) - own, **self._uplift(entity, day),
            "budget_of_day": budget, "currency": campaign["currency"],
            "cost_per_interaction": over(budget, interactions), "cost_per_mention": over(budget, len(rows)),
            "is_controversial": bool({(entity, day), (self._brand(entity), day)} & self.crises),
            "own_posts": len(posts), "message_posts": carrying, "message_share": over(carrying, len(posts)),
        }  # fmt: skip

    def _set(self, entity: str) -> str:
        return str(self.oracle.entities[entity]["competitor_set"])

    def _uplift(self, entity: str, day: date) -> Row:
        """The brand's day beside the same weekdays of the four weeks before the campaign began."""
        brand, start = self._brand(entity), self.campaigns[entity]["starts_on"]
        weeks = [start - timedelta(days=back) for back in range(1, 29)]
        before = [d for d in weeks if d.weekday() == day.weekday() and self._is_whole(brand, d)]
        is_whole = self._is_whole(brand, day)
        uplifts = {}
        for name, measure in {"mentions": len, "authors": _authors, "interactions": _interactions}.items():
            usual = [value for d in before if (value := measure(self.said[brand, d])) is not None]
            now = measure(self.said[brand, day]) if is_whole else None
            mean = sum(usual) / len(usual) if usual else None
            change = None if now is None or mean is None else now - mean
            uplifts |= {f"usual_{name}": mean, f"brand_{name}_uplift": over(change, mean)}
        now = len(self.said[brand, day]) if is_whole else None
        return {"brand_mentions": now, "yardstick_days": len(before), **uplifts}

    def _own_posts(self) -> dict[str, list[Row]]:
        """Posts of owned and employee accounts by entity with messages, and whether they carry one."""
        tracked: dict[Key, list[Row]] = defaultdict(list)
        for row in self.oracle.raw["tracked_account"]:
            tracked[row["platform"], row["handle"]].append(row)
        accounts = {row["account_id"]: (row["platform"], row["handle"]) for row in self.oracle.raw["account"]}
        found: dict[str, list[Row]] = defaultdict(list)
        for mention in self.oracle.raw["mention"]:
            roles = tracked[accounts.get(mention["author_id"], ())]
            if not {"owned", "employee"} & {row["role"] for row in roles}:
                continue
            if mention["deleted_at"] is not None or mention["kind"] not in POSTS:
                continue
            home = min((row["entity_id"] for row in roles if row["entity_id"]), default=None)
            for entity in {row["entity_id"] for row in self.messages}:
                if home in (entity, self.oracle.entities[entity]["parent_entity_id"]) and home is not None:
                    post = {"day": self.oracle.day(mention["published_at"]), "carries": self._carries(mention, entity)}
                    found[entity].append(post)
        return found

    def _carries(self, mention: Row, entity: str) -> bool:
        return any(
            (row["phrase"] is not None and row["phrase"].lower() in mention["text"].lower())
            or row["hashtag"] in (mention["hashtags"] or [])
            for row in self.messages
            if row["entity_id"] == entity
        )

    def _crises(self) -> set[Key]:
        """Entities and days of a crisis; one needs ten posts and five negative authors."""
        if not any(
            len(rows) >= 10 and _authors([row for row in rows if row["mood"] == "negative"]) >= 5
            for rows in self.said.values()
        ):
            return set()
        series = {
            (entity, "*", mood): [self._series_day(entity, day, mood) for _, day in sorted(days)]
            for entity in self.oracle.entities
            if (days := [key for key in self.known if key[0] == entity])
            for mood in ("all", "negative", "positive")
        }
        judged = spikes(series, {entity: self._brand(entity) for entity in self.oracle.entities})
        return {
            (entity, EPOCH + timedelta(days=number))
            for (entity, _, _, number), row in judged.items()
            if row["is_negative"]
        }

    def _series_day(self, entity: str, day: date, mood: str) -> Day:
        rows = self.said[entity, day]
        told = mood == "all" or self._mood(entity, day, mood) is not None
        chosen = [row["author"] for row in rows if mood in ("all", row["mood"])]
        authors = Counter(author for author in chosen if author is not None)
        return Day(
            (day - EPOCH).days, len(chosen) if told else None, self._is_whole(entity, day) and told, len(authors),
            max(authors.values(), default=None),
        )  # fmt: skip


def _authors(rows: list[Row]) -> int | None:
    """Of silence nobody; not known where no author of any is told."""
    known = len({row["author"] for row in rows} - {None})
    return known if known or not rows else None


def _interactions(rows: list[Row]) -> float | None:
    return sum_of(row["interactions"] for row in rows)
