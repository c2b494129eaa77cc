"""Judge a staged batch: which rules hold, which items are quarantined and why, and whether it may load at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from expectations.beside import open_files
from expectations.errors import ExpectationError
from expectations.judge import judge, list_refused, looked_up, read_row
from expectations.plans import Plan, load_plans
from expectations.suites import ROWS
from expectations.verdict import RuleResult, Verdict

MEMORY_LIMIT = "1GB"  # of DuckDB; failing rows beyond it spill into the batch's folder
_SAYS_NO_DATA = (duckdb.BinderException, duckdb.CatalogException, duckdb.IOException, duckdb.OutOfMemoryException)
"""Errors that name columns, files and sizes; other messages may quote a value of the data and are not repeated."""

_STAGED = "read_parquet($path)"
_SIGNALS = (
    "(select 'text_signal' as page_id, file_row_number as item_no, * exclude (file_row_number)"
    " from read_parquet($path, file_row_number = true))"
)
"""Rows that no page brought are items of their own: they are known by their number in the file."""

_FACTS = """
create temp table facts as
select
    count(*) as items,
    count(*) filter (where outcome = 'candidate') as candidates,
    count(*) filter (where outcome = 'malformed') as malformed,
    (select count(*) from (select distinct page_id, item_no from refused)) as refused,
    $mentions::bigint as mentions, $mojibake::bigint as mojibake,
    $recounted::bigint as recounted, $fallen::bigint as fallen,
    $unmapped::bigint as unmapped
from {items}
"""
_FACTS_OF_RULES = {
    ("mentions", "mojibake"): "mention.text.is_not_mojibake",
    ("recounted", "fallen"): "engagement_snapshot.counters.not_fallen",
}
"""What the rules on rows found, of which too much withholds the batch: rows checked, rows failed."""

_QUARANTINE = """
with reasons as (
    select page_id, item_no, list_sort(list(distinct reason)) as reasons from refused group by page_id, item_no
)
select page_id, item_no, item.mention_id, reasons.reasons
from reasons left join {items} as item using (page_id, item_no)
order by page_id, item_no
"""


class _Batch(msgspec.Struct, frozen=True):
    batch_id: str
    source: str
    unmapped_fields: dict[str, int] | None = None  # field → items that have it; none where the source cannot tell


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


def judge_source(source: str, run_id: str, facts: Mapping[str, float | None], *, as_of: datetime) -> Verdict:
    """What should be true of a source when its batches of a run are loaded: warnings only, nothing is withheld."""
    [plan] = load_plans(("source",))
    columns = ", ".join(f"${name}::double as {name}" for name in facts)
    with duckdb.connect() as con:
        con.execute(f"create temp table facts as select {columns}", dict(facts))
        results = _judge_facts(con, plan, as_of)
    return Verdict(batch_id=run_id, source=source, rules=results, quarantined_items=0, is_withheld=False, reasons=())


def _validate(con: duckdb.DuckDBPyConnection, batch: _Batch, batch_dir: Path, as_of: datetime) -> Verdict:
    con.execute("create temp table refused (page_id varchar, item_no bigint, reason varchar)")
    open_files(con, batch_dir)
    results: list[RuleResult] = []
    for plan in load_plans(ROWS):
        path = batch_dir / f"{plan.table}.parquet"
        if path.exists():
            relation = _SIGNALS if plan.table == "text_signal" else _STAGED
            parameters = {"path": str(path), "as_of": as_of}
            with looked_up(con, plan):
                found = judge(con, plan, relation, parameters)
                list_refused(con, plan, relation, parameters, found)
            results += found
    items, path = _items(batch_dir)
    con.execute(_FACTS.format(items=items), {"path": str(path), **_told(batch, results)})
    [batch_plan] = load_plans(("batch",))
    facts = _judge_facts(con, batch_plan, as_of)
    quarantined = _write_quarantine(con, batch_dir, items, path)
    reasons = _reasons(batch_plan, facts)
    return Verdict(
        batch_id=batch.batch_id,
        source=batch.source,
        rules=(*results, *facts),
        quarantined_items=quarantined,
        is_withheld=bool(reasons),
        reasons=reasons,
    )


def _items(batch_dir: Path) -> tuple[str, Path]:
    """The items of a batch as SQL over the file that holds them; signals are items themselves."""
    signals = batch_dir / "text_signal.parquet"
    if signals.exists() and not (batch_dir / "item.parquet").exists():
        return f"(select *, 'candidate' as outcome from {_SIGNALS})", signals  # noqa: S608 - our own SQL
    return _STAGED, batch_dir / "item.parquet"


def _told(batch: _Batch, results: Sequence[RuleResult]) -> dict[str, int | None]:
    """The facts that are not counted over the items."""
    by_rule = {result.rule_id: result for result in results}
    told: dict[str, int | None] = {}
    for (checked, failed), rule_id in _FACTS_OF_RULES.items():
        result = by_rule.get(rule_id)
        told |= {checked: result.checked if result else 0, failed: result.failed if result else 0}
    fields = batch.unmapped_fields
    return told | {"unmapped": None if fields is None else max(fields.values(), default=0)}


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


def _write_quarantine(con: duckdb.DuckDBPyConnection, batch_dir: Path, items: str, path: Path) -> int:
    """One row per item with a row that breaks a critical rule, in order; returns how many."""
    final = batch_dir / "quarantine.parquet"
    draft = final.with_suffix(".draft")
    con.sql(_QUARANTINE.format(items=items), params={"path": str(path)}).write_parquet(str(draft))
    draft.replace(final)
    [(count,)] = con.execute("select count(*) from (select distinct page_id, item_no from refused)").fetchall()
    return int(count)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)
