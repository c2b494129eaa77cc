"""Loading a batch: what becomes of each item, and what stands in the warehouse then."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest
from staged_items import (
    LOADED_AT,
    NIGHT,
    Item,
    Warehouse,
    account,
    content,
    matched,
    mention,
    night,
    snapshot,
    stage,
    visits,
)

from flows import records
from warehouse.errors import WarehouseError
from warehouse.ledger import built_load_seq, prune_touched
from warehouse.load import load_batch


def test_loading_the_same_batch_twice_changes_nothing(warehouse: Warehouse) -> None:
    batch = stage(warehouse.folder / "batch", [Item((mention(), matched(), snapshot(likes=3), account()))])
    first = load_batch(warehouse.con, batch, loaded_at=LOADED_AT)
    before = warehouse.content()
    assert load_batch(warehouse.con, batch, loaded_at=LOADED_AT + timedelta(hours=1)) == first
    assert warehouse.content() == before


def test_loading_the_same_posts_another_night_changes_no_content(warehouse: Warehouse) -> None:
    rows = (mention(), matched(), account(handle="ann"))
    warehouse.load(Item((*rows, snapshot(likes=3))))
    before = warehouse.content()
    assert warehouse.load(Item((*rows, snapshot(at=night(1), likes=3))), as_of=night(1)) == (0, 1, 0, 0)
    after = warehouse.content()
    assert {name for name in after if after[name] != before[name]} == {"load", "load_window"}


def test_every_item_has_one_outcome(warehouse: Warehouse) -> None:
    counts = warehouse.load(
        Item((mention(1), matched(1))),
        Item((mention(2), matched(2))),
        Item((mention(1), matched(1))),  # the same mention again
        Item(outcome="rejected"),
        Item(outcome="malformed", reason="required field 'id' is missing", payload='{"a": 1}'),
        Item((mention(3), matched(3), snapshot(3, likes=-1)), refused=("likes.range", "likes.sane"), payload="{}"),
        Item(),  # an item that brings nothing new: only a profile, or a poll's empty page
    )
    assert counts == (2, 2, 1, 2)
    assert warehouse.rows("select count(*) from raw.mention") == [(2,)]
    assert warehouse.rows("from raw.engagement_snapshot") == []
    assert warehouse.rows("select item_no, mention_id, reasons, payload, state from raw.quarantine order by all") == [
        (1, None, ["required field 'id' is missing"], '{"a": 1}', "open"),
        (2, "reddit:3", ["likes.range", "likes.sane"], "{}", "open"),
    ]


def test_all_rows_of_a_quarantined_item_are_withheld(warehouse: Warehouse) -> None:
    rows = (
        mention(),
        matched(),
        snapshot(likes=1),
        account(handle="ann"),
        records.AccountSnapshot(account_id="reddit:author1", captured_at=NIGHT, followers=1),
        records.Interaction(mention_id="reddit:1", kind="reply", occurred_at=NIGHT),
        records.ThreadRead(root_id="reddit:1", read_at=NIGHT, replies_read=1, is_complete=True),
        visits(sessions=4),
    )
    assert warehouse.load(Item(rows, refused=("broken",))) == (0, 0, 0, 1)
    held = {name for name, found in warehouse.content().items() if found}
    assert held == {"build", "load", "load_window", "quarantine", "schema_version"}
    assert warehouse.load(Item(rows)) == (1, 0, 0, 0)
    assert {name for name, found in warehouse.content().items() if found} - held == {*records.TABLES, "touched"}


def test_the_touched_rows_tell_the_models_the_old_and_the_new_state(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(1), matched(1))), Item((mention(2), matched(2))), Item((mention(3),)))
    moved = mention(1, published_at=NIGHT - timedelta(days=3), author_id="reddit:other")
    again = (Item((moved, matched(1))), Item((mention(2), matched(2), snapshot(2, likes=1))), Item((mention(3),)))
    warehouse.load(*again, as_of=night(1))
    states = "select mention_id, entity_id, author_id, state from raw.touched where load_seq = ? order by all"
    assert warehouse.rows(states, 1) == [
        ("reddit:1", "acme", "reddit:author1", "new"),
        ("reddit:2", "acme", "reddit:author2", "new"),
        ("reddit:3", None, "reddit:author3", "new"),
    ]
    assert warehouse.rows(states, 2) == [
        ("reddit:1", "acme", "reddit:author1", "old"),
        ("reddit:1", "acme", "reddit:other", "new"),
        ("reddit:2", "acme", "reddit:author2", "new"),
    ]
    warehouse.con.execute("update raw.build set built_load_seq = 1")
    assert (prune_touched(warehouse.con), built_load_seq(warehouse.con)) == (3, 1)
    assert warehouse.rows("select distinct load_seq from raw.touched") == [(2,)]


def test_followers_are_kept_when_they_change(warehouse: Warehouse) -> None:
    for number, followers in enumerate((5, 5, 6, 6, None, 6)):
        reading = records.AccountSnapshot(
            account_id="reddit:author1", captured_at=night(number), followers=followers, following=2
        )
        warehouse.load(Item((reading,)), as_of=night(number))
    rows = warehouse.rows("select captured_at, followers from raw.account_snapshot order by 1")
    assert rows == [(night(0), 5), (night(2), 6), (night(4), None), (night(5), 6)]


def test_edges_and_thread_readings_are_kept_once(warehouse: Warehouse) -> None:
    edge = records.Interaction(mention_id="reddit:2", kind="reply", target_mention_id="reddit:1", occurred_at=NIGHT)
    reading = records.ThreadRead(root_id="reddit:1", read_at=NIGHT, replies_read=4, is_complete=False)
    for number in (0, 1):
        warehouse.load(Item((edge, reading)), Item((edge, reading)), as_of=night(number))
    assert warehouse.rows("select count(*) from raw.interaction") == [(1,)]
    assert warehouse.rows("select replies_read from raw.thread_read") == [(4,)]


def test_a_window_tells_its_quarantined_items_over_all_its_batches(warehouse: Warehouse) -> None:
    bad = Item(outcome="malformed", reason="no id")
    window = {
        "run_id": "run-1", "source": "forum", "platform": "reddit", "verb": "discover", "topic_id": "acme",
        "window_id": "topic/day-1", "window_start": NIGHT, "window_end": night(1), "asked_at": NIGHT,
        "is_covered": True, "pages": 2, "items": 5, "rejected": 0, "lost_items": 0, "rate_limited": 1, "error": None,
    }  # fmt: skip
    warehouse.load(bad, bad, window_id="topic/day-1")
    warehouse.load(bad, window_id="topic/day-10", run_id="run-1")
    warehouse.load(bad, window_id="topic/day-1", run_id="run-0")
    other = {**window, "window_id": "topic/day-2"}
    warehouse.load(Item((mention(),)), bad, window_id="topic/day-1", collection=[window, other])
    rows = warehouse.rows("select window_id, quarantined, error, load_seq from raw.collection order by 1")
    assert rows == [("topic/day-1", 3, None, 4), ("topic/day-2", 0, None, 4)]


def test_the_ledger_tells_each_window_of_a_load_what_became_of_its_items(warehouse: Warehouse) -> None:
    one, two = mention(), mention(2)
    warehouse.load(Item((one,)), Item((one,)), window_id="topic/day-1")
    warehouse.load(Item((one,)), Item((two,)), Item(outcome="rejected"), Item(outcome="malformed", reason="no id"),
                   window_id="topic/day-2")  # fmt: skip
    names = "fetched, loaded, duplicate, rejected, quarantined"
    rows = warehouse.rows(f"select load_seq, window_id, {names} from raw.load_window order by 1")
    assert rows == [(1, "topic/day-1", 2, 1, 1, 0, 0), (2, "topic/day-2", 4, 1, 1, 1, 1)]
    assert warehouse.rows(f"select load_seq, {names} from raw.load order by 1") == [(r[0], *r[2:]) for r in rows]


def test_a_batch_that_only_says_how_its_windows_ended_loads(warehouse: Warehouse) -> None:
    assert warehouse.load() == (0, 0, 0, 0)
    assert warehouse.rows("select fetched, pages from raw.load") == [(0, 0)]


@pytest.mark.parametrize(
    ("items", "wrong"),
    [
        ([Item((mention(),), outcome="rejected")], "1 rows of mention.parquet belong to no candidate item"),
        ([Item((snapshot(likes=1),), outcome="malformed")], "1 rows of engagement_snapshot.parquet"),
        ([Item((mention(),)), Item(outcome="forgotten")], "does not balance"),
    ],
)
def test_a_batch_that_contradicts_itself_loads_nothing(warehouse: Warehouse, items: list[Item], wrong: str) -> None:
    before = warehouse.content()
    with pytest.raises(WarehouseError, match=wrong):
        warehouse.load(*items)
    assert warehouse.content() == before
    assert warehouse.load(Item((mention(),))) == (1, 0, 0, 0)  # and the connection is good for more


def test_an_error_in_the_middle_undoes_the_whole_batch(warehouse: Warehouse) -> None:
    batch = stage(warehouse.folder / "batch", [Item((mention(), snapshot(likes=1)))])
    before = warehouse.content()
    whole = (batch / "engagement_snapshot.parquet").read_bytes()
    (batch / "engagement_snapshot.parquet").write_bytes(whole[:-40])
    with pytest.raises(duckdb.Error):
        load_batch(warehouse.con, batch, loaded_at=LOADED_AT)
    assert content(warehouse.con) == before
    (batch / "engagement_snapshot.parquet").write_bytes(whole)
    assert load_batch(warehouse.con, batch, loaded_at=LOADED_AT).loaded == 1


def test_a_missing_batch_is_named_with_the_fix(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match=r"nowhere/batch\.json cannot be read .* stage the batch again"):
        load_batch(warehouse.con, warehouse.folder / "nowhere", loaded_at=LOADED_AT)


def test_hostile_texts_are_stored_as_they_are(warehouse: Warehouse) -> None:
    texts = ["'; drop table raw.mention; --", "\0", "a\x1fb\x1e", "‮evil", "{{ ref('x') }}", "", "😀" * 5000]
    warehouse.load(*(Item((mention(number, text=text),)) for number, text in enumerate(texts)))
    assert [row[0] for row in warehouse.rows("select text from raw.mention order by native_id::int")] == texts


def test_pages_of_one_reading_of_a_thread_add_up(warehouse: Warehouse) -> None:
    first = records.ThreadRead(root_id="reddit:1", read_at=NIGHT, replies_read=40, is_complete=False)
    last = records.ThreadRead(root_id="reddit:1", read_at=NIGHT, replies_read=2, is_complete=True)
    warehouse.load(Item((mention(), first)), Item(), Item(), Item((last,)))  # two pages of three
    assert warehouse.rows("select replies_read, is_complete from raw.thread_read") == [(42, True)]


def test_a_day_of_visits_is_replaced_by_a_newer_reading_only(warehouse: Warehouse) -> None:
    assert warehouse.load(Item((visits(sessions=4),))) == (1, 0, 0, 0)
    assert warehouse.load(Item((visits(sessions=4, captured_at=night(1)),)), as_of=night(1)) == (0, 1, 0, 0)
    assert warehouse.load(Item((visits(sessions=6, captured_at=night(2)),)), as_of=night(2)) == (1, 0, 0, 0)
    assert warehouse.load(Item((visits(sessions=5, captured_at=night(1)),)), as_of=night(1)) == (0, 1, 0, 0)
    assert warehouse.rows("select sessions, captured_at from raw.referral_daily") == [(6, night(2))]
