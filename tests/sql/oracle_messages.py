"""Which posts carry what was agreed upon, worked out again: by account and by week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from kpi_oracle import NEVER_TOLD, NEVER_TOLD_OF_OTHERS
from oracle_engagement import EngagementOracle
from oracle_rows import Key, Row, over, sum_of


def by_account(oracle: EngagementOracle) -> dict[Key, Row]:
    """By entity, week and account."""
    groups = defaultdict(list)
    for entity, post in _spoken(oracle):
        groups[entity, _monday(post["day"]), post["author_id"]].append(post)
    return {key: _account(oracle, key, posts) for key, posts in groups.items()}


def by_week(oracle: EngagementOracle) -> dict[Key, Row]:
    """By entity and week."""
    groups, platforms = defaultdict(list), defaultdict(set)
    for entity, post in _spoken(oracle):
        groups[entity, _monday(post["day"])].append(post)
        platforms[entity].add(post["platform"])
    return {key: _week(oracle, key, posts, platforms[key[0]]) for key, posts in groups.items()}


def _spoken(oracle: EngagementOracle) -> Iterator[tuple[str, Row]]:
    """Posts of owned and employee accounts, each with the entities that they speak for."""
    parents = {row["entity_id"]: row["parent_entity_id"] for row in oracle.raw["entity"]}
    days = {row["entity_id"]: (row["starts_on"], row["ends_on"]) for row in oracle.raw["campaign"]}
    for post in oracle.posts.values():
        roles = oracle.roles(post["author_id"])
        if not roles & {"owned", "employee"}:
            continue
        day, own = oracle.day(post["published_at"]), str(oracle.entity(post["author_id"]))
        verdicts = {}
        for message in oracle.raw["message"]:
            entity = message["entity_id"]
            first, last = days.get(entity, (day, day))
            if own in (entity, parents[entity]) and first <= day <= last:
                said = message["phrase"] is not None and message["phrase"].lower() in post["text"].lower()
                verdicts[entity] = verdicts.get(entity, False) or said or message["hashtag"] in post["hashtags"]
        shots = oracle.shots[post["mention_id"]]
        drawn = shots[-1]["E"] if shots else None
        row = {
            **post, "day": day, "role": "owned" if "owned" in roles else "employee",
            "drawn": None if drawn is None else max(drawn, 0),
        }  # fmt: skip
        yield own, {**row, "carries": any(verdicts.values()) if verdicts else None}
        for entity, carries in verdicts.items():
            if entity != own:
                yield entity, {**row, "carries": carries}


def _account(oracle: EngagementOracle, key: Key, posts: list[Row]) -> Row:
    account = oracle.accounts[key[2]]
    tracked = oracle.tracked[account["platform"], account["handle"]]
    told = [post["drawn"] for post in posts if post["drawn"] is not None]
    is_own = oracle.entities[key[0]]["is_own"] and posts[0]["role"] == "owned"
    return {
        "never_told": (NEVER_TOLD if is_own else NEVER_TOLD_OF_OTHERS)[account["platform"]],
        "entity_kind": _kind(oracle, key[0]), "platform": account["platform"], "role": posts[0]["role"],
        "department": min((row["department"] for row in tracked if row["department"]), default=None),
        "coverage": _coverage(oracle, {account["platform"]}, key[1]),
        "posts": len(posts), **_carried(posts),
        "posts_with_interactions": len(told), "interactions": sum_of(told),
    }  # fmt: skip


def _week(oracle: EngagementOracle, key: Key, posts: list[Row], platforms: set[str]) -> Row:
    told = [post["drawn"] for post in posts if post["drawn"] is not None]
    row = {
        "entity_kind": _kind(oracle, key[0]), "coverage": _coverage(oracle, platforms, key[1]),
        "accounts": len({post["author_id"] for post in posts}), "posts": len(posts), **_carried(posts),
        "posts_with_interactions": len(told), "interactions": sum_of(told),
    }  # fmt: skip
    for role in ("owned", "employee"):
        mine = [post for post in posts if post["role"] == role]
        row |= {f"{role}_posts": len(mine)} | {f"{role}_{name}": value for name, value in _carried(mine).items()}
    drawn = sum_of([post["drawn"] for post in mine]) if mine else 0
    return {
        **row, "employee_post_share": len(mine) / len(posts), "employee_interactions": drawn,
        "employee_interactions_share": over(drawn, row["interactions"]),
    }  # fmt: skip


def _carried(posts: list[Row]) -> Row:
    judged = [post["carries"] for post in posts if post["carries"] is not None]
    return {"judged_posts": len(judged), "message_posts": sum(judged), "message_share": over(sum(judged), len(judged))}


def _coverage(oracle: EngagementOracle, platforms: set[str], monday: date) -> float | None:
    asked = covered = 0.0
    for (platform, day), hours in oracle.hours.items():
        if platform in platforms and _monday(day) == monday:
            asked, covered = asked + hours[0], covered + hours[1]
    return over(covered, asked)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _kind(oracle: EngagementOracle, entity: str) -> str:
    return next(row["entity_kind"] for row in oracle.raw["entity"] if row["entity_id"] == entity)
