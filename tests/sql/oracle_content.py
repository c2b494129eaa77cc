"""What to post, and when: hours of the week worked out again from the scores of their posts."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta
from statistics import median

from kpi_oracle import NEVER_TOLD, NEVER_TOLD_OF_OTHERS
from oracle_engagement import NEVER, UTC, EngagementOracle
from oracle_rows import Key, Row, over, sum_of
from oracle_scores import geometric


def content(oracle: EngagementOracle) -> dict[Key, Row]:
    """By entity, platform, media format, weekday and hour."""
    today = oracle.day(max(run["as_of"] for run in oracle.raw["run"]))
    window = {today - timedelta(days=back) for back in range(90)}
    cells = defaultdict(list)
    for post in oracle.performance.values():
        at = post["published_at"].replace(tzinfo=UTC).astimezone(oracle.zone)
        if at.date() in window:
            key = (post["entity_id"], post["platform"], post["post_type"], at.isoweekday(), at.hour)
            cells[key].append(post)
    hours: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for (platform, day), (asked, covered) in oracle.hours.items():
        if day in window:
            hours[platform, day.isoweekday()][0] += asked
            hours[platform, day.isoweekday()][1] += covered
    return {
        key: {
            "entity_kind": oracle.entities[key[0]]["entity_kind"],
            "coverage": _covered(hours, key[1], key[3]),
            "never_told": (NEVER_TOLD if oracle.entities[key[0]]["is_own"] else NEVER_TOLD_OF_OTHERS)[key[1]],
            **_cell(key[1], posts),
        }
        for key, posts in cells.items()
    }


def _covered(hours: dict[Key, list[float]], platform: str, weekday: int) -> float | None:
    asked, covered = hours[platform, weekday]
    return over(covered, asked)


def _cell(platform: str, posts: list[Row]) -> Row:
    drawn = _told(posts, "interactions")
    compared = _told(posts, "overperformance_log2")
    index = _told(posts, "beyond_follower_index_24h")
    logs = [math.log(one / 100) for one in index]
    few = "fewer than 10 scored posts" if len(index) < 10 else None
    return {
        "posts": len(posts),
        "posts_with_interactions": len(drawn), "interactions": sum_of(drawn),
        "median_interactions": median(drawn) if drawn else None,
        "compared_posts": len(compared), "sum_overperformance_log2": sum_of(compared),
        "median_overperformance_log2": median(compared) if compared else None,
        "scored_posts": len(index), "sum_ln_index": sum_of(logs),
        "sum_ln_index_squares": sum_of([one * one for one in logs]),
        **{name.replace("_90d", ""): value for name, value in geometric(index).items()},
        "beyond_follower_reason": "the platform tells no followers" if platform in NEVER else few,
    }  # fmt: skip


def _told(posts: list[Row], name: str) -> list[float]:
    return [post[name] for post in posts if post[name] is not None]
