"""Staged batches made of a few items, and what a warehouse then holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows import records
from warehouse.connection import connect
from warehouse.load import load_batch
from warehouse.migrate import migrate

NIGHT = datetime.fromisoformat("2026-03-01T02:00")
LOADED_AT = datetime.fromisoformat("2026-03-01T02:10")
ITEMS_A_PAGE = 3
ITEM = {
    **records.LINEAGE,
    "mention_id": pl.String(),
    "outcome": pl.String(),
    "reason": pl.String(),
    "payload": pl.String(),
}
DELETION = {
    **records.LINEAGE,
    "mention_id": pl.String(),
    "platform": pl.String(),
    "deleted_at": pl.Datetime("us"),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Item:
    """One item of a page: the rows it brings, or why it brings none."""

    rows: tuple[records.Record, ...] = ()
    outcome: str = "candidate"
    reason: str | None = None
    payload: str | None = None
    refused: tuple[str, ...] = ()  # reasons of the validation
    gone: str | None = None  # mention_id that the platform says is deleted
    off_topic: str | None = None  # mention_id that no query matches any more


def rejected(number: int = 1) -> Item:
    """An item whose mention the matcher refuses: it has a name and no rows."""
    return Item(outcome="rejected", off_topic=f"reddit:{number}")


def visits(**changes: Any) -> records.ReferralDaily:
    fields: dict[str, Any] = {
        "site": "1",
        "visit_date": NIGHT.date(),
        "referrer": "Reddit",
        "platform": "reddit",
        "landing_page": "/offer",
        "captured_at": NIGHT,
    }
    return records.ReferralDaily(**{**fields, **changes})


def night(number: int) -> datetime:
    """as_of of the nth night."""
    return NIGHT + timedelta(days=number)


def mention(number: int = 1, **changes: Any) -> records.Mention:
    fields: dict[str, Any] = {
        "mention_id": f"reddit:{number}",
        "platform": "reddit",
        "native_id": str(number),
        "kind": "post",
        "author_id": f"reddit:author{number}",
        "text": f"text {number}",
        "published_at": NIGHT - timedelta(hours=2),
    }
    return records.Mention(**fields | changes)


def matched(number: int = 1, entity: str = "acme", terms: Sequence[str] = ("acme",)) -> records.MentionEntity:
    return records.MentionEntity(mention_id=f"reddit:{number}", entity_id=entity, matched_terms=list(terms))


def snapshot(number: int = 1, at: datetime = NIGHT, **counts: Any) -> records.EngagementSnapshot:
    age = counts.pop("age_hours", 2.0)
    return records.EngagementSnapshot(mention_id=f"reddit:{number}", captured_at=at, age_hours=age, **counts)


def account(number: int = 1, **changes: Any) -> records.Account:
    return records.Account(
        account_id=f"reddit:author{number}", platform="reddit", native_id=f"author{number}", **changes
    )


def stage(
    folder: Path,
    items: Sequence[Item],
    *,
    as_of: datetime = NIGHT,
    run_id: str = "run-1",
    window_id: str = "window-1",
    collection: Sequence[dict[str, Any]] = (),
) -> Path:
    """Write a batch directory as flows does; its name is the batch's id."""
    folder.mkdir(parents=True)
    keys = [(f"{window_id}/1/{n // ITEMS_A_PAGE:04d}-key", n % ITEMS_A_PAGE) for n in range(len(items))]
    about = {"batch_id": folder.name, "run_id": run_id, "source": "forum", "platform": "reddit"}
    about |= {"as_of": as_of.isoformat(), "pages": len({page for page, _ in keys})}
    (folder / "batch.json").write_text(json.dumps(about))
    rows: dict[str, list[tuple[str, int, records.Record]]] = {}
    names = {record: name for name, record in records.TABLES.items()}
    for key, item in zip(keys, items, strict=True):
        for row in item.rows:
            rows.setdefault(names[type(row)], []).append((*key, row))
    for name, found in rows.items():
        records.frame(records.TABLES[name], found).write_parquet(folder / f"{name}.parquet")
    pairs = list(zip(keys, items, strict=True))
    of_item = [(*key, _mention_of(item), item.outcome, item.reason, item.payload) for key, item in pairs]
    pl.DataFrame(of_item, schema=ITEM, orient="row").write_parquet(folder / "item.parquet")
    if gone := [(*key, item.gone, "reddit", as_of, "removed") for key, item in pairs if item.gone]:
        pl.DataFrame(gone, schema=DELETION, orient="row").write_parquet(folder / "deletion.parquet")
    if refused := [(*key, _mention_of(item), list(item.refused)) for key, item in pairs if item.refused]:
        schema = {**records.LINEAGE, "mention_id": pl.String(), "reasons": pl.List(pl.String())}
        pl.DataFrame(refused, schema=schema, orient="row").write_parquet(folder / "quarantine.parquet")
    if collection:
        pl.DataFrame(list(collection)).write_parquet(folder / "collection.parquet")
    return folder


def _mention_of(item: Item) -> str | None:
    named = item.gone or item.off_topic
    return named or next((row.mention_id for row in item.rows if isinstance(row, records.Mention)), None)


class Warehouse:
    """A warehouse file, and batches loaded into it by the dozen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = connect(folder / "soundings.duckdb")
        migrate(self.con)
        self.batches = 0

    def load(self, *items: Item, **about: Any) -> tuple[int, int, int, int]:
        """Load the items as a batch of its own: loaded, duplicate, rejected, quarantined."""
        self.batches += 1
        folder = stage(self.folder / f"batch-{self.batches}", items, **about)
        counts = load_batch(self.con, folder, loaded_at=LOADED_AT)
        assert counts.fetched == len(items)
        return counts.loaded, counts.duplicate, counts.rejected, counts.quarantined

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(parameters)).fetchall()

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        return content(self.con)


def content(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of schema raw."""
    tables = con.execute("select table_name from duckdb_tables() where schema_name = 'raw' order by 1").fetchall()
    return {name: con.execute(f"from raw.{name} order by all").fetchall() for (name,) in tables}
