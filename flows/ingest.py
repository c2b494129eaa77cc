"""What was landed for one source, on its way into the warehouse: batch by batch, validated, then loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import msgspec
import polars as pl

from expectations.validate import judge_source, validate
from expectations.verdict import Verdict
from flows import records
from flows.batch import Job, batches
from flows.landing import Outcome, keep_validators, read_page
from flows.matching import ITEM
from flows.runs import utc_now
from flows.tally import ONE_WINDOW
from warehouse.known import usual_volume, write_known
from warehouse.ledger import has_loads, record_verdict
from warehouse.load import load_batch

LARGEST_PAYLOAD = 1_000_000  # bytes of one item kept in quarantine
ORIGIN = pl.Schema(
    {
        "page_id": pl.String(), "verb": pl.String(), "topic_id": pl.String(), "page_as_of": pl.Datetime("us"),
        "request": pl.String(),
    }
)  # fmt: skip
"""What a quarantined item keeps of its page, for when landing has forgotten it."""


def ingest(
    job: Job, outcomes: Sequence[Outcome], con: duckdb.DuckDBPyConnection, on_batch: Callable[[], None]
) -> list[Verdict]:
    """Load a source's windows. A withheld batch loads nothing but the word that its windows are not covered.

    The last verdict is on the source as a whole, once its batches are loaded.
    """
    verdicts: list[Verdict] = []
    withheld: dict[str, str] = {}
    for folder in batches(job, outcomes):
        write_known(con, folder, as_of=job.as_of)
        verdict = validate(folder, as_of=job.as_of)
        verdicts.append(verdict)
        if verdict.is_withheld:
            reason = f"withheld: {'; '.join(verdict.reasons)}"
            withheld |= dict.fromkeys(_windows_of(folder), reason)
            _withhold(folder)
        else:
            _attach_payloads(job, folder)
        _uncover(folder, withheld)
        load_batch(con, folder, loaded_at=utc_now())
        _keep_validators(job, outcomes, folder)
        shutil.rmtree(folder)
        on_batch()
    if has_loads(con, job.run_id, job.options.name):
        volume = usual_volume(con, job.options.name, as_of=job.as_of)
        verdicts.append(judge_source(job.options.name, job.run_id, volume, as_of=job.as_of))
        record_verdict(con, job.run_id, verdicts[-1])
    return verdicts


def _attach_payloads(job: Job, batch: Path) -> None:
    """Put the verbatim payload beside each item that is not loaded, so that it can be read, mended and released."""
    items = pl.read_parquet(batch / "item.parquet")
    keys = list(records.LINEAGE)
    wanted = items.filter(pl.col("outcome") == "malformed").select(keys)
    if (batch / "quarantine.parquet").exists():
        wanted = pl.concat([wanted, pl.read_parquet(batch / "quarantine.parquet").select(keys)]).unique()
    if wanted.is_empty():
        return
    rows: list[tuple[str, int, str]] = []
    origins: list[tuple[object, ...]] = []
    for (page_id,), found in wanted.sort(keys).group_by("page_id", maintain_order=True):
        page = read_page(job.landing, str(page_id))
        payloads = job.source.items(page)
        rows += [(page.page_id, n, as_payload(payloads[n])) for n in found["item_no"]]
        origins.append((page.page_id, page.verb, page.topic_id, page.as_of, page.request))
    pl.DataFrame(origins, schema=ORIGIN, orient="row").write_parquet(batch / "origin.parquet")
    payload = pl.DataFrame(rows, schema={**records.LINEAGE, "payload": pl.String()}, orient="row")
    items = items.drop("payload").join(payload, on=keys, how="left", maintain_order="left")
    items.write_parquet(batch / "item.parquet")


def as_payload(item: bytes) -> str:
    """An item as the quarantine keeps it."""
    return item[:LARGEST_PAYLOAD].decode("utf-8", "replace")


def _keep_validators(job: Job, outcomes: Sequence[Outcome], batch: Path) -> None:
    """Windows that are committed as covered need not be told again what did not change since."""
    if not (batch / "collection.parquet").exists() or not any(outcome.validators for outcome in outcomes):
        return
    covered = set(pl.read_parquet(batch / "collection.parquet").filter("is_covered")["window_id"])
    told = [(outcome.window_id, outcome.validators) for outcome in outcomes if outcome.window_id in covered]
    keep_validators(job.landing, job.options.name, told)


def _windows_of(batch: Path) -> set[str]:
    """Ids of the windows whose items the batch holds."""
    return set(msgspec.json.decode((batch / "batch.json").read_bytes())["windows"])


def _withhold(batch: Path) -> None:
    """Take all items out of a batch: they stay in landing; what remains is the word on its windows."""
    for file in batch.glob("*.parquet"):
        if file.name != "collection.parquet":
            file.unlink()
    pl.DataFrame(schema=ITEM).write_parquet(batch / "item.parquet")
    about = msgspec.json.decode((batch / "batch.json").read_bytes())
    about |= {"batch_id": f"{about['batch_id']}-withheld", "pages": 0}
    (batch / "batch.json").write_bytes(msgspec.json.encode(about))


def _uncover(batch: Path, reasons: Mapping[str, str]) -> None:
    """Say of windows, by id, that no span of theirs is covered, and why: a part of them was withheld."""
    collection = batch / "collection.parquet"
    if collection.exists() and reasons:
        reason = ONE_WINDOW.replace_strict(reasons, default=None, return_dtype=pl.String)
        rows = pl.read_parquet(collection).with_columns(
            is_covered=pl.col("is_covered") & reason.is_null(), error=pl.coalesce(reason, "error")
        )
        rows.write_parquet(collection)
