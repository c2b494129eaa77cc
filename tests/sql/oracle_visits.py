"""Visits of own sites beside what was said, from rows of schema raw: imports nothing of ours."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date, timedelta
from math import pi, sqrt
from urllib.parse import urlsplit

import duckdb
from kpi_oracle import PARTS, Oracle
from oracle_rows import Key, Row, over, rows_of, sum_of


def referrals(con: duckdb.DuckDBPyConnection, oracle: Oracle, platform_days: dict[Key, Row]) -> dict[Key, Row]:
    """`kpi_referrals` by site, platform, landing page and day; `platform_days` are the oracle's."""
    rows = rows_of(con, "referral_daily")
    sites = {row["site"]: row for row in rows_of(con, "site")}
    shares = defaultdict(list)
    for (source, _, _, day), row in oracle.coverage().items():
        shares[source, day].append(row)
    coverage = {
        (row["site"], row["visit_date"]): over(
            sum(hours["covered_hours"] for hours in shares[row["source"], row["visit_date"]]),
            sum(hours["asked_hours"] for hours in shares[row["source"], row["visit_date"]]),
        )
        for row in rows
    }
    groups = defaultdict(list)
    for row in rows:
        if row["platform"]:
            groups[row["site"], row["platform"], row["landing_page"], row["visit_date"]].append(row)
    said = _linking(oracle)
    found = {}
    for key, told in groups.items():
        site, platform, page, day = key
        owner = sites.get(site)
        total = {name: _whole(told, name) for name in ("sessions", "engaged_sessions", "conversions")}
        spoken = platform_days.get((owner["entity_id"], platform, day), {}).get("interactions") if owner else None
        links = [m for m in said[platform, day] if any(_leads(link, site, page) for link in m["links"])]
        is_contact = bool(owner) and _path(page) in owner["contact_pages"]
        found[site, platform, page or None, day] = {
            "entity_id": owner["entity_id"] if owner else None,
            "entity_kind": oracle.entities[owner["entity_id"]]["entity_kind"] if owner else None,
            "coverage": coverage[site, day], **total,
            "engaged_ratio": over(total["engaged_sessions"], total["sessions"]),
            "conversions_per_session": over(total["conversions"], total["sessions"]),
            "interactions": spoken,
            "not_told": "+".join(name for name, n in total.items() if n is None) or "nothing",
            **{f"{name}_per_1000_interactions": n * 1000 / spoken if n is not None and (spoken or 0) > 0 else None
               for name, n in total.items()},
            "interactions_reason": "the site belongs to no entity of the configuration" if owner is None
            else "no interactions told" if spoken is None else None if spoken > 0 else "no interactions",
            "linking_mentions": len(links) if "." in site else None,
            "linking_interactions": sum_of(m["E"] for m in links),
            "is_contact_page": is_contact,
            **(_spike(key, groups, coverage) if is_contact else _NO_SPIKE),
        }  # fmt: skip
    return found


_NO_SPIKE = dict.fromkeys(("yardstick_days", "expected_sessions", "is_contact_spike"))


def _whole(told: list[Row], name: str) -> int | None:
    counts = [row[name] for row in told]
    return None if None in counts else sum(counts)


def _path(page: str) -> str:
    return page.partition("?")[0].rstrip("/")


def _leads(link: str, site: str, page: str) -> bool:
    parts = urlsplit(link)
    is_host = "." in site and "@" not in parts.netloc
    is_there = is_host and (parts.hostname or "").removeprefix("www.") == site.removeprefix("www.")
    return is_there and (page == "" or _path(page) == _path(parts.path))


def _linking(oracle: Oracle) -> dict[Key, list[Row]]:
    """What was said on a platform and day, with its links and interactions."""
    newest = {s["mention_id"]: s for s in sorted(oracle.raw["engagement_snapshot"], key=lambda s: s["captured_at"])}
    noise = {}
    for word in sorted(oracle.raw["correction"], key=lambda c: (c["corrected_at"], c["load_seq"], c["value"])):
        if word["field"] == "irrelevant" and word["entity_id"] is None:
            noise[word["mention_id"]] = word["value"] == "true"
    said = defaultdict(list)
    for m in oracle.raw["mention"]:
        if m["deleted_at"] is None and not noise.get(m["mention_id"]):
            shot = newest.get(m["mention_id"], {})
            told = {part: shot[part] for part in PARTS if shot.get(part) is not None}
            row = {"links": m["links"] or (), "E": oracle._interactions(told)}
            said[m["platform"], oracle.day(m["published_at"])].append(row)
    return said


def _spike(key: Key, groups: dict[Key, list[Row]], coverage: dict[Key, float | None]) -> Row:
    site, platform, page, day = key
    before: list[date] = [day - timedelta(days=7 * weeks) for weeks in range(1, 9)]
    whole = [d for d in before if (site, d) in coverage and coverage[site, d] in (None, 1)]
    told = [_whole(groups.get((site, platform, page, d), []), "sessions") for d in whole]
    x = [sessions for sessions in told if sessions is not None]
    if not x:
        return _NO_SPIKE
    middle = statistics.median(x)
    spread = max(middle, statistics.variance(x) if len(x) > 1 else 0, 1)
    limit = middle + 3 * sqrt(spread * (1 + pi / 2 / len(x)))
    now = _whole(groups[key], "sessions")
    is_spike = None if now is None or len(x) < 4 else now >= 10 and now > limit
    return {"yardstick_days": len(x), "expected_sessions": float(middle), "is_contact_spike": is_spike}
