"""Judging a staged batch: each defect by its rule, no clean row refused, the same verdict every time."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from defect import Defect
from planted_defects import DEFECTS, HARMLESS, WARNINGS
from planting import planted
from staged_batches import AS_OF, clean_tables, quarantine, stage

from expectations.errors import ExpectationError
from expectations.validate import validate
from expectations.verdict import Verdict, read_verdict

STAGED = ("mention", "engagement_snapshot", "account", "account_snapshot", "interaction", "referral_daily")


def on_reddit(defects: list[Defect]) -> list[Defect]:
    """Those of staged tables that are defects of a clean row."""
    return [d for d in defects if d.table in STAGED and (d.only_on is None or "reddit" in d.only_on)]


def failed(verdict: Verdict) -> dict[str, int]:
    return {rule.rule_id: rule.failed for rule in verdict.rules}


def test_each_planted_defect_is_refused_by_its_rule_and_takes_no_other_item_along(tmp_path: Path) -> None:
    defects = on_reddit(DEFECTS)
    assert len({defect.rule_id for defect in defects}) >= 30
    batch = planted(clean_tables(2 * len(defects), STAGED), defects)
    verdict = validate(stage(tmp_path / "batch", batch.tables, known=batch.filled()), as_of=AS_OF)
    refused = {(row["page_id"], row["item_no"]): row for row in quarantine(tmp_path / "batch")}
    assert refused.keys() == batch.items.keys()
    assert [d for item, d in batch.items.items() if d.rule_id not in refused[item]["reasons"]] == []
    assert verdict.quarantined_items == len(defects)
    of_mention = {(row["page_id"], row["item_no"]): row["mention_id"] for row in batch.tables["mention"]}
    assert all(row["mention_id"] == of_mention[item] for item, row in refused.items())


def test_each_planted_warning_is_counted_and_refuses_nothing(tmp_path: Path) -> None:
    defects = on_reddit(WARNINGS)
    clean = clean_tables(2 * len(defects), STAGED)
    before = validate(stage(tmp_path / "clean", clean), as_of=AS_OF)
    assert {rule: count for rule, count in failed(before).items() if count} == {}
    batch = planted(clean, defects)
    after = failed(validate(stage(tmp_path / "batch", batch.tables, known=batch.filled()), as_of=AS_OF))
    expected = Counter(defect.rule_id for defect in defects)
    # A count that is planted on another platform's row may contradict more than one of its metrics.
    assert {rule: after[rule] for rule in expected if not rule.startswith("engagement_snapshot.")} == {
        rule: count for rule, count in expected.items() if not rule.startswith("engagement_snapshot.")
    }
    assert [rule for rule, count in expected.items() if after[rule] < count] == []
    assert quarantine(tmp_path / "batch") == []


def test_a_broken_warning_stands_in_the_verdict_and_one_within_its_tolerance_does_not(tmp_path: Path) -> None:
    tables = clean_tables(201)
    tables["mention"][0] |= {"text": "fish &amp; chips", "media_formats": ["hologram"]}
    tables["mention"][1] |= {"text": "one &amp; two"}
    within = validate(stage(tmp_path / "within", tables), as_of=AS_OF)
    assert [rule.rule_id for rule in within.warnings] == ["mention.media_formats.in_set"]
    tables["mention"][2] |= {"text": "two &amp; three"}
    beyond = validate(stage(tmp_path / "beyond", tables), as_of=AS_OF)
    assert [rule.rule_id for rule in beyond.warnings] == ["mention.text.is_plain", "mention.media_formats.in_set"]


def test_what_is_odd_but_true_breaks_no_rule(tmp_path: Path) -> None:
    odd = [defect for defect in HARMLESS if defect.table in STAGED]
    tables = planted(clean_tables(2 * len(odd), STAGED), odd).tables
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert {rule: count for rule, count in failed(verdict).items() if count} == {}
    assert quarantine(tmp_path / "batch") == []


def test_the_signals_of_a_model_are_judged_row_by_row_without_items(tmp_path: Path) -> None:
    defects = [defect for defect in DEFECTS if defect.table == "text_signal"]
    odd = [defect for defect in HARMLESS if defect.table == "text_signal"]
    rows = clean_tables(2 * len(defects) + 20, ["text_signal"])["text_signal"]
    twice = next(number for number, defect in enumerate(defects) if defect.is_doubled)
    rows[: len(defects)] = [defect.planted(row) for defect, row in zip(defects, rows, strict=False)]
    rows[-len(odd) :] = [defect.planted(row) for row, defect in zip(rows[-len(odd) :], odd, strict=True)]
    rows.append(rows[twice])
    verdict = validate(stage(tmp_path / "batch", {"text_signal": rows}), as_of=AS_OF)
    found = quarantine(tmp_path / "batch")
    assert {row["item_no"] for row in found} == {*range(len(defects)), len(rows) - 1}
    assert all(defect.rule_id in row["reasons"] for defect, row in zip(defects, found, strict=False))
    assert [row["mention_id"] for row in found] == [rows[row["item_no"]]["mention_id"] for row in found]
    assert not verdict.is_withheld


def test_a_flood_of_one_text_warns_and_a_mention_read_many_times_is_none(tmp_path: Path) -> None:
    tables = clean_tables(60)
    for row in tables["mention"]:
        row["text"] = "Buy ACME coin now, it flies"
    verdict = validate(stage(tmp_path / "flood", tables), as_of=AS_OF)
    assert [(rule.rule_id, rule.failed) for rule in verdict.warnings] == [("mention.text.no_flood", 60)]
    for row in tables["mention"]:
        row |= {key: tables["mention"][0][key] for key in ("mention_id", "native_id")}
    again = validate(stage(tmp_path / "again", tables), as_of=AS_OF)
    assert [rule.rule_id for rule in again.warnings] == []


def test_the_same_mention_in_several_items_is_no_defect(tmp_path: Path) -> None:
    tables = clean_tables(4, STAGED)
    for rows in tables.values():
        rows += [row | {"item_no": row["item_no"] + 10} for row in rows]
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert {rule: count for rule, count in failed(verdict).items() if count} == {}


def test_parents_and_authors_that_the_warehouse_has_are_no_strangers(tmp_path: Path) -> None:
    tables = clean_tables(8)
    for row in tables["mention"]:
        row |= {"found_by": "thread", "author_id": "reddit:t2_old"}
    unknown = failed(validate(stage(tmp_path / "unknown", tables), as_of=AS_OF))
    assert (unknown["mention.parent_id.is_known"], unknown["mention.author_id.has_an_account"]) == (8, 8)
    known = {
        "mention": [{"mention_id": f"reddit:t3_{number}"} for number in range(3)],
        "account": [{"account_id": "reddit:t2_old"}],
    }
    verdict = validate(stage(tmp_path / "known", tables, known=known), as_of=AS_OF)
    assert [rule.rule_id for rule in verdict.warnings] == []


def test_an_item_with_several_bad_rows_is_refused_once_with_every_reason(tmp_path: Path) -> None:
    tables = clean_tables(3)
    tables["mention"][1] |= {"kind": "story", "text": "a\0b"}
    tables["engagement_snapshot"][1] |= {"likes": -5}
    tables["engagement_snapshot"].append({**tables["engagement_snapshot"][1], "likes": -6})
    verdict = validate(stage(tmp_path / "batch", tables), as_of=AS_OF)
    assert [row["reasons"] for row in quarantine(tmp_path / "batch")] == [
        [
            "engagement_snapshot.likes.in_range",
            "engagement_snapshot.mention_id.once_an_item",
            "mention.kind.in_set",
            "mention.text.has_no_nul",
        ]
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
