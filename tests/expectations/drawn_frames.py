"""Drawn frames, and what Great Expectations itself says of their rows."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from staged_batches import AS_OF

from expectations.judge import judge, list_refused
from expectations.plans import Plan
from expectations.suites import Suite

LATEST = AS_OF + timedelta(minutes=2)
Draw = Callable[[random.Random], Any]
Table = dict[str, tuple[pl.DataType, Draw]]


def one_of(*values: Any) -> Draw:
    """Any of the values: few of them, so that rows repeat."""
    return lambda draw: draw.choice(values)


@dataclass(frozen=True)
class Outcome:
    """What one engine says of one rule; `rows` are the row numbers that fail."""

    is_met: bool
    checked: int
    failed: int
    rows: frozenset[int]


def draw_frame(table: Table, rows: int, seed: int) -> pl.DataFrame:
    """A frame with lineage; item_no is the row's number."""
    draw = random.Random(seed)
    columns = {name: pl.Series(name, [pick(draw) for _ in range(rows)], kind) for name, (kind, pick) in table.items()}
    return pl.DataFrame({"page_id": ["page"] * rows, "item_no": range(rows), **columns})


def outcomes_of_pass(plan: Plan, path: Path) -> dict[str, Outcome]:
    """What the compiled pass says."""
    parameters = {"path": str(path), "as_of": AS_OF}
    with duckdb.connect() as con:
        con.execute("create temp table refused (page_id varchar, item_no bigint, reason varchar)")
        results = judge(con, plan, "read_parquet($path)", parameters)
        list_refused(con, plan, "read_parquet($path)", parameters, results)
        refused = con.execute("select reason, item_no from refused").fetchall()
    rows: dict[str, set[int]] = {result.rule: set() for result in results}
    for reason, item_no in refused:
        rows[reason.removeprefix(f"{plan.table}.")].add(item_no)
    return {r.rule: Outcome(r.is_met, r.checked, r.failed, frozenset(rows[r.rule])) for r in results}


def outcomes_of_gx(suite: Suite, path: Path) -> dict[str, Outcome]:
    """What Great Expectations says on pandas, of the same columns; of a rule that is met or warns, no rows."""
    from expectations.gx import gx

    derived = "".join(f', {sql} as "{name}"' for name, sql in suite.derived.items())
    landed = "select *, $as_of::timestamp as as_of from read_parquet($path)"
    shaped = f"select *{derived} from ({landed})"
    with duckdb.connect() as con:
        frame = con.execute(shaped, {"path": str(path), "as_of": AS_OF}).df()
    nullable = [name for name, kind in frame.dtypes.items() if str(kind) == "Int64"]
    frame = frame.astype(dict.fromkeys(nullable, "float64"))  # with pandas' own NA a pair rule raises
    batch = _batches().get_batch({"dataframe": frame})
    wanted = gx.ExpectationSuite(name="drawn", expectations=[rule.copy() for rule in suite.rules])
    answer = batch.validate(
        wanted, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["item_no"]}
    )
    return dict(_outcome(result) for result in answer.results)


@functools.cache
def _batches() -> Any:
    from expectations.gx import gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return (
        context.data_sources.add_pandas("drawn").add_dataframe_asset("drawn").add_batch_definition_whole_dataframe("d")
    )


def _outcome(result: Any) -> tuple[str, Outcome]:
    found = result.result
    assert "element_count" in found, result.exception_info
    is_refusing = not result.success and result.expectation_config.severity == "critical"
    rows = frozenset(row["item_no"] for row in found.get("unexpected_index_list") or []) if is_refusing else frozenset()
    checked = found["element_count"] - (found.get("missing_count") or 0)
    name = result.expectation_config.meta["rule"]
    return name, Outcome(bool(result.success), checked, found["unexpected_count"], rows)


def failing_shares(outcomes: Mapping[str, Outcome]) -> dict[str, float]:
    """For each rule, the share of considered rows that fail."""
    return {name: outcome.failed / max(outcome.checked, 1) for name, outcome in outcomes.items()}
