"""The configuration in schema raw, and whether the models must be built anew."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from staged_items import NIGHT, Item, Warehouse, mention, night

from warehouse.configuration import configure
from warehouse.errors import WarehouseError

ENTITY = {
    "entity_id": "acme", "entity_name": "Acme", "entity_kind": "brand", "is_own": True, "parent_entity_id": None,
    "competitor_set": "air",
}  # fmt: skip
TARGET = {"target_id": "t", "metric": "mentions", "entity_id": "acme", "month": date(2026, 3, 1), "target": 10}
TABLES: dict[str, list[dict[str, Any]]] = {
    "entity": [ENTITY],
    "setting": [{"name": "weight_likes", "value": "1"}],
    "target": [TARGET],
}


def _configure(warehouse: Warehouse, tables: dict[str, list[dict[str, Any]]], run_id: str = "run-1") -> bool:
    return configure(warehouse.con, run_id=run_id, as_of=NIGHT, started_at=night(1), tables=tables)


def _build(warehouse: Warehouse) -> None:
    warehouse.con.execute("update raw.build set built_load_seq = (select coalesce(max(load_seq), 0) from raw.load)")


def test_a_change_asks_for_a_rebuild_until_the_models_are_built(warehouse: Warehouse) -> None:
    assert _configure(warehouse, TABLES)
    assert _configure(warehouse, TABLES, "run-2")  # the first was killed before it built
    _build(warehouse)
    assert not _configure(warehouse, TABLES, "run-3")
    assert _configure(warehouse, {**TABLES, "entity": [{**ENTITY, "is_own": False}]}, "run-4")
    assert warehouse.rows("select is_own from raw.entity") == [(False,)]


def test_the_same_rows_in_another_order_are_no_change(warehouse: Warehouse) -> None:
    two = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    _configure(warehouse, {"setting": two})
    _build(warehouse)
    assert not _configure(warehouse, {"setting": two[::-1]}, "run-2")


def test_a_row_that_is_gone_from_the_configuration_is_gone(warehouse: Warehouse) -> None:
    _configure(warehouse, TABLES)
    _build(warehouse)
    assert _configure(warehouse, {"entity": [ENTITY]}, "run-2")
    assert warehouse.rows("from raw.target") == []
    assert warehouse.rows("select entity_name, parent_entity_id from raw.entity") == [("Acme", None)]


def test_a_resumed_run_is_noted_once(warehouse: Warehouse) -> None:
    _configure(warehouse, TABLES)
    _configure(warehouse, TABLES)
    assert warehouse.rows("from raw.run") == [("run-1", NIGHT, night(1))]


def test_loads_do_not_undo_the_wish_for_a_rebuild(warehouse: Warehouse) -> None:
    _configure(warehouse, TABLES)
    warehouse.load(Item((mention(),)))
    assert _configure(warehouse, TABLES, "run-2")


@pytest.mark.parametrize(
    ("tables", "wrong"),
    [
        ({"mention": []}, "no tables of the configuration: mention"),
        ({"setting": [{"name": "a", "value": "b", "note": "c"}]}, "raw.setting has no column note"),
    ],
)
def test_an_unknown_table_or_column_is_named_and_nothing_is_written(
    warehouse: Warehouse, tables: dict[str, list[dict[str, Any]]], wrong: str
) -> None:
    with pytest.raises(WarehouseError, match=wrong):
        _configure(warehouse, {"entity": [ENTITY], **tables})
    assert warehouse.rows("from raw.entity") == []
    assert warehouse.rows("from raw.run") == []
