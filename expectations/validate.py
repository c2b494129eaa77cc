"""Judge a staged batch: which rules hold, which items are quarantined and why, and whether it may load at all."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from expectations.errors import ExpectationError
from expectations.judge import judge, list_refused, read_row
from expectations.plans import Plan, load_plans
from expectations.verdict import RuleResult, Verdict

MEMORY_LIMIT = "1GB"  # of DuckDB; failing rows beyond it spill into the batch's folder
_SAYS_NO_DATA = (duckdb.BinderException, duckdb.CatalogException, duckdb.IOException, duckdb.OutOfMemoryException)
"""Errors that name columns, files and sizes; other messages may quote a value of the data and are not repeated."""

_FACTS = """
create temp table facts as
select
    count(*) as items,
    count(*) filter (where outcome = 'candidate') as candidates,
    count(*) filter (where outcome = 'malformed') as malformed,
    (select count(*) from (select distinct page_id, item_no from refused)) as refused
from read_parquet($path)
"""
_QUARANTINE = """
with reasons as (
    select page_id, item_no, list_sort(list(distinct reason)) as reasons from refused group by page_id, item_no
)
select page_id, item_no, item.mention_id, reasons.reasons
from reasons left join read_parquet($path) as item using (page_id, item_no)
order by page_id, item_no
"""


class _Batch(msgspec.Struct, frozen=True):
    batch_id: str
    source: str


def validate(batch_dir: Path, *, as_of: datetime) -> Verdict:
    """The verdict on a staged batch; writes quarantine.parquet and verdict.json beside it, the same for the same batch.

    Raises ExpectationError where a suite does not fit the batch or a file cannot be read.
    """
    batch = msgspec.json.decode((batch_dir / "batch.json").read_bytes(), type=_Batch)
    spill = batch_dir / ".spill"
    config = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill), "preserve_insertion_order": "false"}
    try:
        with duckdb.connect(config=config) as con:
            verdict = _validate(con, batch, batch_dir, as_of)
    except duckdb.Error as error:
        detail = str(error) if isinstance(error, _SAYS_NO_DATA) else type(error).__name__
        raise ExpectationError(
            f"batch {batch.batch_id} of {batch.source} cannot be judged: {detail}. If a staged file is damaged, remove"
            f" {batch_dir} and run again"
        ) from None
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    _write(batch_dir / "verdict.json", msgspec.json.format(msgspec.json.encode(verdict), indent=1))
    return verdict


def _validate(con: duckdb.DuckDBPyConnection, batch: _Batch, batch_dir: Path, as_of: datetime) -> Verdict:
    con.execute("create temp table refused (page_id varchar, item_no bigint, reason varchar)")
    *row_plans, batch_plan = load_plans()
    results: list[RuleResult] = []
    for plan in row_plans:
        path = batch_dir / f"{plan.table}.parquet"
        if path.exists():
            parameters = {"path": str(path), "as_of": as_of}
            found = judge(con, plan, "read_parquet($path)", parameters)
            list_refused(con, plan, "read_parquet($path)", parameters, found)
            results += found
    items = {"path": str(batch_dir / "item.parquet")}
    con.execute(_FACTS, items)
    facts = _judge_facts(con, batch_plan, as_of)
    quarantined = _write_quarantine(con, batch_dir, items)
    reasons = _reasons(batch_plan, facts)
    return Verdict(
        batch_id=batch.batch_id,
        source=batch.source,
        rules=(*results, *facts),
        quarantined_items=quarantined,
        is_withheld=bool(reasons),
        reasons=reasons,
    )


def _judge_facts(con: duckdb.DuckDBPyConnection, plan: Plan, as_of: datetime) -> tuple[RuleResult, ...]:
    """The rules on the batch as a whole; what they observe is the fact itself."""
    parameters = {"as_of": as_of}
    row = read_row(con, plan, "facts", parameters)
    columns = {rule.name: rule.needs[0].columns[0] for rule in plan.rules}
    return tuple(
        msgspec.structs.replace(result, observed=row[columns[result.rule]])
        for result in judge(con, plan, "facts", parameters)
    )


def _reasons(plan: Plan, facts: tuple[RuleResult, ...]) -> tuple[str, ...]:
    rules = {rule.name: rule for rule in plan.rules}
    return tuple(
        f"{fact.rule_id} is {fact.observed:.0%}: {rules[fact.rule].why}; {rules[fact.rule].fix}"
        for fact in facts
        if fact.severity == "critical" and not fact.is_met
    )


def _write_quarantine(con: duckdb.DuckDBPyConnection, batch_dir: Path, items: dict[str, str]) -> int:
    """One row per item with a row that breaks a critical rule, in order; returns how many."""
    final = batch_dir / "quarantine.parquet"
    draft = final.with_suffix(".draft")
    con.sql(_QUARANTINE, params=items).write_parquet(str(draft))
    draft.replace(final)
    [(count,)] = con.execute("select count(*) from (select distinct page_id, item_no from refused)").fetchall()
    return int(count)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)
