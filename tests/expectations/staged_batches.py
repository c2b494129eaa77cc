"""Small staged batches for tests: clean rows of every table, with what a test wants changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from flows import records

AS_OF = datetime.fromisoformat("2026-03-01T02:00")
ITEM = pl.Schema(
    {
        **records.LINEAGE,
        "mention_id": pl.String(),
        "outcome": pl.String(),
        "reason": pl.String(),
        "payload": pl.String(),
    }
)
USUAL = ("mention", "engagement_snapshot", "account", "account_snapshot")
CAPABILITIES = Path(__file__).parents[2] / "sql/seeds/platform_metrics.csv"
Row = dict[str, Any]


def clean_rows(number: int) -> dict[str, Row]:
    """One clean row of each judged table, as item `number` of the batch brings them."""
    lineage = {"page_id": f"window/1/{number // 20:04d}-key", "item_no": number % 20}
    published_at = AS_OF - timedelta(hours=5, minutes=number % 60)
    return {
        "mention": {
            **lineage,
            "mention_id": f"reddit:t1_{number}",
            "platform": "reddit",
            "native_id": f"t1_{number}",
            "kind": "comment",
            "author_id": f"reddit:t2_{number % 7}",
            "text": f"Die Verspätung {number} 😀 航班延误",
            "url": f"https://www.reddit.com/comments/{number}",
            "published_at": published_at,
            "edited_at": published_at + timedelta(minutes=1),
            "parent_id": f"reddit:t3_{number % 3}",
            "root_id": f"reddit:t3_{number % 3}",
            "links": [],
            "hashtags": [],
            "handles": [],
            "media_formats": [],
            "found_by": "query",
        },
        "engagement_snapshot": {
            **lineage,
            "mention_id": f"reddit:t1_{number}",
            "captured_at": AS_OF,
            "age_hours": 5.0,
            "replies": 0,
            "reposts": 0,
            "upvotes": number,
        },
        "account": {
            **lineage,
            "account_id": f"reddit:t2_{number}",
            "platform": "reddit",
            "native_id": f"t2_{number}",
            "handle": f"name{number}",
        },
        "account_snapshot": {**lineage, "account_id": f"reddit:t2_{number}", "captured_at": AS_OF, "followers": 3},
        "interaction": {
            **lineage,
            "mention_id": f"reddit:t1_{number}",
            "kind": "reply",
            "actor_id": f"reddit:t2_{number % 7}",
            "target_mention_id": f"reddit:t3_{number % 3}",
            "occurred_at": published_at,
        },
        "referral_daily": {
            **lineage,
            "site": "shop.example",
            "visit_date": date.fromisoformat("2026-02-27"),
            "referrer": "reddit.com",
            "platform": "reddit",
            "landing_page": f"/offers/{number}",
            "sessions": 9,
            "engaged_sessions": 4,
            "conversions": 1,
            "captured_at": AS_OF,
        },
        "text_signal": {
            "mention_id": f"reddit:t1_{number}",
            "model_version": "small-1",
            "scored_at": AS_OF,
            "language": "de",
            "language_confidence": 0.9,
            "sentiment": "negative",
            "sentiment_confidence": 0.7,
            "intents": ["complaint"],
            "intent_confidences": [0.8],
            "terms": ["verspätung"],
        },
    }


def clean_tables(count: int, tables: Sequence[str] = USUAL) -> dict[str, list[Row]]:
    """`count` clean items of these tables."""
    return {table: [clean_rows(number)[table] for number in range(count)] for table in tables} if count else {}


def stage(
    folder: Path, tables: Mapping[str, Sequence[Row]], malformed: int = 0, known: Mapping[str, Sequence[Row]] = {}
) -> Path:
    """Write a batch folder as the flows do; `malformed` items come besides those that the mentions name.

    `known` are rows of the warehouse, as `known_<name>.parquet`; all authors of the mentions have an account there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "batch.json").write_text(
        json.dumps({"batch_id": "batch-1", "run_id": "run-1", "source": "reddit", "platform": "reddit", "pages": 1})
    )
    for table, rows in tables.items():
        pl.DataFrame(rows, schema=schema(table), orient="row").write_parquet(folder / f"{table}.parquet")
    authors = [{"account_id": f"reddit:t2_{number}"} for number in range(7)]
    for name, found in {"account": authors, **known}.items():
        pl.DataFrame(found, infer_schema_length=None).write_parquet(folder / f"known_{name}.parquet")
    pl.read_csv(CAPABILITIES).write_parquet(folder / "known_capability.parquet")
    keys = ("page_id", "item_no", "mention_id")
    items = {(row["page_id"], row["item_no"]): row for row in tables.get("mention", ())}.values()
    listed = [{**{key: row[key] for key in keys}, "outcome": "candidate"} for row in items]
    listed += [{"page_id": "window/1/9999-bad", "item_no": n, "outcome": "malformed"} for n in range(malformed)]
    if "text_signal" not in tables:
        pl.DataFrame(listed, schema=ITEM).write_parquet(folder / "item.parquet")
    return folder


def schema(table: str) -> pl.Schema:
    """The staged columns of a table; signals come from no page."""
    if table in records.SIGNALS:
        return records.schema(records.SIGNALS[table])
    return records.schema(records.TABLES[table], lineage=True)


def quarantine(folder: Path) -> list[dict[str, Any]]:
    """What validation refused, a row an item."""
    return pl.read_parquet(folder / "quarantine.parquet").to_dicts()
