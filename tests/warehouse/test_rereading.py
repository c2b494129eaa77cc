"""A mention that is read again: the newer page speaks, the stronger finding counts, and nothing known is lost."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from staged_items import (
    NIGHT,
    Item,
    Warehouse,
    account,
    matched,
    mention,
    night,
)


def test_the_last_item_speaks_for_a_mention_and_its_strongest_finding_counts(warehouse: Warehouse) -> None:
    found = warehouse.load(
        Item((mention(text="first", found_by="query"), matched(entity="acme"))),
        Item((mention(2), matched(2))),
        Item((mention(text="third page", found_by="thread"), matched(entity="bolt"))),
        Item((mention(text="last", found_by="account"),)),
    )
    assert found == (2, 2, 0, 0)
    assert warehouse.rows("select text, found_by from raw.mention where native_id = '1'") == [("last", "query")]
    entities = warehouse.rows("select entity_id from raw.mention_entity where mention_id = 'reddit:1' order by 1")
    assert entities == [("acme",), ("bolt",)]


def test_a_weaker_finding_takes_nothing_away_and_a_stronger_one_is_a_change(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(found_by="thread"),)))
    assert warehouse.load(Item((mention(found_by="query"), matched())), as_of=night(1)) == (1, 0, 0, 0)
    assert warehouse.load(Item((mention(found_by="thread"),)), as_of=night(2)) == (0, 1, 0, 0)
    assert warehouse.rows("select found_by from raw.mention") == [("query",)]
    assert warehouse.rows("select entity_id from raw.mention_entity") == [("acme",)]


def test_a_poorer_page_erases_nothing_and_replaces_the_text(warehouse: Warehouse) -> None:
    rich = mention(url="https://x.example/1", parent_id="reddit:0", root_id="reddit:0", hashtags=["a"])
    warehouse.load(Item((rich,)))
    poor = mention(author_id=None, text="edited", edited_at=NIGHT)
    assert warehouse.load(Item((poor,)), as_of=night(1)) == (1, 0, 0, 0)
    row = (
        "select author_id, text, url, parent_id, root_id, hashtags, edited_at, first_seen_at, seen_at from raw.mention"
    )
    assert warehouse.rows(row) == [
        ("reddit:author1", "edited", "https://x.example/1", "reddit:0", "reddit:0", [], NIGHT, NIGHT, night(1))
    ]


def test_a_mention_is_never_published_after_it_was_first_seen(warehouse: Warehouse) -> None:
    undated = [mention(published_at=night(number)) for number in range(3)]  # a feed without times: always now
    warehouse.load(Item((undated[0],)))
    assert warehouse.load(Item((undated[1],)), as_of=night(1)) == (0, 1, 0, 0)
    assert warehouse.load(Item((mention(published_at=night(2), text="edited"),)), as_of=night(2)) == (1, 0, 0, 0)
    assert warehouse.rows("select text, published_at from raw.mention") == [("edited", NIGHT)]
    earlier = NIGHT - timedelta(days=1)  # the platform corrects itself
    assert warehouse.load(Item((mention(published_at=earlier),)), as_of=night(3)) == (1, 0, 0, 0)
    assert warehouse.rows("select published_at from raw.mention") == [(earlier,)]


NULLABLE = ("author_id", "url", "language_reported", "parent_id", "root_id")
DRAWN = st.fixed_dictionaries(
    {"text": st.sampled_from(["a", "b"]), "found_by": st.sampled_from(["query", "account", "thread"])}
    | {name: st.sampled_from([None, "x:1", "x:2"]) for name in NULLABLE}
)


@settings(max_examples=8, deadline=None)
@given(old=DRAWN, new=DRAWN)
def test_pages_that_come_in_the_wrong_order_leave_the_same_mention(old: dict[str, Any], new: dict[str, Any]) -> None:
    columns = f"text, found_by, content_hash, first_seen_at, {', '.join(NULLABLE)}"
    ends = []
    for order in ((0, 1), (1, 0)):
        with tempfile.TemporaryDirectory() as folder:
            warehouse = Warehouse(Path(folder))
            for number in order:
                warehouse.load(Item((mention(**(old, new)[number]),)), as_of=night(number))
            ends.append(warehouse.rows(f"from raw.mention select {columns}"))
            warehouse.con.close()
    without_first_seen = [[(*row[:3], *row[4:]) for row in end] for end in ends]
    assert without_first_seen[0] == without_first_seen[1]
    assert without_first_seen[0][0][0] == new["text"]


def test_an_older_page_fills_only_what_is_not_known(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(text="new", author_id=None),)), as_of=night(5))
    assert warehouse.load(Item((mention(text="old", url="https://x.example/1"),)), as_of=night(1)) == (1, 0, 0, 0)
    assert warehouse.load(Item((mention(text="old", url="https://x.example/2"),)), as_of=night(2)) == (0, 1, 0, 0)
    assert warehouse.rows("select text, author_id, url, seen_at from raw.mention") == [
        ("new", "reddit:author1", "https://x.example/1", night(5))
    ]
    touched = warehouse.rows("select author_id, state from raw.touched where load_seq = 2 order by state")
    assert touched == [("reddit:author1", "new"), (None, "old")]


def test_a_changed_set_of_entities_replaces_the_old_one(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched(entity="acme"), matched(entity="bolt"))))
    assert warehouse.load(Item((mention(), matched(entity="bolt"), matched(entity="coil"))), as_of=night(1))[0] == 1
    assert warehouse.rows("select entity_id from raw.mention_entity order by 1") == [("bolt",), ("coil",)]
    touched = warehouse.rows("select entity_id, state from raw.touched where load_seq = 2 order by all")
    assert touched == [("acme", "old"), ("bolt", "new"), ("bolt", "old"), ("coil", "new")]
    assert warehouse.load(Item((mention(), matched(entity="acme"))), as_of=night(0))[1] == 1  # an older page


def test_an_account_keeps_what_a_later_page_does_not_say(warehouse: Warehouse) -> None:
    warehouse.load(Item((account(handle="ann", url="https://x.example/ann"),)), Item((account(is_bot=False),)))
    warehouse.load(Item((account(handle="anna"),)), as_of=night(2))
    warehouse.load(Item((account(handle="anne", display_name="Anne"),)), as_of=night(1))  # older
    row = "select handle, display_name, url, is_bot, first_seen_at, seen_at from raw.account"
    assert warehouse.rows(row) == [("anna", "Anne", "https://x.example/ann", False, NIGHT, night(2))]
