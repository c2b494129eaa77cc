"""Accounts' days worked out again from the scores of their posts."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import mean, median

from oracle_engagement import NEVER, EngagementOracle
from oracle_rows import Key, Row, less, over, sum_of
from oracle_scores import geometric, reaches


def account_daily(oracle: EngagementOracle) -> dict[Key, Row]:
    """By account and day, from the day on which the account was first known."""
    known = [run["as_of"] for run in oracle.raw["run"]] + [post["published_at"] for post in oracle.raw["mention"]]
    asked = [row["window_start"] for row in oracle.raw["collection"] if row["window_start"] is not None]
    first, last = oracle.day(min(known + asked)), oracle.day(max(known))
    rows = {}
    for account in oracle.accounts:
        if "owned" not in oracle.roles(account):
            continue
        mine = [row for row in oracle.performance.values() if row["account_id"] == account]
        seen = [oracle.day(oracle.accounts[account]["first_seen_at"]), *(row["report_date"] for row in mine)]
        day = max(first, min(seen + [oracle.day(at) for at, _ in oracle.read[account]]))
        before = None
        while day <= last:
            rows[account, day] = _account_day(oracle, account, day, mine, before)
            before = rows[account, day]["followers"]
            day += timedelta(days=1)
    return rows


def _account_day(oracle: EngagementOracle, account: str, day: date, mine: list[Row], before: int | None) -> Row:
    platform = oracle.accounts[account]["platform"]
    posts = [row for row in mine if row["report_date"] == day]
    window = [row for row in mine if timedelta() <= day - row["report_date"] < timedelta(days=90)]
    totals = sorted((r["interactions"] for r in window if r["interactions"] is not None), reverse=True)
    index = [r["beyond_follower_index_24h"] for r in window if r["beyond_follower_index_24h"] is not None]
    now = oracle.followers(account, oracle.midnight(day + timedelta(days=1)), with_end=False)
    change = less(now, before)
    told = [row["interactions"] for row in posts if row["interactions"] is not None]
    row: Row = {
        "platform": platform, **oracle.owner(account), "coverage": oracle.covered.get((platform, day)),
        "never_told": oracle.never_told(account),
        "posts": len(posts), "interactions": sum(told) if told else None, "posts_with_interactions": len(told),
        "mean_interactions": mean(told) if told else None, "median_interactions": median(told) if told else None,
        "followers": now, "followers_change": change, "followers_growth": over(change, before),
        "h_index_90d": None if window and not totals
        else max((n for n, e in enumerate(totals, 1) if reaches(e, n)), default=0),
        "scored_posts_90d": len(index), **geometric(index),
    }  # fmt: skip
    for count, rate in {"likes": "applause", "replies": "conversation", "shares": "amplification"}.items():
        values = [post[count] for post in posts if post[count] is not None]
        row |= {count: sum_of(values), f"posts_with_{count}": len(values), rate: over(sum_of(values), len(values))}
    few = "fewer than 10 scored posts" if len(index) < 10 else None
    row["beyond_follower_reason"] = "the platform tells no followers" if platform in NEVER else few
    return row
