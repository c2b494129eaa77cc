"""Puts one batch of staged Parquet into schema raw: all of it in one transaction, and only once.

The rules are SQL, in `load_steps/`, one file a subject; this module opens the files, runs the steps and checks them.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from warehouse.connection import transaction
from warehouse.coverage import LADDER_HOURS
from warehouse.errors import WarehouseError
from warehouse.ledger import LoadCounts, find_load, last_load_seq

STEPS = Path(__file__).parent / "load_steps"
VERDICT = "verdict.json"  # what validation wrote beside the batch

ITEM_FILES = {
    "mention": "mention",
    "mention_entity": "mention_entity",
    "engagement_snapshot": "engagement_snapshot",
    "account": "account",
    "account_snapshot": "account_snapshot",
    "interaction": "interaction",
    "thread_read": "thread_read",
    "referral_daily": "referral_daily",
    "deletion": "tombstone",
}
"""Files whose rows belong to items, and the raw table that has the columns of one that is absent, being empty."""

_OTHER_FILES = {
    "quarantine": "quarantine",
    "collection": "collection",
    "origin": "quarantine",
    "release": "quarantine",
    "absence": "absence",
    "asked": "asked",
}
"""`origin`: what a release needs to know of a page with quarantined items; `release`: which quarantined item each item
of the batch is, and what is waived for it."""


class Batch(msgspec.Struct, frozen=True):
    """`batch.json`: whose rows these are. All pages of a batch have its `as_of`."""

    batch_id: str
    run_id: str
    source: str
    platform: str
    as_of: datetime
    pages: int
    booked_as: str | None = None  # the ledger's name for it, where that is not the source: a release

    def describe(self) -> str:
        """How messages name it."""
        return f"batch {self.batch_id} of {self.source}"


def read_batch(batch_dir: Path) -> Batch:
    """The description of a staged batch. Raises WarehouseError where it is missing or incomplete."""
    path = batch_dir / "batch.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Batch)
    except (OSError, msgspec.MsgspecError) as error:
        raise WarehouseError(f"{path} cannot be read ({error}): stage the batch again from its landing") from error


def load_batch(con: duckdb.DuckDBPyConnection, batch_dir: Path, *, loaded_at: datetime) -> LoadCounts:
    """Load a staged batch, or find that it is loaded already and change nothing; its counts either way.

    Raises WarehouseError where its files contradict each other, and DuckDB's own errors; nothing is kept then.
    """
    batch = read_batch(batch_dir)
    with transaction(con) as work:
        return find_load(work, batch.batch_id) or _load(work, batch, batch_dir, loaded_at)


def _load(work: duckdb.DuckDBPyConnection, batch: Batch, batch_dir: Path, loaded_at: datetime) -> LoadCounts:
    verdict = batch_dir / VERDICT
    variables = {
        **msgspec.structs.asdict(batch),
        "booked_as": batch.booked_as or batch.source,
        "load_seq": last_load_seq(work) + 1,
        "loaded_at": loaded_at,
        "verdict": verdict.read_text("utf-8") if verdict.exists() else None,
    }
    for name, value in variables.items():
        work.execute(f"set variable {name} = ?", [value])
    rungs = " + ".join(f"(age_hours >= {hours})::int" for hours in LADDER_HOURS)
    work.execute(f"create temp macro ladder(age_hours) as {rungs}")
    _open_files(work, batch_dir)
    first, *others = sorted(STEPS.glob("*.sql"))
    work.execute(first.read_text("utf-8"))
    _refuse_contradictions(work, batch)
    _set_aside(work)
    for step in others:
        work.execute(step.read_text("utf-8"))
    counts = find_load(work, batch.batch_id)
    if counts is None or not counts.is_balanced:
        raise WarehouseError(f"{batch.describe()} does not balance, nothing was loaded: {counts and asdict(counts)}")
    return counts


def _open_files(work: duckdb.DuckDBPyConnection, batch_dir: Path) -> None:
    """A view `in_<file>` over each file of the batch; the steps read these."""
    work.execute("set variable batch_dir = ?", [str(batch_dir)])
    for name, table in {"item": None, **ITEM_FILES, **_OTHER_FILES}.items():
        if table is None or (batch_dir / f"{name}.parquet").exists():
            rows = f"from read_parquet(getvariable('batch_dir') || '/{name}.parquet', file_row_number = true)"
        else:
            lineage = "select null::varchar as page_id, null::bigint as item_no, null::bigint as file_row_number"
            rows = f"from ({lineage} union all by name from raw.{table}) where false"
        work.execute(f"create temp view in_{name} as {rows}")


def _refuse_contradictions(work: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Rows that belong to no item would be lost without a word; items that stand twice would count twice."""
    uneven = "from page where (items, 0, items - 1) is distinct from (distinct_items, first_item, last_item)"
    if _count(work, uneven):
        raise WarehouseError(
            f"{batch.describe()}: the items of a page in item.parquet are not numbered 0, 1, 2, … once each"
        )
    for name in ITEM_FILES:
        strays = (
            f"from in_{name} as r left join page as p using (page_id) "
            "left join excluded as x on key_of(p.page_no, r.item_no) = x.item_key and x.outcome <> 'candidate' "
            "where p.page_id is null or r.item_no not between 0 and p.last_item or x.item_key is not null"
        )
        if lost := _count(work, strays):
            raise WarehouseError(f"{batch.describe()}: {lost} rows of {name}.parquet belong to no candidate item")


def _set_aside(work: duckdb.DuckDBPyConnection) -> None:
    """A view `good_<file>` of the rows that may be loaded, with their item's key."""
    for name in ITEM_FILES:
        keyed = (
            f"from in_{name} as r join page as p using (page_id) select r.*, key_of(p.page_no, r.item_no) as item_key"
        )
        work.execute(f"create temp view good_{name} as from ({keyed}) anti join excluded using (item_key)")


def _count(work: duckdb.DuckDBPyConnection, query: str) -> int:
    row = work.execute(f"select count(*) {query}").fetchone()
    return int(row[0]) if row else 0
