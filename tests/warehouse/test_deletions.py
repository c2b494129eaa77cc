"""What the platform says is gone is gone here, for good."""

from __future__ import annotations

from staged_items import Item, Warehouse, account, matched, mention, night, snapshot

from flows import records

RICH = {
    "url": "https://x.example/1", "links": ["https://y.example"], "hashtags": ["tag"], "handles": ["ann"],
    "root_id": "reddit:0",
}  # fmt: skip
SCRUBBED = ("", None, None, [], [], [])
STORED = "select text, url, author_id, links, hashtags, handles from raw.mention where mention_id = 'reddit:1'"


def test_a_deleted_mention_keeps_its_row_and_counts_and_no_word(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(**RICH), matched(), snapshot(likes=4), account())))
    assert warehouse.load(Item(gone="reddit:1"), as_of=night(1)) == (1, 0, 0, 0)
    assert warehouse.rows(STORED) == [SCRUBBED]
    assert warehouse.rows("select deleted_at, root_id from raw.mention") == [(night(1), "reddit:0")]
    assert warehouse.rows("select mention_id, reason, load_seq from raw.tombstone") == [("reddit:1", "removed", 2)]
    assert warehouse.rows("select likes from raw.engagement_snapshot") == [(4,)]
    touched = "select entity_id, author_id, root_id, state from raw.touched where load_seq = 2 order by state"
    assert warehouse.rows(touched) == [("acme", None, "reddit:0", "new"), ("acme", "reddit:author1", "reddit:0", "old")]


def test_a_known_deletion_told_again_is_a_duplicate(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(),)))
    warehouse.load(Item(gone="reddit:1"), as_of=night(1))
    before = warehouse.content()
    assert warehouse.load(Item(gone="reddit:1"), as_of=night(2)) == (0, 1, 0, 0)
    after = warehouse.content()
    assert {name for name in after if after[name] != before[name]} == {"load"}


def test_no_page_brings_a_deleted_mention_back(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(**RICH),)))
    warehouse.load(Item(gone="reddit:1"), as_of=night(1))
    edge = records.Interaction(mention_id="reddit:1", kind="reply", actor_id="reddit:author1", occurred_at=night(0))
    for when in (night(0), night(1), night(9)):
        rows = (mention(text="again", **RICH), matched(), snapshot(at=when, likes=5), edge)
        assert warehouse.load(Item(rows), as_of=when) == (0, 1, 0, 0)
    assert warehouse.rows(STORED) == [SCRUBBED]
    assert warehouse.rows("from raw.interaction") == []
    assert warehouse.rows("from raw.mention_entity") == []
    assert warehouse.rows("from raw.engagement_snapshot") == []


def test_a_deletion_in_the_same_batch_wins_whatever_the_order(warehouse: Warehouse) -> None:
    assert warehouse.load(Item(gone="reddit:1"), Item((mention(),)), Item((mention(2),)), Item(gone="reddit:2")) == (
        2,
        2,
        0,
        0,
    )
    assert warehouse.rows("from raw.mention") == []  # nobody has to forget what was never stored
    assert warehouse.rows("select mention_id from raw.tombstone order by 1") == [("reddit:1",), ("reddit:2",)]


def test_a_post_that_says_of_itself_that_it_is_deleted_is_scrubbed_too(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(**RICH),)))
    assert warehouse.load(Item((mention(text="[deleted]", deleted_at=night(1)),)), as_of=night(1)) == (1, 0, 0, 0)
    assert warehouse.rows(STORED) == [SCRUBBED]


def test_edges_and_quarantined_payloads_forget_who_it_was(warehouse: Warehouse) -> None:
    of_deleted = records.Interaction(
        mention_id="reddit:1", kind="reply", actor_id="reddit:author1", occurred_at=night(0)
    )
    to_deleted = records.Interaction(
        mention_id="reddit:2", kind="reply", actor_id="reddit:author2", target_mention_id="reddit:1",
        target_id="reddit:author1", occurred_at=night(0),
    )  # fmt: skip
    warehouse.load(Item((mention(1), of_deleted)), Item((mention(2), to_deleted)))
    warehouse.load(Item((mention(1),), refused=("broken",), payload="who wrote what"), as_of=night(1))
    warehouse.load(Item(gone="reddit:1"), as_of=night(2))
    assert warehouse.rows("select mention_id, target_mention_id, target_id from raw.interaction") == [
        ("reddit:2", "reddit:1", None)
    ]
    assert warehouse.rows("select payload from raw.quarantine") == [(None,)]
    warehouse.load(
        Item((mention(1),), refused=("broken",), payload="again"), Item((mention(2), to_deleted)), as_of=night(3)
    )
    assert warehouse.rows("select distinct payload from raw.quarantine") == [(None,)]


def test_a_quarantined_deletion_deletes_nothing(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(),)))
    assert warehouse.load(Item(gone="reddit:1", refused=("broken",)), as_of=night(1)) == (0, 0, 0, 1)
    assert warehouse.rows("select text from raw.mention") == [("text 1",)]
