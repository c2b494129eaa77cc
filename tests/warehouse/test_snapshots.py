"""Which engagement snapshots are kept."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from staged_items import NIGHT, Item, Warehouse, mention, night, snapshot

KEPT = "select captured_at, likes, replies from raw.engagement_snapshot order by captured_at"


@pytest.mark.parametrize(
    ("second", "is_kept"),
    [
        ({"likes": 3, "replies": 0, "age_hours": 2.9}, False),
        ({"likes": 4, "replies": 0, "age_hours": 2.9}, True),
        ({"likes": 2, "replies": 0, "age_hours": 2.9}, True),  # unlikes
        ({"likes": None, "replies": 0, "age_hours": 2.9}, True),  # not told any more
        ({"likes": 3, "replies": 0, "views": 0, "age_hours": 2.9}, True),  # told for the first time
        ({"likes": 3, "replies": 0, "age_hours": 3.0}, True),  # the ladder's next age
        ({"likes": 3, "replies": 0, "age_hours": 800.0}, True),
    ],
)
def test_a_snapshot_is_kept_when_a_count_changed_or_an_age_was_reached(
    warehouse: Warehouse, second: dict[str, float | None], is_kept: bool
) -> None:
    warehouse.load(Item((mention(), snapshot(likes=3, replies=0, age_hours=2.0))))
    at = NIGHT + timedelta(hours=1)
    warehouse.load(Item((mention(), snapshot(at=at, **second))), as_of=at)
    assert [row[0] for row in warehouse.rows(KEPT)] == [NIGHT, at] if is_kept else [NIGHT]


def test_a_moment_is_told_once(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), snapshot(likes=1))), Item((mention(), snapshot(likes=2))))
    warehouse.load(Item((mention(), snapshot(likes=9))))
    assert warehouse.rows(KEPT) == [(NIGHT, 2, None)]


def test_counts_alone_make_an_item_a_duplicate_that_adds_a_snapshot(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), snapshot(likes=1))))
    assert warehouse.load(Item((snapshot(at=night(1), likes=5),)), as_of=night(1)) == (0, 1, 0, 0)
    assert warehouse.rows("select snapshots from raw.load order by load_seq") == [(1,), (1,)]
    assert warehouse.rows("select mention_id, state from raw.touched where load_seq = 2") == [("reddit:1", "new")]


def test_an_older_snapshot_is_held_against_the_one_before_it(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), snapshot(at=night(0), likes=1))))
    warehouse.load(Item((snapshot(at=night(4), likes=9),)), as_of=night(4))
    warehouse.load(Item((snapshot(at=night(2), likes=1),)), as_of=night(2))
    warehouse.load(Item((snapshot(at=night(3), likes=5),)), as_of=night(3))
    assert warehouse.rows(KEPT) == [(night(0), 1, None), (night(3), 5, None), (night(4), 9, None)]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, 0, 1]), st.integers(0, 3)), min_size=1, max_size=4))
def test_a_history_in_one_batch_is_kept_like_one_that_came_night_by_night(steps: list[tuple[int | None, int]]) -> None:
    age, told = 0.0, []
    for number, (likes, hours) in enumerate(steps):
        age += hours
        told.append(snapshot(at=night(number), likes=likes, age_hours=age))
    kept = []
    for together in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            warehouse = Warehouse(Path(folder))
            if together:
                warehouse.load(Item((mention(), *told)))
            else:
                for number, one in enumerate(told):
                    warehouse.load(Item((mention(), one)), as_of=night(number))
            kept.append(warehouse.rows(KEPT))
            warehouse.con.close()
    assert kept[0] == kept[1]
