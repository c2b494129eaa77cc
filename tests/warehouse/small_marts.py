"""A warehouse with marts made by hand, and the allow-list for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from warehouse.connection import connect, literal

AS_OF = datetime.fromisoformat("2026-03-01T02:00")
KEY = "0f" * 32
Publish = Callable[..., Path]
ALLOW = """
[fct_mentions]
partition_by = "published_at"
plain = ["platform", "published_at", "likes"]

[fct_mentions.personal]
mention_id = "key"
author_id = "key"
author_handle = "tracked_only"
text = "blank_text"
url = "drop"

[dim_accounts]
plain = ["followers"]

[dim_accounts.personal]
account_id = "key"
handle = "tracked_only"
display_name = "drop"

[kpi_entity_daily]
plain = ["entity_id", "report_date", "mentions"]
"""
MARTS = """
create schema marts;
create table marts.fct_mentions as
select
    'reddit:' || i as mention_id, 'reddit' as platform, 'reddit:author' || i % 3 as author_id,
    if(i % 3 = 0, 'acme', 'ann' || i % 3) as author_handle,
    'Hi @ann' || i % 3 || ' and @acme, ann@mail.example, https://x.example/ann?q=1 or +1 555 123 4567' as text,
    'https://x.example/' || i as url,
    timestamp '2026-01-15 12:00:00' + to_days(i * 10) as published_at, i as likes
from range(9) as t (i);
create table marts.dim_accounts as
select 'reddit:author' || i as account_id, if(i = 0, 'acme', 'ann' || i) as handle, 'Ann ' || i as display_name,
    i as followers
from range(3) as t (i);
create table marts.kpi_entity_daily as
select 'acme' as entity_id, date '2026-01-15' + i::int as report_date, i as mentions from range(80) as t (i);
"""
COLUMNS = {
    "fct_mentions": ["mention_id", "platform", "author_id", "author_handle", "text", "url", "published_at", "likes"],
    "dim_accounts": ["account_id", "handle", "display_name", "followers"],
    "kpi_entity_daily": ["entity_id", "report_date", "mentions"],
}


def make_marts(folder: Path) -> tuple[Path, Path]:
    """The warehouse's and the allow-list's paths."""
    path, allow = folder / "soundings.duckdb", folder / "allow.toml"
    allow.write_text(ALLOW)
    with connect(path) as con:
        con.execute(MARTS)
        for table, columns in COLUMNS.items():
            con.execute(f"comment on table marts.{table} is {literal(f'Grain of {table}: it’s this.')}")
            for column in columns:
                con.execute(f"comment on column marts.{table}.{column} is 'What {column} is. Personal.'")
    return path, allow


def change(path: Path, *statements: str) -> None:
    """Change the marts as a night would."""
    with connect(path) as con:
        for statement in statements:
            con.execute(statement)


def query(file: Path, sql: str) -> list[tuple[object, ...]]:
    with connect(file, read_only=True) as con:
        return con.execute(sql).fetchall()
