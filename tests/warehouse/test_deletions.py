"""What the platform says is gone is gone here, for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pytest
from staged_items import Item, Warehouse, account, content, matched, mention, night, snapshot

from flows import records
from tests.data_folder import dead_rows, traces
from warehouse import compact
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.releases import Manifest, list_releases, rollback, switch
from warehouse.scrub import drop_releases, mark_scrubbed, unscrubbed

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
    assert {name for name in after if after[name] != before[name]} == {"load", "load_window"}


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


def test_words_of_a_deleted_mention_leave_what_was_made_of_them(warehouse: Warehouse) -> None:
    warehouse.load(Item((mention(), matched(terms=["acme", "secret"]))), Item((mention(2), matched(2))))
    warehouse.con.execute(
        "insert into raw.text_signal select mention_id, 'm1', seen_at, 'en', 1, null, null, [], [], ['secret'], 1"
        " from raw.mention"
    )
    warehouse.load(Item(gone="reddit:1"), as_of=night(1))
    assert warehouse.rows("select mention_id, matched_terms from raw.mention_entity order by 1") == [
        ("reddit:1", []), ("reddit:2", ["acme"]),
    ]  # fmt: skip
    assert warehouse.rows("select mention_id, terms from raw.text_signal order by 1") == [
        ("reddit:1", []), ("reddit:2", ["secret"]),
    ]  # fmt: skip


def test_an_author_of_nothing_else_is_forgotten_and_no_other(warehouse: Warehouse) -> None:
    warehouse.con.execute("insert into raw.tracked_account values ('reddit', 'Acme', 'acme', 'owned', null)")
    followers = records.AccountSnapshot(account_id="reddit:author1", captured_at=night(0), followers=5)
    answered = records.Interaction(
        mention_id="reddit:9", kind="reply", actor_id="reddit:author9", target_id="reddit:author4", occurred_at=night(0)
    )
    warehouse.load(
        Item((mention(1), account(1, handle="ann"), followers)),
        Item((mention(2), account(2, handle="bob"))),
        Item((mention(3, author_id="reddit:author2"),)),
        Item((mention(4), account(4, handle="cem"))),
        Item((mention(9), answered)),
        Item((mention(5), account(5, handle="acme"))),
    )
    gone = [Item(gone=f"reddit:{number}") for number in (1, 2, 4, 5)]
    warehouse.load(*gone, as_of=night(1))
    left = "select handle from raw.account order by 1"
    assert warehouse.rows(left) == [("acme",), ("bob",), ("cem",)]
    assert warehouse.rows("from raw.account_snapshot") == []
    warehouse.load(Item((mention(1), account(1, handle="ann"), followers)), as_of=night(2))
    assert warehouse.rows(left) == [("acme",), ("bob",), ("cem",)]


def test_a_tombstone_waits_until_it_is_scrubbed_and_again_when_it_is_told_again(warehouse: Warehouse) -> None:
    warehouse.load(Item(gone="reddit:1"), Item(gone="reddit:2"))
    assert unscrubbed(warehouse.con) == {"reddit:1", "reddit:2"}
    mark_scrubbed(warehouse.con, {"reddit:1", "reddit:2"}, night(0))
    warehouse.load(Item((mention(3),)), as_of=night(1))
    assert unscrubbed(warehouse.con) == set()
    warehouse.load(Item((mention(2),)), as_of=night(2))
    assert unscrubbed(warehouse.con) == {"reddit:2"}


def test_a_file_written_anew_holds_the_same_and_nothing_that_was_deleted(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "soundings.duckdb"
    warehouse.load(Item((mention(text="a word that must not stay"),)), Item((mention(2),)))
    warehouse.load(Item((mention(text="another word of theirs"),)), as_of=night(1))  # an edit: the old row is dead
    warehouse.con.execute("create table marts.m as select 1 as n; comment on column marts.m.n is 'What n is.'")
    warehouse.con.execute("create view marts.v as select n from marts.m")
    warehouse.load(Item(gone="reddit:1"), as_of=night(2))
    mark_scrubbed(warehouse.con, {"reddit:1"}, night(2))
    before = content(warehouse.con)
    del before["tombstone"]
    warehouse.con.close()
    assert dead_rows(path) > 0
    (tmp_path / "soundings.duckdb.compact").write_bytes(b"half a copy")
    compact.compact(path, night(2))
    assert dead_rows(path) == 0
    words = ["must not stay", "word of theirs"]
    assert [place for place, _ in traces(tmp_path, words) if place.startswith(path.name)] == []
    warehouse.con = connect(path)
    after = content(warehouse.con)
    assert after.pop("tombstone")[0][-1] == night(2)
    assert after == before
    assert warehouse.rows("select comment from duckdb_columns() where table_name = 'm'") == [("What n is.",)]
    assert warehouse.rows("from marts.v") == [(1,)]
    assert list(tmp_path.glob("*.compact*")) == []


def test_a_large_file_is_written_anew_once_a_week(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_due(after: timedelta = timedelta(0)) -> bool:
        return compact.is_due(warehouse.con, tmp_path / "soundings.duckdb", night(0) + after)

    warehouse.load(Item(gone="reddit:1"))
    assert not is_due()  # not scrubbed yet
    mark_scrubbed(warehouse.con, {"reddit:1"}, night(0))
    assert is_due()
    monkeypatch.setattr(compact, "SMALL", 0)
    assert [is_due(timedelta(days=days)) for days in (0, 6, 7)] == [False, False, True]


def publish(data_dir: Path, name: str, at: datetime, shown: Sequence[tuple[str, datetime | None]] | None) -> Path:
    """A release with these mentions, and when they were deleted as far as it knows."""
    release = data_dir / "releases" / name
    (release / "restricted").mkdir(parents=True)
    manifest = Manifest(
        run_id=name, as_of=at, published_at=at, content="", versions={}, tables={}, files={}
    )  # fmt: skip
    (release / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    if shown is not None:
        with duckdb.connect(str(release / "restricted/bi.duckdb")) as con:
            con.execute(
                "create schema marts; create table marts.fct_mentions (mention_id varchar, deleted_at timestamp)"
            )
            con.executemany("insert into marts.fct_mentions values (?, ?)", shown)
    switch(data_dir, release)
    return release


def test_kept_releases_that_show_it_go_and_a_rollback_finds_only_others(tmp_path: Path) -> None:
    publish(tmp_path, "before-it-was-seen", night(0), [("reddit:2", None)])
    publish(tmp_path, "shows-it", night(1), [("reddit:1", None), ("reddit:2", None)])
    publish(tmp_path, "broken", night(2), None)
    publish(tmp_path, "knows-it-is-gone", night(3), [("reddit:1", night(3))])
    newest = publish(tmp_path, "newest", night(4), [("reddit:1", night(3))])
    with duckdb.connect(str(tmp_path / "releases/shows-it/restricted/bi.duckdb"), read_only=True) as reader:
        assert drop_releases(tmp_path, {"reddit:1"}) == ["shows-it", "broken"]
        assert reader.execute("select count(*) from marts.fct_mentions").fetchall() == [(2,)]
    assert [path.name for path in list_releases(tmp_path)] == ["before-it-was-seen", "knows-it-is-gone", newest.name]
    assert [rollback(tmp_path).name, rollback(tmp_path).name] == ["knows-it-is-gone", "before-it-was-seen"]


def test_a_current_release_that_shows_it_stays_and_is_told(tmp_path: Path) -> None:
    publish(tmp_path, "older", night(0), [("reddit:1", None)])
    publish(tmp_path, "newest", night(1), [("reddit:1", None)])
    with pytest.raises(WarehouseError, match="newest shows mentions that were deleted"):
        drop_releases(tmp_path, {"reddit:1"})
    assert [path.name for path in list_releases(tmp_path)] == ["newest"]
