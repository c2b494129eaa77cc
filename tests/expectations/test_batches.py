"""A batch as a whole: when it is withheld, when it only warns, and a source's usual night."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from planted_defects import LATE
from staged_batches import AS_OF, clean_tables, quarantine, stage

from expectations.beside import FILES
from expectations.validate import judge_source, validate


def test_counts_that_fell_in_most_posts_withhold_the_batch(tmp_path: Path) -> None:
    tables = clean_tables(60)
    earlier = [dict.fromkeys(FILES["known_counter"]) for _ in tables["mention"]]
    for known, row in zip(earlier, tables["engagement_snapshot"], strict=True):
        known |= {"mention_id": row["mention_id"], "captured_at": AS_OF - timedelta(days=1), "upvotes": 200}
        row["upvotes"] = 99
    verdict = validate(stage(tmp_path / "batch", tables, known={"counter": earlier}), as_of=AS_OF)
    assert verdict.is_withheld
    assert "batch.fallen_share.at_most_half is 100%" in verdict.reasons[0]
    for known in earlier:  # a later reading is no earlier one
        known["captured_at"] = AS_OF
    assert not validate(stage(tmp_path / "later", tables, known={"counter": earlier}), as_of=AS_OF).is_withheld


def test_texts_read_in_the_wrong_encoding_withhold_the_batch(tmp_path: Path) -> None:
    tables = clean_tables(60)
    for row in tables["mention"][:31]:
        row["text"] = "航班延误了三个小时".encode().decode("latin-1")
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert verdict.is_withheld
    assert "set the file's `encoding`" in verdict.reasons[0]


def test_fields_of_which_the_source_knows_nothing_warn(tmp_path: Path) -> None:
    folder = stage(tmp_path / "batch", clean_tables(60))
    about = json.loads((folder / "batch.json").read_text())
    for fields, expected in (({}, []), ({"new": 1}, ["batch.unmapped_share.small"]), (None, [])):
        (folder / "batch.json").write_text(json.dumps(about | {"unmapped_fields": fields}))
        assert [rule.rule_id for rule in validate(folder, as_of=AS_OF).warnings] == expected


@pytest.mark.parametrize(
    ("volume", "silence", "usual", "rules"),
    [
        (20, 3, 100, []),
        (500, 3, 100, []),
        (19, 3, 100, ["source.volume.near_its_median"]),
        (501, 3, 100, ["source.volume.near_its_median"]),
        (0, 49, 100, ["source.volume.near_its_median", "source.silence.at_most_two_days"]),
        (0, 400, 19, []),
        (0, None, None, []),
    ],
)
def test_a_source_that_fell_silent_or_loud_warns(
    volume: float, silence: float | None, usual: float | None, rules: list[str]
) -> None:
    facts = {"volume": volume, "usual_volume": usual, "usual_days": 28.0, "silence_hours": silence}
    verdict = judge_source("reddit", "run-1", facts, as_of=AS_OF)
    assert [rule.rule_id for rule in verdict.warnings] == rules
    assert not verdict.is_withheld


def test_a_batch_of_unreadable_items_is_withheld_and_says_what_to_do(tmp_path: Path) -> None:
    verdict = validate(stage(tmp_path / "batch", {"mention": clean_tables(24)["mention"]}, malformed=26), as_of=AS_OF)
    assert verdict.is_withheld
    [reason] = verdict.reasons
    assert reason.startswith("batch.malformed_share.at_most_half is 52%")
    assert "soundings replay" in reason


def test_half_of_the_items_unreadable_is_the_most_that_loads(tmp_path: Path) -> None:
    verdict = validate(stage(tmp_path / "batch", {"mention": clean_tables(25)["mention"]}, malformed=25), as_of=AS_OF)
    assert not verdict.is_withheld
    assert [rule.rule_id for rule in verdict.warnings] == ["batch.malformed_share.small"]


def test_a_batch_whose_rows_mostly_break_a_rule_is_withheld(tmp_path: Path) -> None:
    tables = clean_tables(60)
    for row in tables["mention"][:31]:
        row["published_at"] = LATE
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert verdict.is_withheld
    assert "batch.refused_share.at_most_half is 52%" in verdict.reasons[0]
    assert len(quarantine(tmp_path / "batch")) == 31


def test_a_small_batch_is_never_withheld(tmp_path: Path) -> None:
    tables = clean_tables(20)
    for row in tables["mention"]:
        row["kind"] = "story"
    verdict = validate(stage(tmp_path / "batch", tables, malformed=29), as_of=AS_OF)
    assert not verdict.is_withheld
    assert verdict.quarantined_items == 20


def test_a_batch_without_any_item_is_judged_and_may_load(tmp_path: Path) -> None:
    verdict = validate(stage(tmp_path / "batch", {}), as_of=AS_OF)
    assert (verdict.is_withheld, verdict.quarantined_items) == (False, 0)
