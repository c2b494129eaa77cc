"""A query that was narrowed lets go of what it no longer matches; nothing else takes entities away."""

from __future__ import annotations

from datetime import datetime

import pytest
from staged_items import LOADED_AT, Item, Warehouse, account, matched, mention, night, rejected, snapshot, stage

from warehouse.load import load_batch

ENTITIES = "select mention_id, entity_id from raw.mention_entity order by all"
TOUCHED = "select mention_id, entity_id, author_id, state from raw.touched where load_seq = ? order by all"


@pytest.mark.parametrize("when", [night(0), night(1)], ids=["a replay of its own page", "the next night"])
def test_a_rejected_mention_loses_its_entities_and_the_models_are_told(warehouse: Warehouse, when: datetime) -> None:
    both = matched(1), matched(1, "bolt")
    warehouse.load(Item((mention(1), *both, snapshot(1, likes=3))), Item((mention(2), matched(2))))
    assert warehouse.load(rejected(1), Item((mention(2), matched(2))), as_of=when) == (0, 1, 1, 0)
    assert warehouse.rows(ENTITIES) == [("reddit:2", "acme")]
    assert warehouse.rows(TOUCHED, 2) == [
        ("reddit:1", "acme", "reddit:author1", "old"),
        ("reddit:1", "bolt", "reddit:author1", "old"),
        ("reddit:1", None, "reddit:author1", "new"),
    ]
    assert warehouse.rows("select text, found_by, seen_at from raw.mention where native_id = '1'") == [
        ("text 1", "query", when)
    ]
    assert warehouse.rows("select likes from raw.engagement_snapshot") == [(3,)]


def test_a_mention_rejected_again_changes_nothing_more(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    warehouse.load(rejected(), as_of=night(1))
    assert warehouse.rows(ENTITIES) == []
    before = warehouse.content()
    assert warehouse.load(rejected(), rejected(), as_of=night(2)) == (0, 0, 2, 0)
    after = warehouse.content()
    assert {name for name in after if after[name] != before[name]} == {"load", "load_window"}


def test_a_rejection_older_than_what_is_stored_takes_nothing_away(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())), as_of=night(1))
    assert warehouse.load(rejected(), as_of=night(0)) == (0, 0, 1, 0)
    assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]
    assert warehouse.rows(TOUCHED, 2) == []


@pytest.mark.parametrize("validation", [(), ("broken",)], ids=["loaded", "quarantined"])
def test_a_mention_that_another_item_of_the_batch_matched_is_kept(
    warehouse: Warehouse, validation: tuple[str, ...]
) -> None:
    warehouse.load(Item((mention(), matched())))
    again = Item((mention(), matched()), refused=validation)
    for number, items in enumerate([(again, rejected()), (rejected(), again)], start=1):
        assert warehouse.load(*items, as_of=night(number))[2] == 1
        assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]


def test_a_page_that_matched_nothing_takes_nothing_away_by_itself(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    for number, way in enumerate(("thread", "account"), start=1):
        item = Item((mention(found_by=way), snapshot(at=night(number), likes=number), account()))
        warehouse.load(item, as_of=night(number))
        assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]


def test_a_refresh_beside_a_rejection_gets_no_credit_for_it(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    refresh = Item((mention(found_by="thread"), snapshot(at=night(1), likes=5)))
    assert warehouse.load(refresh, rejected(), as_of=night(1)) == (0, 1, 1, 0)
    assert warehouse.rows(ENTITIES) == []
    assert warehouse.rows(TOUCHED, 2) == [
        ("reddit:1", "acme", "reddit:author1", "old"),
        ("reddit:1", None, "reddit:author1", "new"),
    ]
    assert warehouse.rows("select likes from raw.engagement_snapshot") == [(5,)]


def test_a_refresh_that_brings_an_edit_beside_a_rejection_is_loaded_and_let_go(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    refresh = Item((mention(text="edited", found_by="thread"),))
    assert warehouse.load(refresh, rejected(), as_of=night(1)) == (1, 0, 1, 0)
    assert warehouse.rows("select text, found_by, seen_at from raw.mention") == [("edited", "query", night(1))]
    assert warehouse.rows(ENTITIES) == []


def test_only_the_entity_that_no_longer_matches_lets_go(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched(entity="acme"), matched(entity="bolt"))))
    assert warehouse.load(Item((mention(), matched(entity="bolt"))), as_of=night(0)) == (1, 0, 0, 0)
    assert warehouse.rows(ENTITIES) == [("reddit:1", "bolt")]
    assert warehouse.rows(TOUCHED, 2) == [
        ("reddit:1", "acme", "reddit:author1", "old"),
        ("reddit:1", "bolt", "reddit:author1", "new"),
        ("reddit:1", "bolt", "reddit:author1", "old"),
    ]


def test_an_older_page_does_not_put_back_what_was_let_go_and_the_same_page_does(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    warehouse.load(rejected(), as_of=night(2))
    assert warehouse.load(Item((mention(), matched())), as_of=night(1)) == (0, 1, 0, 0)
    assert warehouse.rows(ENTITIES) == []
    assert warehouse.load(Item((mention(), matched())), as_of=night(2)) == (1, 0, 0, 0)  # the query was widened again
    assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]


def test_an_older_page_of_a_query_gives_entities_to_what_only_a_thread_had_found(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(found_by="thread"),)), as_of=night(2))
    assert warehouse.load(Item((mention(), matched())), as_of=night(1)) == (1, 0, 0, 0)
    assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]


def test_a_rejection_of_the_unknown_or_the_gone_or_the_nameless_is_only_counted(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(1), matched(1))), Item((mention(3),)))
    warehouse.load(Item(gone="reddit:1"), as_of=night(1))
    nameless = Item(outcome="rejected")
    assert warehouse.load(rejected(1), rejected(2), rejected(3), nameless, as_of=night(2)) == (0, 0, 4, 0)
    assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]  # what is gone keeps its past
    assert warehouse.rows(TOUCHED, 3) == []


def test_a_malformed_item_takes_nothing_away(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    malformed = Item(outcome="malformed", reason="no text", off_topic="reddit:1")
    assert warehouse.load(malformed, as_of=night(1)) == (0, 0, 0, 1)
    assert warehouse.rows(ENTITIES) == [("reddit:1", "acme")]


def test_letting_go_twice_with_the_same_batch_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched())))
    batch = stage(warehouse.folder / "narrowed", [rejected()], as_of=night(1))
    first = load_batch(warehouse.con, batch, loaded_at=LOADED_AT)
    before = warehouse.content()
    assert load_batch(warehouse.con, batch, loaded_at=LOADED_AT) == first
    assert warehouse.content() == before
    assert warehouse.rows(ENTITIES) == []
