"""Facts and dimensions worked out again from rows of schema raw and the seed: imports nothing of ours."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
from oracle_inbound import UTC, Inbound
from oracle_rows import Key, Row, rows_of

SEED = Path(__file__).parents[2] / "sql/seeds/platform_metrics.csv"
METRICS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks", "followers")
COUNTS = METRICS[:-1]
WEIGHTS = {"likes": "likes", "replies": "replies", "reposts": "shares", "quotes": "shares", "upvotes": "upvotes"}
AS_TOLD = (
    "platform", "kind", "found_by", "author_id", "text", "url", "language_reported", "hashtags", "links",
    "media_formats", "published_at", "edited_at", "deleted_at", "first_seen_at", "parent_id", "root_id",
)  # fmt: skip
ROLES = ("owned", "employee", "media")
LONG_AGO = datetime(1990, 1, 1)  # what files tell of before is a broken clock's


class Facts(Inbound):
    """What the facts and dimensions of one warehouse should hold, each by its key."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str) -> None:
        super().__init__(con, zone)
        self.raw |= {
            name: rows_of(con, name) for name in ("account_snapshot", "collection", "load_window", "setting", "topic")
        }
        self.newest_shots: dict[str, Row] = {}
        for shot in sorted(self.raw["engagement_snapshot"], key=lambda s: (s["captured_at"], s["load_seq"])):
            self.newest_shots[shot["mention_id"]] = shot
        self.newest_scores: dict[str, Row] = {}
        for score in sorted(self.raw["text_signal"], key=lambda s: (s["scored_at"], s["model_version"])):
            self.newest_scores[score["mention_id"]] = score
        self.is_corrected = {
            word["mention_id"]
            for word in self.raw["correction"]
            if word["field"] == "sentiment" and word["entity_id"] is None
        }

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    def tracked(self, account: Row) -> list[Row]:
        """What the configuration says of an account."""
        handle = account["handle"] and account["handle"].lower()
        return [
            row
            for row in self.raw["tracked_account"]
            if row["platform"] == account["platform"] and row["handle"].lower() == handle
        ]

    def roles(self, account: Row | None) -> Row:
        known = {row["role"] for row in self.tracked(account)} if account else set()
        return {f"is_{role}": role in known for role in ROLES}

    def fct_mentions(self) -> dict[Key, Row]:
        return {(key,): self._mention(mention) for key, mention in self.mentions.items()}

    def _mention(self, mention: Row) -> Row:
        key, rule = mention["mention_id"], mention["rule"]
        account = self.accounts.get(mention["author_id"])
        shot, score = self.newest_shots.get(key, {}), self.newest_scores.get(key, {})
        told = [part for part in WEIGHTS if shot.get(part) is not None]
        is_found = mention["found_by"] == "query" and mention["deleted_at"] is None
        return {
            **{name: mention[name] for name in AS_TOLD},
            **{name: shot.get(name) for name in (*COUNTS, "captured_at", "age_hours")},
            **{name: mention[name] for name in ("language", "sentiment", "intents")},
            **self.roles(account),
            "report_date": self.day(mention["published_at"]),
            "is_counted": is_found and not mention["is_noise"],
            "is_irrelevant": mention["is_noise"],
            "author_handle": account["handle"] and account["handle"].lower() if account else None,
            "sentiment_confidence": 1 if key in self.is_corrected else score.get("sentiment_confidence"),
            "interactions": sum(self._weight(part) * max(shot[part], 0) for part in told) if told else None,
            "interactions_basis": "+".join(told) or None,
            "is_bot": account["is_bot"] if account else None,
            "is_inbound": bool(mention["addressed"]),
            "department": rule["department"] if rule else None,
            "routing_rule_no": rule["rule_no"] if rule else None,
        }

    def _weight(self, part: str) -> float:
        said = [row["value"] for row in self.raw["setting"] if row["name"] == f"weight_{WEIGHTS[part]}"]
        return float(said[0]) if said else 1.0

    def fct_mention_entities(self) -> dict[Key, Row]:
        return {
            (row["mention_id"], row["entity_id"]): {
                "report_date": self.day(self.mentions[row["mention_id"]]["published_at"]),
                "matched_terms": row["matched_terms"],
            }
            for row in self.raw["mention_entity"]
            if row["entity_id"] in self.matches[row["mention_id"]]
        }

    def dim_accounts(self) -> dict[Key, Row]:
        read: dict[str, list[Row]] = defaultdict(list)
        for shot in self.raw["account_snapshot"]:
            read[shot["account_id"]].append(shot)
        rows: dict[Key, Row] = {}
        for key, account in self.accounts.items():
            shot = max(read[key], key=lambda s: (s["captured_at"], s["load_seq"]), default={})
            tracked = self.tracked(account)
            rows[(key,)] = {
                **{name: account[name] for name in (
                    "platform", "display_name", "url", "is_bot", "created_at", "first_seen_at",
                )},
                **{name: shot.get(name) for name in ("followers", "following", "posts", "captured_at")},
                **self.roles(account),
                "handle": account["handle"] and account["handle"].lower(),
                **{name: min((row[name] for row in tracked if row[name] is not None), default=None)
                   for name in ("entity_id", "department")},
            }  # fmt: skip
        return rows

    def dim_entities(self) -> dict[Key, Row]:
        queries = {row["topic_id"]: row["query"] for row in self.raw["topic"]}
        names = ("entity_name", "entity_kind", "is_own", "parent_entity_id", "competitor_set")
        return {
            (key,): {name: row[name] for name in names} | {"query": queries.get(key)}
            for key, row in self.entities.items()
        }

    def dim_platforms(self) -> dict[Key, Row]:
        with SEED.open(encoding="utf-8", newline="") as file:
            told = {(row["platform"], row["metric"]): row for row in csv.DictReader(file)}
        known = {platform for platform, _ in told}
        rows: dict[Key, Row] = {}
        for platform in known | {mention["platform"] for mention in self.mentions.values()}:
            lines = {metric: told.get((platform, metric), {}) for metric in METRICS}
            never = [metric for metric, line in lines.items() if line.get("reporting") == "never"]
            # Followers are told of whoever is tracked, a competitor too.
            of_others = [
                metric for metric, line in lines.items()
                if metric in never or (line.get("reporting") == "own_only" and metric != "followers")
            ]  # fmt: skip
            threads = told.get((platform, "threads"), {})
            noted = {**lines, "threads": threads}
            notes = [f"{metric}: {line['note']}" for metric, line in noted.items() if line.get("note", "-") != "-"]
            rows[(platform,)] = {
                **{f"{metric}_reporting": line.get("reporting") for metric, line in lines.items()},
                "threads_reporting": threads.get("reporting", "never"),
                "never_told": ("+".join(never) or "nothing") if platform in known else None,
                "never_told_of_others": ("+".join(of_others) or "nothing") if platform in known else None,
                "notes": "; ".join(notes) or None,
            }
        return rows

    def dim_dates(self) -> dict[Key, Row]:
        lived = [run["as_of"] for run in self.raw["run"]] + [m["published_at"] for m in self.mentions.values()]
        asked = [max(row["window_start"], LONG_AGO) for row in self.raw["collection"] if row["window_start"]]
        day, last = self.day(min(lived + asked)), self.day(max(lived))
        rows: dict[Key, Row] = {}
        while day <= last:
            rows[(day,)] = {
                "year": day.year, "quarter": (day.month + 2) // 3, "month": day.month, "iso_weekday": day.isoweekday(),
                "is_weekend": day.strftime("%a") in ("Sat", "Sun"),
                "week_start_date": day - timedelta(days=day.weekday()), "month_start_date": day.replace(day=1),
                "starts_at": self.midnight(day), "ends_at": self.midnight(day + timedelta(days=1)),
            }  # fmt: skip
            day += timedelta(days=1)
        return rows
