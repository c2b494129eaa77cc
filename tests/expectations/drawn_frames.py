"""Drawn frames, and what Great Expectations itself says of their rows."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from staged_batches import AS_OF

from expectations.beside import open_files
from expectations.judge import judge, list_refused, looked_up, shape
from expectations.literals import quote
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
    """What the compiled pass says; the files that lookups read lie beside `path`."""
    parameters = {"path": str(path), "as_of": AS_OF}
    with duckdb.connect() as con:
        con.execute("create temp table refused (page_id varchar, item_no bigint, reason varchar)")
        open_files(con, path.parent)
        with looked_up(con, plan):
            results = judge(con, plan, "read_parquet($path)", parameters)
            list_refused(con, plan, "read_parquet($path)", parameters, results)
        refused = con.execute("select reason, item_no from refused").fetchall()
    rows: dict[str, set[int]] = {result.rule: set() for result in results}
    for reason, item_no in refused:
        rows[reason.removeprefix(f"{plan.table}.")].add(item_no)
    return {r.rule: Outcome(r.is_met, r.checked, r.failed, frozenset(rows[r.rule])) for r in results}


def outcomes_of_gx(suite: Suite, path: Path) -> dict[str, Outcome]:
    """What Great Expectations says on pandas, of the same columns; of a rule that is met or warns, no rows."""
    return {
        name: outcome if is_refusing else replace(outcome, rows=frozenset())
        for name, (outcome, is_refusing) in _judged_by_gx(suite, path).items()
    }


def rows_of_gx(suite: Suite, path: Path) -> dict[str, Outcome]:
    """What Great Expectations says, with the rows that fail whether or not the rule is met."""
    return {name: outcome for name, (outcome, _) in _judged_by_gx(suite, path).items()}


def rows_of_pass(plan: Plan, path: Path) -> dict[str, tuple[int, frozenset[int]]]:
    """For each rule, how many rows it considers and which fail, whether or not it is met."""
    parameters = {"path": str(path), "as_of": AS_OF}
    selected = ", ".join(
        f"count(*) filter (where {rule.considered}), list(item_no) filter (where {rule.failed})" for rule in plan.rules
    )
    with duckdb.connect() as con:
        open_files(con, path.parent)
        with looked_up(con, plan):
            shaped = shape(plan, "read_parquet($path)")
            floats = [
                name
                for name, kind, *_ in con.execute(f"{shaped} select * from shaped limit 0", parameters).description
                or ()
                if str(kind) in ("FLOAT", "DOUBLE")
            ]
            clean = ", ".join(f"case when isnan({name}) then null else {name} end as {name}" for name in floats)
            replaced = f" replace ({clean})" if clean else ""
            row = con.execute(
                f"{shaped} select {selected} from (select *{replaced} from shaped)", parameters
            ).fetchone()
    assert row is not None
    return {
        rule.name: (checked, frozenset(failed or ()))
        for rule, checked, failed in zip(plan.rules, row[::2], row[1::2], strict=True)
    }


def _judged_by_gx(suite: Suite, path: Path) -> dict[str, tuple[Outcome, bool]]:
    from expectations.compile import compile_suite
    from expectations.gx import gx

    plan = compile_suite(suite)
    columns = dict.fromkeys(column for rule in plan.rules for need in rule.needs for column in need.columns)
    with duckdb.connect() as con:
        open_files(con, path.parent)
        with looked_up(con, plan):
            selected = ", ".join(map(quote, ["item_no", *columns]))
            seen = f"{shape(plan, 'read_parquet($path)')} select {selected} from shaped"
            frame = con.execute(seen, {"path": str(path), "as_of": AS_OF}).df()
    nullable = [name for name, kind in frame.dtypes.items() if str(kind) in ("Int64", "Int32")]
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


def _outcome(result: Any) -> tuple[str, tuple[Outcome, bool]]:
    found = result.result
    assert "element_count" in found, result.exception_info
    is_refusing = not result.success and result.expectation_config.severity == "critical"
    rows = frozenset(row["item_no"] for row in found.get("unexpected_index_list") or [])
    checked = found["element_count"] - (found.get("missing_count") or 0)
    name = result.expectation_config.meta["rule"]
    return name, (Outcome(bool(result.success), checked, found["unexpected_count"], rows), is_refusing)
