"""Small staged batches for tests: clean rows of every table, with what a test wants changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
            "text": "Die Verspätung 😀 航班延误",
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
    }


def clean_tables(count: int) -> dict[str, list[Row]]:
    """`count` clean items, all tables."""
    items = [clean_rows(number) for number in range(count)]
    return {table: [item[table] for item in items] for table in items[0]} if items else {}


def stage(folder: Path, tables: Mapping[str, Sequence[Row]], malformed: int = 0) -> Path:
    """Write a batch folder as the flows do; `malformed` items come besides those that the mentions name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "batch.json").write_text(
        json.dumps({"batch_id": "batch-1", "run_id": "run-1", "source": "reddit", "platform": "reddit", "pages": 1})
    )
    for table, rows in tables.items():
        schema = records.schema(records.TABLES[table], lineage=True)
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / f"{table}.parquet")
    keys = ("page_id", "item_no", "mention_id")
    items = [{**{key: row[key] for key in keys}, "outcome": "candidate"} for row in tables.get("mention", ())]
    items += [{"page_id": "window/1/9999-bad", "item_no": n, "outcome": "malformed"} for n in range(malformed)]
    pl.DataFrame(items, schema=ITEM).write_parquet(folder / "item.parquet")
    return folder
