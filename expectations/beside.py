"""What a suite may read besides its own rows: the batch's other files, and what the warehouse knows of them.

The `known_*` files are written beside the batch by `warehouse/known.py`; a folder without them knows nothing.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from expectations.literals import quote

_LINEAGE = {"page_id": "varchar", "item_no": "bigint"}
COUNTERS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")

FILES: dict[str, dict[str, str]] = {
    "mention": {
        **_LINEAGE,
        **dict.fromkeys(("mention_id", "kind", "author_id", "text", "parent_id", "found_by"), "varchar"),
    },
    "engagement_snapshot": {**_LINEAGE, "mention_id": "varchar", "captured_at": "timestamp"},
    "account": {**_LINEAGE, "account_id": "varchar"},
    "account_snapshot": {**_LINEAGE, "account_id": "varchar", "captured_at": "timestamp"},
    "interaction": {**_LINEAGE, "mention_id": "varchar", "kind": "varchar"},
    "referral_daily": {
        **_LINEAGE,
        "site": "varchar",
        "visit_date": "date",
        "referrer": "varchar",
        "landing_page": "varchar",
    },
    "text_signal": {"mention_id": "varchar", "model_version": "varchar"},
    "known_mention": {"mention_id": "varchar"},
    "known_account": {"account_id": "varchar"},
    "known_counter": {"mention_id": "varchar", "captured_at": "timestamp", **dict.fromkeys(COUNTERS, "bigint")},
    "known_follower": {"account_id": "varchar", "captured_at": "timestamp", "followers": "bigint"},
    "known_capability": {"platform": "varchar", "metric": "varchar", "reporting": "varchar"},
}
"""File → the columns that suites read of it, as `staged_<file>`."""


def open_files(con: duckdb.DuckDBPyConnection, batch_dir: Path) -> None:
    """A view `staged_<file>` over each of FILES; of a file that is absent it is empty."""
    con.execute("set variable batch_dir = ?", [str(batch_dir)])
    for name, columns in FILES.items():
        if (batch_dir / f"{name}.parquet").exists():
            values = ", ".join(f"{quote(column)}::{kind} as {quote(column)}" for column, kind in columns.items())
            rows = f"{values} from read_parquet(getvariable('batch_dir') || '/{name}.parquet')"
        else:
            rows = ", ".join(f"null::{kind} as {quote(column)}" for column, kind in columns.items()) + " where false"
        con.execute(f"create or replace temp view {quote(f'staged_{name}')} as select {rows}")


def repeated(file: str, *keys: str) -> str:
    """A lookup: keys that one item brings more than once, with `copies`. Hashes first: there are nearly always none."""
    columns = ", ".join(("page_id", "item_no", *keys))
    return (
        f"with suspect as (select hash({columns}) as key_hash from staged_{file} group by all having count(*) > 1)"  # noqa: S608 - our own names
        f" select {columns}, count(*) as copies from staged_{file}"
        f" where hash({columns}) in (select key_hash from suspect) group by all having count(*) > 1"
    )


def joined_repeated(file: str, *keys: str) -> str:
    """Joins the lookup `repeated_<file>`: a row whose key its item brings once has no `copies`."""
    return f"left join repeated_{file} as repeated using (page_id, item_no, {', '.join(keys)})"
