"""Answers summed up by day, hour and department, and the queue, from the rows that `oracle_response` works out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median

from kpi_oracle import THREADS
from oracle_inbound import UTC
from oracle_response import HOUR, MONTH, Responses
from oracle_rows import Key, Row, over

LIMITS = {"15m": 0.25, "1h": 1, "4h": 4, "24h": 24}


def _by_entity(oracle: Responses) -> Iterator[tuple[str, Row]]:
    for (mention_id, brand), row in oracle.responses.items():
        family = {e for e in oracle.matches[mention_id] if oracle.entities[e]["parent_entity_id"] == brand}
        for entity in {brand} | family:
            yield entity, row


def _kind(oracle: Responses, entity: str) -> Row:
    return {"entity_kind": oracle.entities[entity]["entity_kind"]}


def daily(oracle: Responses) -> dict[Key, Row]:
    groups = defaultdict(list)
    for entity, row in _by_entity(oracle):
        groups[entity, row["department"], row["platform"], row["report_date"]].append(row)
    return {
        key: _kind(oracle, key[0]) | {"threads_reporting": THREADS[key[2]]} | _counts(rows) | _quality(rows)
        for key, rows in groups.items()
    }


def hours(oracle: Responses) -> dict[Key, Row]:
    groups = defaultdict(list)
    for entity, row in _by_entity(oracle):
        if row["report_date"] > oracle.day(oracle.as_of) - timedelta(days=90):
            local = row["inbound_at"].replace(tzinfo=UTC).astimezone(oracle.zone)
            groups[entity, local.isoweekday(), local.hour].append(row)
    return {key: _kind(oracle, key[0]) | _counts(rows) for key, rows in groups.items()}


def queue(oracle: Responses) -> dict[Key, Row]:
    items = {}
    for (mention_id, brand), row in oracle.responses.items():
        age = oracle.as_of - row["clock_started_at"]
        if not oracle.entities[brand]["is_own"] or row["first_response_at"] or age >= MONTH:
            continue
        factor = {"negative": 1, "neutral": 0, "positive": 0, None: None}[row["sentiment"]]
        told = {name: row[name] for name in (
            "platform", "department", "routing_rule_no", "thread_id", "coverage", "threads_reporting", "inbound_at",
            "clock_started_at", "is_clock_start", "sla_hours", "deadline_at", "business_deadline_at", "addressed_by",
            "language", "sentiment", "is_complaint", "effort", "heat", "observed_until",
        )}  # fmt: skip
        items[mention_id, brand] = told | {
            "age_hours": age / HOUR,
            "is_overdue": oracle.as_of > row["deadline_at"] if row["deadline_at"] else None,
            "is_overdue_business": oracle.as_of > row["business_deadline_at"] if row["business_deadline_at"] else None,
            "priority": None if factor is None else factor * (1 + row["heat"]) * (age / HOUR),
        }
    return items


def by_department(oracle: Responses) -> dict[Key, Row]:
    clocks = [r for r in oracle.responses.values() if r["is_clock_start"] and r["department"]]
    today, answer = oracle.day(oracle.as_of), {}
    for department in {r["department"] for r in clocks}:
        mine = [r for r in clocks if r["department"] == department]
        day = min(r["report_date"] for r in mine)
        while day <= today:
            answer[department, day] = _department_day(oracle, mine, day)
            day += timedelta(days=1)
    return answer


def _department_day(oracle: Responses, mine: list[Row], day: date) -> Row:
    opened = [r for r in mine if r["report_date"] == day]
    left = {
        "answered": [oracle.day(r["first_response_at"]) for r in mine if r["is_answered"]],
        "lapsed": [oracle.day(r["clock_started_at"] + MONTH) for r in mine if not r["is_answered"]],
    }
    known = sum(r["is_answered"] is not None for r in opened)
    missed = [oracle.day(r["deadline_at"]) for r in mine if r["is_on_time"] is False]
    missed_business = [oracle.day(r["business_deadline_at"]) for r in mine if r["is_on_time_business"] is False]
    gone = sum(d <= day for days in left.values() for d in days)
    return {
        "coverage": over(known, len(opened)),
        "opened": len(opened),
        **{name: days.count(day) for name, days in left.items()},
        "breached": missed.count(day),
        "breached_business": missed_business.count(day),
        "backlog": sum(r["report_date"] <= day for r in mine) - gone,
    }


def survival_time(waits: list[tuple[float, bool]], share: Fraction) -> float | None:
    """Kaplan–Meier in fractions: the least time by which no more than `share` still wait."""
    left = Fraction(1)
    for time in sorted({t for t, _ in waits}):
        at_risk = sum(t >= time for t, _ in waits)
        left *= 1 - Fraction(sum(t == time and answered for t, answered in waits), at_risk)
        if left <= share:
            return time
    return None


def _is_past(due: datetime | None, at: datetime) -> bool | None:
    return at > due if due else None


def _counts(rows: list[Row]) -> Row:
    clocks = [r for r in rows if r["is_clock_start"]]
    answered = [r for r in clocks if r["is_answered"]]
    unanswered = [r for r in clocks if r["is_answered"] is False]
    waits = [(r["followup_hours"], r["is_answered"]) for r in answered + unanswered]
    shares: Row = {}
    for name, limit in LIMITS.items():
        within = sum(r["followup_hours"] <= limit for r in answered)
        decided = len(answered) + sum(r["followup_hours"] >= limit for r in unanswered)
        shares |= {f"answered_{name}": within, f"decided_{name}": decided}
        shares[f"answered_{name}_ratio"] = over(within, decided)
    return {
        "coverage": over(len(waits), len(clocks)),
        "inbound_mentions": len(rows),
        "clocks": len(clocks),
        "answered": len(answered),
        "unanswered": len(unanswered),
        "response_ratio": over(len(answered), len(waits)),
        **shares,
        "median_response_hours": survival_time(waits, Fraction(1, 2)),
        "p90_response_hours": survival_time(waits, Fraction(1, 10)),
        "median_answered_hours": median(r["followup_hours"] for r in answered) if answered else None,
    }


def _quality(rows: list[Row]) -> Row:
    clocks = [r for r in rows if r["is_clock_start"]]
    answer: Row = {}
    for fact, part, whole, name in (
        ("is_on_time", "on_time", "due", "sla"),
        ("is_on_time_business", "on_time_business", "due_business", "sla_business"),
        ("is_recovered", "recovered", "spoke_again", "recovery"), ("is_resolved", "resolved", "settled", "resolution"),
        ("is_language_match", "language_matches", "languages_known", "language_match"),
        ("is_deflection", "deflections", "answers_scored", "deflection"),
        ("is_selling", "sellings", "answers_scored", "selling"),
    ):  # fmt: skip
        known = [r[fact] for r in clocks if r[fact] is not None]
        answer |= {part: sum(known), whole: len(known), f"{name}_ratio": over(sum(known), len(known))}
    heats = [r["heat"] for r in rows if r["is_complaint"]]
    is_scored = any(r["is_complaint"] is not None for r in rows)
    answer |= {"complaints": len(heats) if is_scored else None, "complaint_heat": sum(heats) if heats else None}
    efforts = [r["effort"] for r in rows if r["effort"] is not None]
    for name in ("resolve", "acknowledge", "no action"):
        answer[f"effort_{name.replace(' ', '_')}"] = efforts.count(name) if efforts else None
    return answer
