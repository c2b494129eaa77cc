"""Loading what models and analysts say: newer words replace, the same words change nothing, the models are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from staged_items import LOADED_AT, NIGHT, Item, Warehouse, matched, mention, night

from flows import records
from warehouse.errors import WarehouseError
from warehouse.ledger import LoadCounts
from warehouse.signals import SignalBatch, load_signals

MATCHES = {"mention_id": pl.String(), "query_hash": pl.String()}
TOUCHED = "select mention_id, entity_id, state from raw.touched where load_seq > 1 order by all"


def score(number: int = 1, **changes: Any) -> records.TextSignal:
    fields: dict[str, Any] = {
        "model_version": "v1",
        "scored_at": NIGHT,
        "sentiment": "negative",
        "intents": ["question"],
    }
    return records.TextSignal(mention_id=f"reddit:{number}", **fields | changes)


def word(value: str, **changes: Any) -> records.Correction:
    return records.Correction(
        mention_id="reddit:1", field="sentiment", value=value, **{"corrected_at": NIGHT} | changes
    )


def told(
    warehouse: Warehouse, batch_id: str, *rows: records.Record, matches: Sequence[tuple[str, str | None]] = ()
) -> LoadCounts:
    """Load these rows and matches as a batch of signals."""
    folder: Path = warehouse.folder / batch_id
    folder.mkdir(exist_ok=True)
    for name, record in records.SIGNALS.items():
        if mine := [row for row in rows if isinstance(row, record)]:
            frame = records.frame(record, [("page", 0, row) for row in mine]).drop(list(records.LINEAGE))
            frame.write_parquet(folder / f"{name}.parquet")
    for number, match in enumerate(matches):  # in parts, as a long step writes them
        pl.DataFrame([match], schema=MATCHES, orient="row").write_parquet(folder / f"mention_rule-{number}.parquet")
    return load_signals(warehouse.con, folder, SignalBatch(batch_id, "run-1", "models"), loaded_at=LOADED_AT)


@pytest.fixture
def known(warehouse: Warehouse) -> Warehouse:
    warehouse.load(Item((mention(1), matched(1))), Item((mention(2),)))
    return warehouse


def test_a_score_is_kept_and_the_models_are_told(known: Warehouse) -> None:
    counts = told(known, "b1", score(1), score(2))
    assert (counts.fetched, counts.loaded, counts.duplicate) == (2, 2, 0)
    assert known.rows("select mention_id, intents, load_seq from raw.text_signal order by all") == [
        ("reddit:1", ["question"], 2),
        ("reddit:2", ["question"], 2),
    ]
    assert known.rows(TOUCHED) == [("reddit:1", "acme", "new"), ("reddit:2", None, "new")]


def test_loading_the_same_batch_of_signals_twice_changes_nothing(known: Warehouse) -> None:
    first = told(known, "b1", score(1), word("neutral"), matches=[("reddit:1", None), ("reddit:1", "h1")])
    before = known.content()
    assert told(known, "b1", score(1, sentiment="positive")) == first
    assert known.content() == before


def test_saying_the_same_again_touches_nothing_and_a_newer_word_replaces_the_older(known: Warehouse) -> None:
    told(known, "b1", score(), word("neutral"))
    again = told(known, "b2", score(), word("neutral"))
    assert (again.loaded, again.duplicate) == (0, 2)
    older = told(
        known, "b3", score(scored_at=night(-1), sentiment="positive"), word("positive", corrected_at=night(-1))
    )
    assert older.loaded == 0
    newer = told(known, "b4", score(scored_at=night(1), sentiment="positive"), word("positive", corrected_at=night(1)))
    assert newer.loaded == 2
    assert known.rows("select sentiment from raw.text_signal") == known.rows("select value from raw.correction")
    assert known.rows("select value from raw.correction") == [("positive",)]


def test_a_correction_of_one_entity_stands_beside_that_of_all(known: Warehouse) -> None:
    told(known, "b1", word("neutral"), word("negative", entity_id="acme"))
    told(known, "b2", word("positive", entity_id="acme", corrected_at=night(1)))
    assert known.rows("select entity_id, value from raw.correction order by all") == [
        ("acme", "positive"),
        (None, "neutral"),
    ]


def test_matches_of_a_mention_are_replaced_as_a_set(known: Warehouse) -> None:
    told(known, "b1", matches=[("reddit:1", None), ("reddit:1", "h1"), ("reddit:1", "h2"), ("reddit:2", None)])
    counts = told(known, "b2", matches=[("reddit:1", None), ("reddit:1", "h2"), ("reddit:2", None)])
    assert (counts.fetched, counts.loaded) == (2, 1)
    assert known.rows("select mention_id, query_hash from raw.mention_rule") == [("reddit:1", "h2")]
    assert [row for row in known.rows(TOUCHED) if row[0] == "reddit:2"] == []


def test_matches_of_a_mention_that_was_not_matched_with_every_query_are_refused(known: Warehouse) -> None:
    before = known.content()
    with pytest.raises(WarehouseError, match="1 rows of mention_rule"):
        told(known, "b1", score(), matches=[("reddit:1", "h1")])
    assert known.content() == before


def test_nothing_is_said_of_the_text_of_a_mention_that_is_gone(known: Warehouse) -> None:
    known.load(Item(gone="reddit:1"))
    told(known, "b1", score(1), matches=[("reddit:1", None), ("reddit:1", "h1")])
    assert known.rows("from raw.text_signal") == known.rows("from raw.mention_rule") == []


def test_ranks_are_kept_for_each_moment_once(known: Warehouse) -> None:
    rank = records.AccountRank(account_id="reddit:author1", entity_id="acme", ranked_at=NIGHT, pagerank=0.5)
    told(known, "b1", rank)
    later = records.AccountRank(
        account_id="reddit:author1", entity_id="acme", ranked_at=NIGHT + timedelta(days=1), pagerank=0.4
    )
    assert told(known, "b2", rank, later).loaded == 1
    assert known.rows("select pagerank, run_id, load_seq from raw.account_rank order by load_seq") == [
        (0.5, "run-1", 2),
        (0.4, "run-1", 3),
    ]
