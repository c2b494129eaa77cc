"""What people want, and talk of an employer, from rows of schema raw: imports nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from kpi_oracle import Oracle
from oracle_engagement import POSTS
from oracle_rows import Key, Row, over, sum_of
from oracle_voices import Voices

STAGES = {
    "discovery": {"discovery"}, "purchase": {"purchase_intent"}, "farewell": {"farewell"},
    "service": {"question", "complaint", "praise", "thanks", "idea"},
}  # fmt: skip
WORK = ("job", "leak", "employer")
INTENTS = [
    *WORK, "question", "complaint", "praise", "thanks", "idea", "purchase_intent", "discovery", "farewell", "threat",
    "rumour", "protest", "misuse",
]  # fmt: skip


class Wants:
    """`journey`, `intents`, `employer`: what the marts should hold; `entity_days` are the oracle's of all platforms."""

    def __init__(self, oracle: Oracle, voices: Voices, entity_days: dict[Key, Row]) -> None:
        said = defaultdict(list)
        for m in voices.counted:
            if m["found_by"] == "query" and not m["brands"]:
                said[m["entity"], m["day"]].append(m)
        posts = self._posts(oracle, voices)
        self.journey: dict[Key, Row] = {}
        self.intents: dict[Key, Row] = {}
        self.employer: dict[Key, Row] = {}
        for entity, day in entity_days.keys() | posts.keys():
            known = entity_days.get((entity, day), {})
            head = {"entity_kind": oracle.entities[entity]["entity_kind"], "coverage": known.get("coverage")}
            told = [m for m in said[entity, day] if m["intents"] is not None]
            scored = [m for m in told if "spam" not in m["intents"]]
            is_known = bool(told) or not said[entity, day]
            head["scored_mentions"] = len(scored)
            head["intents_reason"] = None if is_known else "no intents scored"
            for stage, intents in STAGES.items() if known else ():
                self.journey[entity, stage, day] = {**head, **_shared(scored, intents, is_known=is_known)}
            for intent in INTENTS if known else ():
                self.intents[entity, intent, day] = {**head, **_shared(scored, {intent}, is_known=is_known)}
            if known:
                spam = _counted([m for m in told if "spam" in m["intents"]], {"spam"}, is_known=is_known)
                self.intents[entity, "spam", day] = {**head, **spam, "share_of_scored_mentions": None}
            self.employer[entity, day] = {
                **head,
                **{f"{i}_mentions": _counted(scored, {i}, is_known=is_known)["mentions"] for i in WORK},
                **{f"workplace_{name}": n for name, n in _counted(scored, set(WORK), is_known=is_known).items()},
                **_drawn(posts.get((entity, day), [])),
            }

    def _posts(self, oracle: Oracle, voices: Voices) -> dict[tuple[str, date], list[Row]]:
        """Posts of employees, for every entity that has them as such."""
        posts = defaultdict(list)
        for m in voices.inbound.mentions.values():
            account = voices.inbound.accounts.get(m["author_id"])
            for tracked in oracle.raw["tracked_account"] if account and not m["deleted_at"] else ():
                is_theirs = (tracked["platform"], tracked["handle"]) == (m["platform"], account["handle"])
                if is_theirs and tracked["role"] == "employee" and m["kind"] in POSTS:
                    row = {"author": m["author_id"], "E": voices._drawn(m)}
                    posts[tracked["entity_id"], oracle.day(m["published_at"])].append(row)
        return posts


def _counted(scored: list[Row], intents: set[str], *, is_known: bool) -> Row:
    mine = [m for m in scored if intents & set(m["intents"])]
    moods = {mood: sum(m["sentiment"] == mood for m in mine) for mood in ("positive", "neutral", "negative")}
    net = over(100 * (moods["positive"] - moods["negative"]), sum(moods.values()))
    row = {
        "mentions": len(mine), "unique_authors": (len({m["author_id"] for m in mine} - {None}) or None) if mine else 0,
        **{f"{mood}_mentions": n for mood, n in moods.items()}, "net_sentiment": net,
    }  # fmt: skip
    return row if is_known else dict.fromkeys(row)


def _shared(scored: list[Row], intents: set[str], *, is_known: bool) -> Row:
    row = _counted(scored, intents, is_known=is_known)
    return {**row, "share_of_scored_mentions": over(row["mentions"], len(scored)) if is_known else None}


def _drawn(posts: list[Row]) -> Row:
    told = [post["E"] for post in posts if post["E"] is not None]
    return {
        "employee_posts": len(posts), "employees_posting": len({post["author"] for post in posts}),
        "employee_posts_with_interactions": len(told), "employee_interactions": sum_of(told),
        "mean_employee_interactions": over(sum_of(told), len(told)),
    }  # fmt: skip
