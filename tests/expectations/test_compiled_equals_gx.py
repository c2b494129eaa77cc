"""The compiled pass is held to Great Expectations' own verdict, rule by rule and row by row."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl
import pytest
from defect import Defect
from drawn_frames import (
    Outcome,
    draw_frame,
    outcomes_of_gx,
    outcomes_of_pass,
    rows_of_gx,
    rows_of_pass,
)
from planted_defects import DEFECTS, HARMLESS, WARNINGS
from planting import Planted
from staged_batches import Row, clean_rows, stage

from expectations.plans import Plan, Rule
from expectations.suites import ROWS

FRAMES, SIZE = 26, 200
"""So that each rule has 20 in which it fails on 1 to 50 % of the rows, however the dice fall."""

MUTATIONS = (
    (" >= ", " > "),
    (" >= ", " < "),
    (" > ", " >= "),
    (" <= ", " < "),
    (" < ", " <= "),
    (" = ", " <> "),
    (" in (", " not in ("),
    (" and ", " or "),
    (" or ", " and "),
    ("not ", ""),
    (" is null", " is not null"),
    (" is distinct from ", " <> "),
    (", false)", ", true)"),
    ("length(", "strlen("),
    (r"\A", ""),
    (r"\z", ""),
    ("regexp_matches(", "regexp_full_match("),
)
SAME_VERDICT = {
    ("drawn.inside_length", "length(", "strlen("),
    ("drawn.equal_if_told", ", false)", ", true)"),
    ("drawn.before_latest", ", false)", ", true)"),
    ("drawn.floats", ", false)", ", true)"),
    ("drawn.differs", " or ", " and "),
    ("drawn.differs", " is distinct from ", " <> "),
    ("drawn.differs_or_both", " and ", " or "),
    ("drawn.differs_or_both", " is distinct from ", " <> "),
    ("drawn.above_ascii", " > ", " >= "),
    ("drawn.dot", "regexp_matches(", "regexp_full_match("),
    ("drawn.whole", "regexp_matches(", "regexp_full_match("),
    ("drawn.no_control", "regexp_matches(", "regexp_full_match("),
}
"""Changes that say the same in other words: one side missing is ruled out, or passes, either way; empty is empty; a
pattern with both anchors is found in the whole or not at all; a regex that is
tried on more texts than could hold a hit only takes longer."""


@dataclass(frozen=True)
class Drawn:
    """All frames one below the other, `item_no` counting through, and what Great Expectations says of their rows."""

    path: Path
    judged: dict[str, Outcome]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Frames with every kind of oddity, judged by Great Expectations once for all tests: its verdict is row by row."""
    from drawn_suite import DRAWN, SUITE

    path = tmp_path_factory.mktemp("drawn") / "all.parquet"
    frames = [draw_frame(DRAWN, SIZE, seed) for seed in range(FRAMES)]
    pl.concat(frames).with_columns(item_no=pl.int_range(pl.len())).write_parquet(path)
    return Drawn(path, rows_of_gx(SUITE, path))


def test_every_expectation_type_judges_twenty_drawn_frames_as_great_expectations_does(drawn: Drawn) -> None:
    from drawn_suite import SUITE

    from expectations.compile import compile_suite
    from expectations.kinds import KINDS

    assert {type(rule) for rule in SUITE.rules} == set(KINDS)
    compiled = rows_of_pass(compile_suite(SUITE), drawn.path)
    assert compiled == {name: (outcome.checked, outcome.rows) for name, outcome in drawn.judged.items()}
    assert {name: frames for name, frames in _fit(compiled).items() if frames < 20} == {}


def _fit(compiled: dict[str, tuple[int, frozenset[int]]]) -> dict[str, int]:
    """For each rule, in how many frames it fails on 1 to 50 % of the rows."""
    by_frame = {name: Counter(row // SIZE for row in failed) for name, (_, failed) in compiled.items()}
    return {name: sum(0.01 <= count / SIZE <= 0.5 for count in frames.values()) for name, frames in by_frame.items()}


@pytest.mark.parametrize("seed", range(100, 103))
def test_the_whole_verdict_on_a_drawn_frame_is_great_expectations_own(seed: int, tmp_path: Path) -> None:
    from drawn_suite import DRAWN, SUITE

    from expectations.compile import compile_suite

    path = tmp_path / "rows.parquet"
    draw_frame(DRAWN, SIZE, seed).write_parquet(path)
    assert outcomes_of_pass(compile_suite(SUITE), path) == outcomes_of_gx(SUITE, path)


def test_a_share_that_equals_the_tolerance_is_met(tmp_path: Path) -> None:
    from expectations.compile import compile_suite
    from expectations.gx import gxe
    from expectations.suites import Suite, note

    shares = (0.7, 0.70000001, 0.69999999)
    rules = tuple(
        gxe.ExpectColumnValuesToNotBeNull(
            column="text", mostly=mostly, severity="critical", meta=note(f"text.rule_{number}", "to be compared")
        )
        for number, mostly in enumerate(shares)
    )
    suite = Suite("drawn", rules)
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"page_id": ["p"] * 10, "item_no": range(10), "text": ["a"] * 7 + [None] * 3}).write_parquet(path)
    compiled = outcomes_of_pass(compile_suite(suite), path)
    assert compiled == outcomes_of_gx(suite, path)
    assert [compiled[f"text.rule_{number}"].is_met for number in range(3)] == [True, False, True]


def test_another_operator_anywhere_in_a_compiled_rule_is_caught_by_great_expectations_verdict(drawn: Drawn) -> None:
    from drawn_suite import SUITE

    from expectations.compile import compile_suite

    survivors, count = set(), 0
    for rule in compile_suite(SUITE).rules:
        verdict = (drawn.judged[rule.name].checked, drawn.judged[rule.name].rows)
        mutants = dict(_mutants(rule))
        found = rows_of_pass(Plan("drawn", SUITE.derived, (rule, *mutants)), drawn.path)
        survivors |= {(rule.name, *change) for mutant, change in mutants.items() if found[mutant.name] == verdict}
        count += len(mutants)
    assert count > 300
    assert survivors == SAME_VERDICT


def _mutants(rule: Rule) -> Iterator[tuple[Rule, tuple[str, str]]]:
    """The rule with one operator changed, and the change, for each operator in it."""
    number = itertools.count()
    for (old, new), field in itertools.product(MUTATIONS, ("considered", "failed")):
        sql = getattr(rule, field)
        for at in (match.start() for match in re.finditer(re.escape(old), sql)):
            changed = sql[:at] + new + sql[at + len(old) :]
            yield msgspec.structs.replace(rule, name=f"drawn.mutant_{next(number)}", **{field: changed}), (old, new)


def test_every_rule_on_rows_has_a_defect_that_it_must_find() -> None:
    from expectations.suites import load_suites

    rules = {
        f"{suite.table}.{rule.meta['rule']}" for suite in load_suites() if suite.table in ROWS for rule in suite.rules
    }
    found = {defect.rule_id for defect in DEFECTS + WARNINGS}
    assert rules - found == {"mention.text.no_flood"}  # it takes many rows
    assert found - rules == set()


@pytest.mark.parametrize("table", ROWS)
def test_the_suites_judge_drawn_defects_as_great_expectations_does(table: str, tmp_path: Path) -> None:
    from expectations.compile import compile_suite
    from expectations.suites import load_suites

    rows, known = _drawn_rows(table, FRAMES * SIZE)
    folder = stage(tmp_path / "batch", {table: rows}, known=known)
    path = folder / f"{table}.parquet"
    if table == "text_signal":  # its rows are known by their number
        numbered = pl.read_parquet(path).with_columns(page_id=pl.lit("text_signal"), item_no=pl.int_range(pl.len()))
        numbered.write_parquet(path)
    [suite] = [suite for suite in load_suites() if suite.table == table]
    compiled = rows_of_pass(compile_suite(suite), path)
    judged = rows_of_gx(suite, path)
    assert compiled == {name: (outcome.checked, outcome.rows) for name, outcome in judged.items()}
    assert {name for name, frames in _fit(compiled).items() if frames < 20} <= {"text.no_flood"}


def _drawn_rows(table: str, count: int) -> tuple[list[Row], dict[str, list[Row]]]:
    """Rows of one table, each an item, with some things that may be wrong or odd, and what is known of them."""
    draw = random.Random(table)
    odd = [defect for defect in HARMLESS if defect.table == table and not _is_huge(defect)]
    wrong = [defect for defect in DEFECTS + WARNINGS if defect.table == table]
    huge = [defect for defect in wrong if _is_huge(defect)]
    wrong = [defect for defect in wrong if defect not in huge]
    rows = [{**clean_rows(number)[table], "page_id": "drawn", "item_no": number} for number in range(count)]
    batch = Planted({table: rows})
    at_once = max(1, len(wrong) // 20)
    for number in range(count):
        some = [*draw.sample(odd, min(1, len(odd))), *draw.sample(wrong, at_once)]
        for defect in huge if number % 80 == 0 else some:
            batch.plant(defect, number)
    return batch.tables[table], batch.filled()


def _is_huge(defect: Defect) -> bool:
    """Megabytes in many rows would only cost time."""
    values = () if callable(defect.change) else defect.change.values()
    return any(len(value) > 10_000 for value in values if isinstance(value, str | list))
