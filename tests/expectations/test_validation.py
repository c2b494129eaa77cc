"""Judging a staged batch: each defect by its rule, no clean row refused, the same verdict every time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from planted_defects import DEFECTS, HARMLESS, LATE, WARNINGS
from staged_batches import AS_OF, clean_tables, stage

from expectations.errors import ExpectationError
from expectations.validate import validate
from expectations.verdict import read_verdict


def quarantine(folder: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(folder / "quarantine.parquet").to_dicts()


@pytest.mark.parametrize(
    ("table", "change", "reason"), DEFECTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_planted_defect_is_refused_by_its_rule_and_takes_no_other_item_along(
    tmp_path: Path, table: str, change: dict[str, Any], reason: str
) -> None:
    tables = clean_tables(6)
    tables[table][4] |= change
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    [refused] = quarantine(tmp_path / "batch")
    assert reason in refused["reasons"]
    assert (refused["item_no"], refused["mention_id"]) == (4, tables["mention"][4]["mention_id"])
    assert verdict.quarantined_items == 1
    assert {rule.failed for rule in verdict.rules if rule.rule_id == reason} == {1}


@pytest.mark.parametrize(
    ("table", "change", "rule"), WARNINGS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_warning_is_recorded_and_refuses_nothing(
    tmp_path: Path, table: str, change: dict[str, Any], rule: str
) -> None:
    tables = clean_tables(3)
    tables[table][1] |= change
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert [(found.rule_id, found.failed) for found in verdict.warnings] == [(rule, 1)]
    assert quarantine(tmp_path / "batch") == []


@pytest.mark.parametrize(("table", "change"), HARMLESS)
def test_what_is_odd_but_true_breaks_no_rule(tmp_path: Path, table: str, change: dict[str, Any]) -> None:
    tables = clean_tables(6)
    tables[table][4] |= change
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert [rule.rule_id for rule in verdict.rules if rule.failed] == []
    assert quarantine(tmp_path / "batch") == []


def test_an_item_with_several_bad_rows_is_refused_once_with_every_reason(tmp_path: Path) -> None:
    tables = clean_tables(3)
    tables["mention"][1] |= {"kind": "story", "text": "a\0b"}
    tables["engagement_snapshot"][1] |= {"likes": -5}
    tables["engagement_snapshot"].append({**tables["engagement_snapshot"][1], "likes": -6})
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert [row["reasons"] for row in quarantine(tmp_path / "batch")] == [
        ["engagement_snapshot.likes.in_range", "mention.kind.in_set", "mention.text.has_no_nul"]
    ]
    assert verdict.quarantined_items == 1


def test_the_same_batch_gives_the_same_files_byte_by_byte(tmp_path: Path) -> None:
    tables = clean_tables(2_000)
    for row in tables["mention"][::3]:
        row["kind"] = "story"
    written = []
    for name in ("first", "second"):
        folder = stage(tmp_path / name, tables)
        validate(folder, as_of=AS_OF)
        written.append([(folder / file).read_bytes() for file in ("quarantine.parquet", "verdict.json")])
    assert written[0] == written[1]


def test_the_written_verdict_is_the_returned_one_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    folder = stage(tmp_path / "batch", clean_tables(3))
    before = {path.name for path in folder.iterdir()}
    verdict = validate(folder, as_of=AS_OF)
    assert read_verdict(folder) == verdict
    assert {path.name for path in folder.iterdir()} - before == {"quarantine.parquet", "verdict.json"}


def test_a_table_without_a_file_is_not_judged(tmp_path: Path) -> None:
    verdict = validate(stage(tmp_path / "batch", {"mention": clean_tables(3)["mention"]}), as_of=AS_OF)
    assert {rule.table for rule in verdict.rules} == {"mention", "batch"}


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


def test_a_missing_column_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = stage(tmp_path / "batch", clean_tables(3))
    path = folder / "mention.parquet"
    pl.read_parquet(path).drop("found_by").write_parquet(path)
    with pytest.raises(ExpectationError, match="found_by"):
        validate(folder, as_of=AS_OF)


def test_a_column_of_another_type_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = stage(tmp_path / "batch", clean_tables(3))
    path = folder / "engagement_snapshot.parquet"
    pl.read_parquet(path).with_columns(pl.col("likes").cast(pl.String)).write_parquet(path)
    with pytest.raises(ExpectationError, match="likes must be number"):
        validate(folder, as_of=AS_OF)


def test_a_damaged_file_is_an_error_that_quotes_no_post(tmp_path: Path) -> None:
    folder = stage(tmp_path / "batch", clean_tables(300))
    path = folder / "mention.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ExpectationError, match=r"batch-1 of reddit cannot be judged") as raised:
        validate(folder, as_of=AS_OF)
    assert "Verspätung" not in str(raised.value)


def test_judging_imports_no_great_expectations_once_the_suites_are_compiled(tmp_path: Path) -> None:
    folder = stage(tmp_path / "batch", clean_tables(3))
    validate(folder, as_of=AS_OF)
    script = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from expectations.validate import validate\n"
        f"validate(Path({str(folder)!r}), as_of=datetime(2026, 3, 1)); print('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
