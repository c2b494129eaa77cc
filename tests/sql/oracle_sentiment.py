"""What was thought of an entity, from rows of schema raw: imports nothing of ours, the interval is scipy's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scipy.stats import binomtest

Row = dict[str, Any]
MOODS = ("positive", "neutral", "negative")


def moods(scores: Iterable[Row], corrections: Iterable[Row]) -> dict[str, str | None]:
    """The sentiment of each mention: an analyst's word, else the newest score."""
    told = {
        row["mention_id"]: row["sentiment"]
        for row in sorted(scores, key=lambda r: (r["scored_at"], r["model_version"]))
    }
    words = [row for row in corrections if row["field"] == "sentiment" and row["entity_id"] is None]
    for row in sorted(words, key=lambda r: (r["corrected_at"], r["load_seq"], r["value"])):
        told[row["mention_id"]] = row["value"]
    return told


def sentiment(mentions: Sequence[Row]) -> Row:
    """The columns of sentiment over some mentions, each with its `mood` and `interactions`."""
    scored = [row for row in mentions if row["mood"] in MOODS]
    count = {mood: sum(row["mood"] == mood for row in scored) for mood in MOODS}
    weights = [(row["mood"], row["interactions"]) for row in scored if row["interactions"] is not None]
    weight = {mood: sum(w for m, w in weights if m == mood) if weights else None for mood in MOODS}
    polar = count["positive"] + count["negative"]
    interval = binomtest(count["positive"], polar).proportion_ci(0.95, "wilson") if polar else (None, None)
    return {
        "scored_mentions": len(scored),
        **{f"{mood}_mentions": n if scored or not mentions else None for mood, n in count.items()},
        "net_sentiment": _net(count, len(scored)),
        "positive_ratio": count["positive"] / polar if polar else None,
        "positive_ratio_low": interval[0],
        "positive_ratio_high": interval[1],
        **{f"{mood}_interactions": w for mood, w in weight.items()},
        "net_sentiment_weighted": _net(weight, sum(w for _, w in weights)),
        "positive_ratio_weighted": _positive(weight),
    }


def _net(parts: Row, total: float) -> float | None:
    return 100 * (parts["positive"] - parts["negative"]) / total if total else None


def _positive(weight: Row) -> float | None:
    polar = (weight["positive"] or 0) + (weight["negative"] or 0)
    return weight["positive"] / polar if polar else None
