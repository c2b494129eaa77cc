"""Targets of the nights: every metric of two entities, in a month that is over, one that runs and one to come."""

from __future__ import annotations

from datetime import date

METRICS = (
    "mentions", "ugc_mentions", "interactions", "views", "ugc_ratio", "share_of_voice_mentions",
    "share_of_voice_interactions", "net_sentiment", "response_ratio", "answered_1h_ratio", "answered_24h_ratio",
    "sla_ratio", "sla_business_ratio", "resolution_ratio", "recovery_ratio", "deflection_ratio",
    "median_response_hours", "workplace_net_sentiment", "sessions", "conversions", "engaged_ratio",
    "cost_per_interaction", "cost_per_mention",
)  # fmt: skip
TARGETS = [
    (f"{metric}-{entity}-{month}", metric, entity, month, 0.4 if "ratio" in metric or "share" in metric else 6.0)
    for metric in METRICS
    for entity in ("acme", "acme-lounge")
    for month in (date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1))
]
