"""Whom each mention addresses, who has it and what it belongs to, from rows of schema raw: imports nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import duckdb
from oracle_rows import Key, Row, rows_of

UTC = ZoneInfo("UTC")
TABLES = (
    "mention", "mention_entity", "engagement_snapshot", "account", "run", "entity", "tracked_account", "text_signal",
    "correction", "thread_read", "department", "routing_rule", "mention_rule",
)  # fmt: skip


class Inbound:
    """The mentions of one warehouse, each with its signals, thread, brands addressed and routing rule."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.raw = {name: rows_of(con, name) for name in TABLES}
        self.as_of = max(run["as_of"] for run in self.raw["run"])
        self.mentions = {m["mention_id"]: m for m in self.raw["mention"]}
        self.entities = {e["entity_id"]: e for e in self.raw["entity"]}
        self.departments = {d["department"]: d for d in self.raw["department"]}
        self.accounts = {a["account_id"]: a for a in self.raw["account"]}
        self.desks = defaultdict(set)
        for tracked in self.raw["tracked_account"]:
            if tracked["role"] == "owned":
                self.desks[tracked["platform"], tracked["handle"]].add(self.brand(tracked["entity_id"]))
        self.matches = self._matches()
        for mention in self.mentions.values():
            mention |= self._signals(mention["mention_id"])
            mention["thread"] = self._thread(mention)
            mention["brands"] = self._brands_of_author(mention)
        for mention in self.mentions.values():
            mention["addressed"] = self._addressed(mention)
        for mention in self.mentions.values():
            mention["rule"] = self._rule(mention)

    def day(self, at: datetime) -> date:
        return at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def brand(self, entity: str) -> str:
        return str(self.entities[entity]["parent_entity_id"] or entity)

    def _matches(self) -> dict[str, set[str]]:
        matches = defaultdict(set)
        for match in self.raw["mention_entity"]:
            if match["entity_id"] in self.entities:
                matches[match["mention_id"]].add(match["entity_id"])
        for word in self._words():
            if word["field"] == "irrelevant" and word["entity_id"] is not None and word["value"] == "true":
                matches[word["mention_id"]].discard(word["entity_id"])
        return matches

    def _words(self) -> Iterable[Row]:
        """The analysts' last words, each field of each mention and entity once."""
        newest: dict[Key, Row] = {}
        for word in sorted(self.raw["correction"], key=lambda c: (c["corrected_at"], c["load_seq"], c["value"])):
            newest[word["mention_id"], word["entity_id"], word["field"]] = word
        return newest.values()

    def _signals(self, mention_id: str) -> Row:
        scores = [s for s in self.raw["text_signal"] if s["mention_id"] == mention_id]
        score = max(scores, key=lambda s: (s["scored_at"], s["model_version"]), default={})
        said = {
            w["field"]: w["value"] for w in self._words() if (w["mention_id"], w["entity_id"]) == (mention_id, None)
        }
        intents = score.get("intents")
        if "intents" in said:
            intents = [part.strip() for part in said["intents"].split(",") if part.strip()]
        return {
            "language": said.get("language", score.get("language")),
            "sentiment": said.get("sentiment", score.get("sentiment")),
            "intents": intents,
            "is_noise": said.get("irrelevant") == "true",
        }

    def _thread(self, mention: Row) -> str:
        path = [mention["mention_id"]]
        while True:
            here = self.mentions.get(path[-1])
            if here is None:
                return path[-1]
            if here["root_id"] is not None:
                return str(here["root_id"])
            if here["parent_id"] is None:
                return path[-1]
            if here["parent_id"] in path:
                return str(min(path[path.index(here["parent_id"]) :]))
            path.append(here["parent_id"])

    def _brands_of_author(self, mention: Row) -> set[str]:
        account = self.accounts.get(mention["author_id"])
        return self.desks.get((mention["platform"], account["handle"]), set()) if account else set()

    def _addressed(self, mention: Row) -> dict[str, str]:
        """How it addresses each brand."""
        if mention["deleted_at"] or mention["kind"] == "repost" or mention["brands"] or mention["is_noise"]:
            return {}
        ways = {}
        if {"complaint", "question"} & set(mention["intents"] or ()):
            here = {
                brand
                for (platform, _), brands in self.desks.items()
                if platform == mention["platform"]
                for brand in brands
            }
            for entity in self.matches[mention["mention_id"]]:
                if self.entities[entity]["is_own"] or self.brand(entity) in here:
                    ways[self.brand(entity)] = "name"
        for handle in mention["handles"] or ():
            ways |= dict.fromkeys(self.desks.get((mention["platform"], handle), ()), "handle")
        parent = self.mentions.get(mention["parent_id"])
        return ways | (dict.fromkeys(parent["brands"], "reply") if parent else {})

    def _rule(self, mention: Row) -> Row | None:
        if mention["deleted_at"] or mention["brands"] or mention["is_noise"]:
            return None
        hashes = {r["query_hash"] for r in self.raw["mention_rule"] if r["mention_id"] == mention["mention_id"]}
        subjects = self.matches[mention["mention_id"]] | set(mention["addressed"])
        for rule in sorted(self.raw["routing_rule"], key=lambda r: r["rule_no"]):
            if (
                rule["platform"] in (None, mention["platform"])
                and (rule["entity_id"] is None or rule["entity_id"] in subjects)
                and (rule["intent"] is None or rule["intent"] in (mention["intents"] or ()))
                and (rule["query"] is None or rule["query_hash"] in hashes)
            ):
                return rule
        return None
