"""The compiled pass is held to Great Expectations' own verdict, rule by rule and row by row."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl
import pytest
from drawn_frames import draw_frame, failing_shares, outcomes_of_gx, outcomes_of_pass
from planted_defects import DEFECTS, HARMLESS, WARNINGS
from staged_batches import clean_tables

from expectations.plans import Plan, Rule
from flows import records

pytestmark = pytest.mark.xdist_group("great_expectations")  # one import of it in all

MUTATIONS = (
    (" >= ", " > "),
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
}
"""Changes that say the same in other words: one side missing is ruled out, or passes, either way; empty is empty."""


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twenty drawn frames."""
    from drawn_suite import DRAWN

    folder = tmp_path_factory.mktemp("drawn")
    paths = [folder / f"{seed}.parquet" for seed in range(20)]
    for seed, path in enumerate(paths):
        draw_frame(DRAWN, 240, seed).write_parquet(path)
    return paths


def test_every_expectation_type_judges_twenty_drawn_frames_as_great_expectations_does(frames: list[Path]) -> None:
    from drawn_suite import SUITE

    from expectations.compile import compile_suite

    plan = compile_suite(SUITE)
    shares: dict[str, list[float]] = {rule.name: [] for rule in plan.rules}
    for path in frames:
        compiled = outcomes_of_pass(plan, path)
        assert compiled == outcomes_of_gx(SUITE, path), path.name
        for name, share in failing_shares(compiled).items():
            shares[name].append(share)
    means = {name: sum(values) / len(values) for name, values in shares.items()}
    assert {name: mean for name, mean in means.items() if not 0.01 <= mean <= 0.5} == {}


@pytest.mark.parametrize("table", ["mention", "engagement_snapshot", "account", "account_snapshot"])
def test_the_suites_judge_planted_defects_as_great_expectations_does(table: str, tmp_path: Path) -> None:
    from expectations.compile import compile_suite
    from expectations.suites import load_suites

    draw = random.Random(table)
    changes = [change for of, change, _ in DEFECTS + WARNINGS if of == table]
    changes += [change for of, change in HARMLESS if of == table]
    rows = clean_tables(6 * len(changes))[table]
    for number, row in enumerate(rows):
        row |= {**draw.choice([{}, *changes]), **changes[number % len(changes)], "item_no": number}
        if row.get("parent_id") == "reddit:t1_4":  # the defect is to answer oneself
            row["parent_id"] = row["mention_id"]
    schema = records.schema(records.TABLES[table], lineage=True)
    pl.DataFrame(rows, schema=schema).write_parquet(tmp_path / "rows.parquet")
    [suite] = [suite for suite in load_suites() if suite.table == table]
    compiled = outcomes_of_pass(compile_suite(suite), tmp_path / "rows.parquet")
    assert compiled == outcomes_of_gx(suite, tmp_path / "rows.parquet")
    assert {name for name, outcome in compiled.items() if not outcome.failed} == set()


def test_another_operator_anywhere_in_a_compiled_rule_gives_another_verdict(frames: list[Path], tmp_path: Path) -> None:
    from drawn_suite import SUITE

    from expectations.compile import compile_suite

    path = tmp_path / "all.parquet"
    drawn = pl.concat([pl.read_parquet(frame) for frame in frames])
    drawn.with_columns(item_no=pl.int_range(pl.len())).write_parquet(path)
    survivors = set()
    for rule in compile_suite(SUITE).rules:
        mutants = dict(_mutants(rule))
        found = outcomes_of_pass(Plan("drawn", SUITE.derived, (rule, *mutants)), path)
        survivors |= {
            (rule.name, *change) for mutant, change in mutants.items() if found[mutant.name] == found[rule.name]
        }
    assert survivors == SAME_VERDICT


def _mutants(rule: Rule) -> Iterator[tuple[Rule, tuple[str, str]]]:
    """The rule with one operator changed, and the change, for each operator in it."""
    number = itertools.count()
    for (old, new), field in itertools.product(MUTATIONS, ("considered", "failed")):
        sql = getattr(rule, field)
        for at in (match.start() for match in re.finditer(re.escape(old), sql)):
            changed = sql[:at] + new + sql[at + len(old) :]
            yield msgspec.structs.replace(rule, name=f"drawn.mutant_{next(number)}", **{field: changed}), (old, new)
