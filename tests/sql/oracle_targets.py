"""Targets of the configuration, from rows of schema raw and the other oracles' days: imports nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import duckdb
from kpi_oracle import Oracle
from oracle_response import Responses
from oracle_rows import Key, Row, over, rows_of
from oracle_service import survival_time

LOWER = {"median_response_hours", "deflection_ratio", "cost_per_interaction", "cost_per_mention"}
MOODS = ("positive", "neutral", "negative")
NET = {"net_sentiment": ("talk", ""), "workplace_net_sentiment": ("work", "workplace_")}
TALK = {"mentions": (), "ugc_mentions": (), "interactions": (), "views": (), "ugc_ratio": ("ugc_mentions", "mentions"),
        "share_of_voice_mentions": ("mentions", "set_mentions"),
        "share_of_voice_interactions": ("interactions", "set_interactions")}  # fmt: skip
SERVICE = {"answered_1h_ratio": ("answered_1h", "decided_1h"), "answered_24h_ratio": ("answered_24h", "decided_24h"),
           "sla_ratio": ("on_time", "due"), "sla_business_ratio": ("on_time_business", "due_business"),
           "resolution_ratio": ("resolved", "settled"), "recovery_ratio": ("recovered", "spoke_again"),
           "deflection_ratio": ("deflections", "answers_scored")}  # fmt: skip
VISITS = {"sessions": (), "conversions": (), "engaged_ratio": ("engaged_sessions", "sessions")}
Parts = Iterable[tuple[date, float | None, float | None]]


class Targets:
    """`targets`: what kpi_targets should hold, by metric, entity and month."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, oracle: Oracle, responses: Responses, days: dict[str, dict[Key, Row]]
    ) -> None:
        self.oracle, self.responses, self.days = oracle, responses, days
        self.as_of = max(run["as_of"] for run in oracle.raw["run"])
        self.tools = defaultdict(set)
        sources = {(row["site"], row["source"]) for row in rows_of(con, "referral_daily")}
        for site in rows_of(con, "site"):
            self.tools[site["entity_id"]] |= {source for name, source in sources if name == site["site"]}
        self.targets = {
            (row["metric"], row["entity_id"], row["month"]): self._target(
                row["metric"], row["entity_id"], row["month"], row["target"]
            )
            for row in rows_of(con, "target")
        }

    def _target(self, metric: str, entity_id: str, month: date, target: float) -> Row:
        after = (month + timedelta(days=31)).replace(day=1)
        start, end = self.oracle.midnight(month), self.oracle.midnight(after)
        known = [
            (day, top, bottom)
            for day, top, bottom in self._parts(metric, entity_id)
            if month <= day < after and top is not None and bottom is not None
        ]
        is_count = {**TALK, **VISITS}.get(metric) == ()
        row: Row = dict.fromkeys(("actual", "numerator", "denominator"))
        n = len({day for day, *_ in known})
        if metric == "median_response_hours":
            row["actual"], n = self._median(entity_id, month, after)
        elif known:
            row["numerator"] = sum(top for _, top, _ in known)
            row["denominator"] = None if is_count else sum(bottom for *_, bottom in known)
            row["actual"] = row["numerator"] if is_count else over(row["numerator"], row["denominator"])
        elapsed = max(min(end, self.as_of) - start, timedelta())
        covered = self._covered(metric, entity_id, month, after)
        reason = (
            "the month has not begun" if not elapsed
            else "nothing is known of it so far" if row["actual"] is None
            else "less than a day of the month is covered" if is_count and covered < timedelta(days=1)
            else None
        )  # fmt: skip
        projected = None if reason else row["actual"] * ((end - start) / covered if is_count else 1)
        lacking = None if projected is None else (target - projected) * (-1 if metric in LOWER else 1)
        return {
            "entity_kind": self.oracle.entities[entity_id]["entity_kind"], "is_lower_better": metric in LOWER,
            "target": target, **row, "n": n, "coverage": covered / elapsed if elapsed else None,
            "elapsed_ratio": elapsed / (end - start), "projected": projected,
            "is_on_track": None if lacking is None else lacking <= 1e-9, "on_track_reason": reason,
        }  # fmt: skip

    def _parts(self, metric: str, entity: str) -> Parts:
        """Numerator and denominator of each of the entity's days; a count's denominator is no matter."""
        if metric in TALK:
            yield from self._of("talk", TALK[metric] or (metric,), lambda key: key[0] == entity, 1)
        elif metric in VISITS:
            names = VISITS[metric] or (metric,)
            sites = self.days["visits"].items()
            yield from ((k[-1], r[names[0]], r[names[-1]]) for k, r in sites if r["entity_id"] == entity)
        elif metric in SERVICE:
            yield from self._of("service", SERVICE[metric], lambda key: key[0] == entity, 3)
        elif metric == "response_ratio":
            for key, row in self.days["service"].items():
                if key[0] == entity:
                    yield key[3], row["answered"], row["answered"] + row["unanswered"]
        elif metric in NET:
            mart, prefix = NET[metric]
            for key, row in self.days[mart].items():
                moods = [row[f"{prefix}{mood}_mentions"] for mood in MOODS]
                if key[0] == entity and None not in moods:
                    yield key[1], 100 * (moods[0] - moods[2]), sum(moods)

    def _of(self, mart: str, names: tuple[str, ...], is_mine: Callable[[Key], bool], at: int) -> Parts:
        return ((key[at], row[names[0]], row[names[-1]]) for key, row in self.days[mart].items() if is_mine(key))

    def _median(self, entity: str, month: date, after: date) -> tuple[float | None, int]:
        waits = [
            (row["followup_hours"], row["is_answered"])
            for (mention, brand), row in self.responses.responses.items()
            if month <= row["report_date"] < after and row["is_clock_start"] and row["followup_hours"] is not None
            and (entity == brand
                 or (entity in self.responses.matches[mention] and self._parent(entity) == brand))
        ]  # fmt: skip
        return survival_time(waits, 0.5), len(waits)

    def _parent(self, entity: str) -> str | None:
        return self.oracle.entities[entity]["parent_entity_id"]

    def _covered(self, metric: str, entity: str, month: date, after: date) -> timedelta:
        days: dict[date, float | None] = {}
        if metric in VISITS:
            hours = defaultdict(lambda: [0.0, 0.0])
            for (source, *_, day), row in self.oracle.coverage().items():
                if source in self.tools[entity]:
                    hours[day][0] += row["covered_hours"]
                    hours[day][1] += row["asked_hours"]
            days = {day: over(*both) for day, both in hours.items()}
        else:
            days = {key[1]: row["coverage"] for key, row in self.days["talk"].items() if key[0] == entity}
        spans = [
            (min(self.oracle.midnight(day + timedelta(days=1)), self.as_of) - self.oracle.midnight(day)) * share
            for day, share in days.items()
            if month <= day < after and share is not None
        ]
        return sum(spans, timedelta())
