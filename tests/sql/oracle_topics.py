"""Which terms a day is about, worked out again from rows of schema raw: imports nothing of ours."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date

from kpi_oracle import Oracle
from oracle_inbound import Inbound
from oracle_rows import Key, Row

PRIOR = 500


def topics(days: Oracle, inbound: Inbound) -> dict[Key, Row]:
    """By entity, day, language and term."""
    newest: dict[str, Row] = {}
    for score in sorted(inbound.raw["text_signal"], key=lambda s: (s["scored_at"], s["model_version"])):
        newest[score["mention_id"]] = score
    said: dict[Key, list[Row]] = defaultdict(list)  # by entity (None: any) and language
    for mention in inbound.mentions.values():
        terms = newest.get(mention["mention_id"], {}).get("terms") or []
        names = inbound.matches[mention["mention_id"]]
        if mention["found_by"] == "query" and not mention["deleted_at"] and not mention["is_noise"] and names:
            text = {**mention, "terms": Counter(terms), "day": inbound.day(mention["published_at"]), "names": names}
            for entity in (None, *names):
                said[entity, mention["language"] or "und"].append(text)
    coverage = {(entity, day): row["coverage"] for (entity, _, day), row in days.entity_days(by_platform=False).items()}
    rows: dict[Key, Row] = {}
    for (entity, language), texts in said.items():
        if entity is None:
            continue
        for day in {text["day"] for text in texts}:
            for term, row in _day(day, texts, said[None, language]).items():
                row["competitor_mentions"] = sum(
                    _names_rival(inbound, entity, text)
                    for text in texts
                    if text["day"] == day and term in text["terms"]
                )
                row |= {"entity_kind": inbound.entities[entity]["entity_kind"], "coverage": coverage.get((entity, day))}
                rows[entity, day, language, term] = row
    return rows


def _names_rival(inbound: Inbound, entity: str, text: Row) -> bool:
    own = inbound.entities[entity]["competitor_set"]
    return any(
        inbound.entities[name]["competitor_set"] == own and inbound.brand(name) != inbound.brand(entity)
        for name in text["names"]
    )


def _uses(texts: list[Row], day: date, first: int, last: int) -> Counter[str]:
    """Uses by term, between so many days before the day and so many."""
    return sum((text["terms"] for text in texts if last <= (day - text["day"]).days <= first), Counter())


def _day(day: date, texts: list[Row], everyones: list[Row]) -> dict[str, Row]:
    now, before, prior = _uses(texts, day, 0, 0), _uses(texts, day, 28, 1), _uses(everyones, day, 89, 0)
    rows = {}
    for term, uses in now.items():
        mine = [text for text in texts if text["day"] == day and term in text["terms"]]
        authors = {text["author_id"] for text in mine} - {None}
        if uses < 5 or len(authors) < 3:
            continue
        moods = Counter(text["sentiment"] for text in mine if text["sentiment"])
        tagged = sum(term in (text["hashtags"] or ()) for text in mine)
        delta, z = _log_odds(term, now, before, prior)
        rows[term] = {
            "is_bigram": " " in term, "is_hashtag": tagged > 0, "hashtag_mentions": tagged,
            "uses": uses, "mentions": len(mine), "unique_authors": len(authors),
            "scored_mentions": moods.total(),
            **{f"{mood}_mentions": moods[mood] if moods else None for mood in ("positive", "neutral", "negative")},
            "language_uses": now.total(), "uses_28d_before": before[term],
            "language_uses_28d_before": before.total(),
            "all_uses_90d": prior[term], "all_language_uses_90d": prior.total(),
            "log_odds": delta, "z": z,
        }  # fmt: skip
    return rows


def _log_odds(
    term: str, now: Counter[str], before: Counter[str], prior: Counter[str]
) -> tuple[float | None, float | None]:
    """Monroe, Colaresi, Quinn 2008, equations 16 to 22, with the prior as uses."""
    if not before.total() or prior[term] == prior.total():
        return None, None
    alpha = {word: PRIOR * uses / prior.total() for word, uses in prior.items()}
    rest = [sum(count[word] + alpha[word] for word in alpha if word != term) for count in (now, before)]
    own = [count[term] + alpha[term] for count in (now, before)]
    delta = math.log(own[0] / rest[0]) - math.log(own[1] / rest[1])
    return delta, delta / math.sqrt(1 / own[0] + 1 / own[1])
