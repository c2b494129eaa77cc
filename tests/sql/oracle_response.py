"""Answers to inbound mentions worked out again from rows of schema raw, in plain Python: imports nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
from kpi_oracle import THREADS
from oracle_inbound import UTC, Inbound
from oracle_rows import Row

HOUR = timedelta(hours=1)
MONTH = timedelta(days=30)


class Responses(Inbound):
    """`responses`: what kpi_response should hold, by mention and brand."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str) -> None:
        super().__init__(con, zone)
        self.threads = defaultdict(list)
        for mention in sorted(self.mentions.values(), key=lambda m: (m["published_at"], m["mention_id"])):
            if mention["deleted_at"] is None:
                self.threads[mention["thread"]].append(mention)
        self.responses = {
            (m["mention_id"], brand): self._response(m, brand, thread)
            for thread in self.threads.values()
            for m in thread
            for brand in m["addressed"]
        }

    def _response(self, mention: Row, brand: str, thread: list[Row]) -> Row:
        answers = [
            m for m in thread if brand in m["brands"] and self.accounts[m["author_id"]]["is_bot"] is not True
        ]  # fmt: skip
        later = [m for m in answers if m["published_at"] > mention["published_at"]]
        answer = later[0] if later else None
        first = _first_of_run(mention, brand, thread, answers)
        start = first["published_at"]
        reads = [
            r["read_at"] for r in self.raw["thread_read"] if r["root_id"] == mention["thread"] and r["is_complete"]
        ]
        observed = min(max(reads), self.as_of) if reads else None
        if observed is not None and observed <= start:
            observed = None
        rule = mention["rule"] if self.entities[brand]["is_own"] else None
        department = self.departments[rule["department"]] if rule else None
        at = answer["published_at"] if answer else None
        wait = at - start if at else None
        watched = wait if wait is not None else observed - start if observed else None
        due = start + timedelta(hours=department["sla_hours"]) if department else None
        due_business = self._business_deadline(department, start) if department else None
        own = [
            m
            for m in thread
            if at and m["author_id"] == mention["author_id"] and m["published_at"] > at and m["author_id"]
        ]
        intents = mention["intents"]
        asks = intents is not None and bool({"complaint", "question"} & set(intents))
        pleased = intents is not None and bool({"praise", "thanks"} & set(intents))
        scored = answer is not None and answer["intents"] is not None
        return {
            "platform": mention["platform"],
            "department": department["department"] if department else None,
            "routing_rule_no": rule["rule_no"] if rule else None,
            "report_date": self.day(mention["published_at"]),
            "coverage": 1.0 if at or observed else 0.0,
            "threads_reporting": THREADS[mention["platform"]],
            "thread_id": mention["thread"],
            "addressed_by": mention["addressed"][brand],
            "language": mention["language"],
            "sentiment": mention["sentiment"],
            "effort": None if intents is None else "resolve" if asks else "acknowledge" if pleased else "no action",
            "is_complaint": None if intents is None else "complaint" in intents,
            "heat": self._heat(mention, brand, thread, at),
            "inbound_at": mention["published_at"],
            "clock_started_at": start,
            "is_clock_start": first is mention,
            "first_response_id": answer["mention_id"] if answer else None,
            "first_response_at": at,
            "response_hours": wait / HOUR if wait is not None else None,
            "business_response_hours": self._worked(department, start, at) / HOUR if department and at else None,
            "observed_until": observed,
            "is_answered": wait <= MONTH if wait is not None else False if observed else None,
            "followup_hours": min(watched, MONTH) / HOUR if watched is not None else None,
            "sla_hours": department["sla_hours"] if department else None,
            "deadline_at": due,
            "is_on_time": _on_time(at, due, observed),
            "business_deadline_at": due_business,
            "is_on_time_business": _on_time(at, due_business, observed),
            "is_recovered": own[0]["sentiment"] != "negative"
            if mention["sentiment"] == "negative" and own and own[0]["sentiment"]
            else None,
            "is_resolved": _resolved(answers, own, at, observed),
            "is_language_match": mention["language"] == answer["language"]
            if answer and mention["language"] and answer["language"]
            else None,
            "is_deflection": "deflection" in answer["intents"] if scored else None,
            "is_selling": "selling" in answer["intents"] if scored else None,
        }

    def _heat(self, mention: Row, brand: str, thread: list[Row], at: datetime | None) -> int:
        drew = [
            m for m in thread
            if m["parent_id"] == mention["mention_id"] and brand not in m["brands"]
            and (m["author_id"] is None or m["author_id"] != mention["author_id"])
            and (at is None or m["published_at"] < at)
        ]  # fmt: skip
        shots = [s for s in self.raw["engagement_snapshot"] if s["mention_id"] == mention["mention_id"]]
        shots = [s for s in shots if at is None or s["captured_at"] <= at]
        newest = max(shots, key=lambda s: (s["captured_at"], s["load_seq"]), default={})
        return max(len(drew), sum(newest.get(part) or 0 for part in ("replies", "reposts", "quotes")))

    def _business_spans(self, department: Row, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans in UTC from the day of `start` on, as far as the calendar of deadlines reaches."""
        zone = ZoneInfo(department["timezone"])
        day = start.replace(tzinfo=UTC).astimezone(zone).date()
        days = [self.day(m["published_at"]) for m in self.mentions.values()]
        last = max(*days, self.day(self.as_of)) + timedelta(days=400)
        while day <= last:
            if day.isoweekday() in department["workdays"] and day not in department["holidays"]:
                midnight = datetime(day.year, day.month, day.day)
                ends = [midnight + timedelta(minutes=department[m]) for m in ("opens_minute", "closes_minute")]
                opens, closes = (e.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for e in ends)
                yield opens, closes
            day += timedelta(days=1)

    def _business_deadline(self, department: Row, start: datetime) -> datetime | None:
        left = timedelta(hours=department["sla_hours"])
        for opens, closes in self._business_spans(department, start):
            begins = max(opens, start)
            if begins < closes:
                if closes - begins >= left:
                    return begins + left
                left -= closes - begins
        return None

    def _worked(self, department: Row, start: datetime, end: datetime) -> timedelta:
        total = timedelta()
        for opens, closes in self._business_spans(department, start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total


def _first_of_run(mention: Row, brand: str, thread: list[Row], answers: list[Row]) -> Row:
    """The author's earliest inbound message after which the brand kept silent until this one."""
    if mention["author_id"] is None:
        return mention
    for other in thread:
        if other["author_id"] == mention["author_id"] and brand in other["addressed"]:
            span = (other["published_at"], mention["published_at"])
            if not any(span[0] < a["published_at"] <= span[1] for a in answers):
                return other
    raise AssertionError("a mention is in its own thread")


def _on_time(at: datetime | None, due: datetime | None, observed: datetime | None) -> bool | None:
    if due is None:
        return None
    if at is not None:
        return at <= due
    return False if observed is not None and observed > due else None


def _resolved(answers: list[Row], own: list[Row], at: datetime | None, observed: datetime | None) -> bool | None:
    if any("thanks" in (m["intents"] or ()) for m in own):
        return True
    if at is None:
        return False if observed else None
    last = answers[-1]["published_at"]
    if own and own[-1]["published_at"] > last:
        is_known = observed and observed >= own[-1]["published_at"] and all(m["intents"] is not None for m in own)
        return False if is_known else None
    return True if observed and observed - last >= timedelta(hours=72) else None
