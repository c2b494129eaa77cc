"""The KPIs worked out again from rows of schema raw, in plain Python: imports nothing of ours, knows nothing of dbt."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
from oracle_coverage import coverage_of, spans_of
from oracle_rows import Key, Row, over, rows_of, sum_of
from oracle_sentiment import moods, sentiment

UTC = ZoneInfo("UTC")
TABLES = (
    "mention", "mention_entity", "engagement_snapshot", "account", "account_snapshot", "run", "collection", "entity",
    "load_window", "tracked_account", "setting", "correction", "text_signal",
)  # fmt: skip
VISITS = {"matomo", "plausible"}
"""What reads these counts visits, and says nothing of how much talk was read."""
SHARES = {
    "mentions": "mentions", "interactions": "interactions", "unique_authors": "authors",
    "positive_mentions": "positive",
}  # fmt: skip
NEVER_TOLD = {
    "x": "upvotes+downvotes", "weibo": "quotes+views+bookmarks+upvotes+downvotes+clicks",
    "hackernews": "likes+reposts+quotes+views+bookmarks+downvotes+clicks+followers",
}  # fmt: skip
"""What the platforms of the nights never tell, by their documents."""
NEVER_TOLD_OF_OTHERS = {**NEVER_TOLD, "x": "upvotes+downvotes+clicks"}
"""The same of posts that are not one's own: clicks of X are non-public metrics."""
THREADS = {"x": "reported", "weibo": "never", "hackernews": "never"}
"""Whether a source of ours reads threads of the platforms of the nights."""
PARTS = ("likes", "replies", "reposts", "quotes", "upvotes")


class Oracle:
    """All answers for one warehouse; `scope` of a row is a platform, or None for all of them together."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.raw = {name: rows_of(con, name) for name in TABLES}
        self.entities = {row["entity_id"]: row for row in self.raw["entity"]}
        self.mentions = self._counted()
        self.spans = spans_of(self)

    def day(self, at: datetime) -> date:
        return at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    def _counted(self) -> list[Row]:
        """Mentions that count, one row for each of their entities."""
        newest: dict[str, Row] = {}
        for shot in sorted(self.raw["engagement_snapshot"], key=lambda s: s["captured_at"]):
            newest[shot["mention_id"]] = shot
        handles = {account["account_id"]: account["handle"] for account in self.raw["account"]}
        roles = defaultdict(set)
        for tracked in self.raw["tracked_account"]:
            roles[tracked["platform"], tracked["handle"].lower()].add(tracked["role"])
        matches = defaultdict(list)
        for match in self.raw["mention_entity"]:
            matches[match["mention_id"]].append(match["entity_id"])
        noise: dict[Key, bool] = {}
        for word in sorted(self.raw["correction"], key=lambda c: (c["corrected_at"], c["load_seq"], c["value"])):
            if word["field"] == "irrelevant":
                noise[word["mention_id"], word["entity_id"]] = word["value"] == "true"
        mood = moods(self.raw["text_signal"], self.raw["correction"])
        rows = []
        for mention in self.raw["mention"]:
            if mention["found_by"] != "query" or mention["deleted_at"] is not None:
                continue
            if noise.get((mention["mention_id"], None)):
                continue
            shot = newest.get(mention["mention_id"], {})
            row = {
                "mention_id": mention["mention_id"],
                "platform": mention["platform"],
                "author": mention["author_id"],
                "day": self.day(mention["published_at"]),
                "roles": roles[mention["platform"], handles.get(mention["author_id"])],
                "views": shot.get("views"),
                "mood": mood.get(mention["mention_id"]),
                "told": {part: shot[part] for part in PARTS if shot.get(part) is not None},
            }
            row["interactions"] = self._interactions(row["told"])
            rows += [
                {**row, "entity": entity}
                for entity in matches[mention["mention_id"]]
                if entity in self.entities and not noise.get((mention["mention_id"], entity))
            ]
        return rows

    def _interactions(self, told: dict[str, int]) -> float | None:
        weights = {row["name"]: float(row["value"]) for row in self.raw["setting"]}
        names = dict.fromkeys(("reposts", "quotes"), "weight_shares")
        if not told:
            return None
        return sum(weights.get(names.get(part, f"weight_{part}"), 1.0) * max(count, 0) for part, count in told.items())

    def followers(self, author: str, day: date) -> int | None:
        """As last read by the end of the day, else as first read after it."""
        read = sorted(
            (row["captured_at"], row["followers"])
            for row in self.raw["account_snapshot"]
            if row["account_id"] == author and row["followers"] is not None
        )
        until = [followers for at, followers in read if at < self.midnight(day + timedelta(days=1))]
        return until[-1] if until else (read[0][1] if read else None)

    def coverage(self) -> dict[Key, Row]:
        """By source, platform, topic and day."""
        groups = defaultdict(list)
        for span in self.spans:
            groups[span["source"], span["platform"], span["topic_id"], span["day"]].append(span)
        as_of = max(run["as_of"] for run in self.raw["run"])
        return {key: coverage_of(spans, as_of) for key, spans in groups.items()}

    def entity_days(self, *, by_platform: bool) -> dict[Key, Row]:
        """By entity, scope and day."""
        mentions = [{**row, "scope": row["platform"] if by_platform else None} for row in self.mentions]
        hours: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (_, platform, topic, day), row in self.coverage().items():
            for entity in () if platform in VISITS else [topic] if topic else self.entities:
                hours[entity, platform if by_platform else None, day][0] += row["covered_hours"]
                hours[entity, platform if by_platform else None, day][1] += row["asked_hours"]
        groups = defaultdict(list, {key: [] for key in hours if key[0] in self.entities})
        for row in mentions:
            groups[row["entity"], row["scope"], row["day"]].append(row)
        firsts: dict[Key, date] = {}
        for row in mentions:
            key = (row["entity"], row["scope"], row["author"])
            firsts[key] = min(row["day"], firsts.get(key, row["day"]))
        days = {key: self._day(key, rows, firsts) for key, rows in groups.items()}
        for key, row in days.items():
            covered, asked = hours.get(key, (0.0, 0.0))
            row["coverage"] = over(covered, asked)
            row |= self._share_of_voice(key, days) | self._trailing(key, groups, firsts)
        return days

    def _day(self, key: Key, rows: list[Row], firsts: dict[Key, date]) -> Row:
        entity, scope, day = key
        authors = {row["author"] for row in rows if row["author"] is not None}
        new = sum(firsts[entity, scope, author] == day for author in authors)
        told = {part for row in rows for part in row["told"]}
        ugc = sum(not row["roles"] for row in rows)
        kinds = ("owned", "employee", "media")
        roles = {f"{kind}_mentions": sum(kind in row["roles"] for row in rows) for kind in kinds}
        return {
            "entity_kind": self.entities[entity]["entity_kind"],
            **({"never_told": NEVER_TOLD[scope]} if scope else {}),
            "mentions": len(rows),
            **_people(rows, new),
            "mentions_with_interactions": sum(row["interactions"] is not None for row in rows),
            "interactions": sum_of(row["interactions"] for row in rows),
            "interactions_basis": "+".join(part for part in PARTS if part in told) or None,
            "views": sum_of(row["views"] for row in rows),
            "potential_audience": sum_of(self.followers(author, day) for author in authors),
            **roles,
            "ugc_mentions": ugc,
            "ugc_ratio": over(ugc, len(rows)),
            **sentiment(rows),
        }

    def _trailing(self, key: Key, groups: dict[Key, list[Row]], firsts: dict[Key, date]) -> Row:
        entity, scope, day = key
        answer: Row = {}
        for width in (7, 28):
            days = [day - timedelta(days=back) for back in range(width)]
            rows = [row for d in days for row in groups.get((entity, scope, d), ())]
            latest = {row["author"]: max(r["day"] for r in rows if r["author"] == row["author"]) for row in rows}
            latest.pop(None, None)
            new = sum(firsts[entity, scope, author] in days for author in latest)
            window = {
                "mentions": len(rows),
                **_people(rows, new),
                "mentions_with_interactions": sum(row["interactions"] is not None for row in rows),
                "interactions": sum_of(row["interactions"] for row in rows),
                "views": sum_of(row["views"] for row in rows),
                "potential_audience": sum_of(self.followers(author, last) for author, last in latest.items()),
                **sentiment(rows),
            }
            answer |= {f"{name}_{width}d": value for name, value in window.items()}
        return answer

    def _share_of_voice(self, key: Key, days: dict[Key, Row]) -> Row:
        entity, scope, day = key
        if self.entities[entity]["entity_kind"] != "brand":
            return {f"set_{name}": None for name in SHARES} | {f"share_of_voice_{s}": None for s in SHARES.values()}
        members = [days[e, scope, day] for e in self._rivals(entity) if (e, scope, day) in days]
        sums = {name: sum_of(row[name] for row in members) for name in SHARES}
        for name in ("positive_mentions", "interactions", "unique_authors"):
            if any(row["mentions"] and row[name] is None for row in members):
                sums[name] = None
        own = days[key]
        parts = {name: own[name] if own["mentions"] else 0 for name in SHARES}
        shares = {f"share_of_voice_{share}": over(parts[name], sums[name]) for name, share in SHARES.items()}
        return {f"set_{name}": total for name, total in sums.items()} | shares

    def _rivals(self, entity: str) -> list[str]:
        own = self.entities[entity]["competitor_set"]
        return [e for e, row in self.entities.items() if row["entity_kind"] == "brand" and row["competitor_set"] == own]

    def macro(self, entity: str, day: date, platform_days: dict[Key, Row]) -> Row:
        """Mean shares of voice over the platforms on which the entity's set has what is shared that day."""
        platforms = {scope for _, scope, _ in platform_days}
        answer: Row = {}
        for name, share in SHARES.items():
            shares = []
            for platform in platforms if self.entities[entity]["entity_kind"] == "brand" else ():
                members = {e: platform_days.get((e, platform, day), {}) for e in self._rivals(entity)}
                total = max((row.get(f"set_{name}") or 0 for row in members.values()), default=0)
                own = members[entity].get(f"share_of_voice_{share}", 0.0)  # no row: silent there
                shares += [own] if total and own is not None else []
            answer[f"share_of_voice_{share}_macro"] = sum(shares) / len(shares) if shares else None
        return answer


def _people(rows: list[Row], new: int) -> Row:
    """Who wrote these; nothing is known of them where no author of any is told."""
    told = [row["author"] for row in rows if row["author"] is not None]
    authors = len(set(told)) if told or not rows else None
    return {
        "mentions_with_author": len(told),
        "unique_authors": authors,
        "mentions_per_author": over(len(told), authors),
        "new_authors": None if authors is None else new,
        "returning_authors": None if authors is None else authors - new,
    }
