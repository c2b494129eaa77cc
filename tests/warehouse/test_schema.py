"""The DDL of schema raw is held to the records, which are its definition."""

from __future__ import annotations

import polars as pl
import pytest
from staged_items import Warehouse

from flows import records
from warehouse.load import ITEM_FILES

SQL_TYPES = {
    pl.String(): "VARCHAR",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",
    pl.Boolean(): "BOOLEAN",
    pl.Datetime("us"): "TIMESTAMP",
    pl.Date(): "DATE",
    pl.List(pl.String()): "VARCHAR[]",
    pl.List(pl.Float64()): "DOUBLE[]",
}
RECORDS = {**records.TABLES, **records.SIGNALS}
LOADERS_OWN = {
    "mention": ["source", "first_seen_at", "seen_at", "content_hash", "load_seq"],
    "account": ["first_seen_at", "seen_at", "load_seq"],
    "referral_daily": ["source", "load_seq"],
    "account_rank": ["run_id", "load_seq"],
}


@pytest.mark.parametrize("table", list(RECORDS))
def test_a_record_table_has_the_records_columns_and_then_the_loaders(warehouse: Warehouse, table: str) -> None:
    stored = warehouse.rows(
        "select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = ? "
        "order by column_index",
        table,
    )
    schema = records.schema(RECORDS[table])
    expected = [(name, SQL_TYPES[dtype]) for name, dtype in schema.items()]
    assert stored[: len(expected)] == expected
    assert [name for name, _ in stored[len(expected) :]] == LOADERS_OWN.get(table, ["load_seq"])


@pytest.mark.parametrize("table", list(RECORDS))
def test_what_a_record_requires_is_not_null(warehouse: Warehouse, table: str) -> None:
    required = {field.name for field in records.msgspec.structs.fields(RECORDS[table]) if field.required}
    stored = warehouse.rows(
        "select column_name from duckdb_columns() where schema_name = 'raw' and table_name = ? and not is_nullable",
        table,
    )
    assert required <= {name for (name,) in stored}


def test_the_loader_reads_every_record_table() -> None:
    assert set(records.TABLES) <= set(ITEM_FILES)
