"""Releasing what was refused: parsed, matched, judged and loaded again, as the source `quarantine` of a run of its own.

An item is read from its landed page or, where landing has forgotten that, from its payload. Each portion is one batch,
and the rows that it closes are closed in the transaction that loads it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec
import polars as pl

from expectations.validate import validate
from flows import records
from flows.batch import Job
from flows.matching import Settled, settle
from flows.reparse import Again, reparse
from flows.run import Run
from flows.runs import utc_now
from flows.sources.base import NONE_MALFORMED
from flows.sources.tables import Tables
from warehouse.known import write_known
from warehouse.load import load_batch
from warehouse.quarantine import Choice, Item, named, portions

SOURCE = "quarantine"
WAIVABLE = frozenset(
    {
        "in_range", "not_collapsed", "published_at.not_before_platform", "published_at.not_after_as_of",
        "occurred_at.not_before_platform", "occurred_at.not_after_as_of", "text.length",
    }
)  # fmt: skip
"""What of a rule `table.column.what_holds` an operator may vouch against: what is only implausible. Keys, required
fields and shapes protect the warehouse and its readers: there the parser or the mapping is to be mended."""
_KEYS = list(records.LINEAGE)
_RELEASE = pl.Schema(
    {
        **records.LINEAGE, "quarantine_id": pl.String(), "payload": pl.String(), "seen": pl.List(pl.String()),
        "note": pl.String(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What an operator wants released; `anyway`: also against the rules in the items' reasons that one may waive."""

    choice: Choice
    anyway: bool = False
    because: str | None = None


def release(run: Run, order: Order, con: duckdb.DuckDBPyConnection, on_batch: Callable[[], None]) -> list[str]:
    """Try the chosen items again, batch by batch; what could not even be tried stays open, and is told."""
    errors: list[str] = []
    sources = {options.name: options for options in run.settings.sources}
    for portion in portions(con, named(con, order.choice), run.status.run_id):
        first = portion[0]
        options = sources.get(first.source)
        if options is None:
            told = f"source {first.source} is no more in {run.settings.path.name}: put it back, or discard its items"
            errors += [told] * (told not in errors)
            continue
        job = run.job(options, first.page_as_of)
        pages = list(reparse(job, portion, errors))
        if pages:
            folder = _stage(job, pages, order)
            write_known(con, folder, as_of=job.as_of)
            validate(folder, as_of=job.as_of)
            _waive(folder)
            load_batch(con, folder, loaded_at=utc_now())
            shutil.rmtree(folder)
            on_batch()
    return errors


def _stage(job: Job, pages: Sequence[Again], order: Order) -> Path:
    """The batch directory, and in it which quarantined item each of its items is."""
    tried = [(page.page_id, n, item) for page in pages for n, item in enumerate(page.items)]
    batch_id = _name(job, [item.quarantine_id for _, _, item in tried])
    folder = job.staging / batch_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = [
        (page_id, n, item.quarantine_id, item.payload, _waivable(item) if order.anyway else [], order.because)
        for page_id, n, item in tried
    ]
    release = pl.DataFrame(rows, schema=_RELEASE, orient="row")
    settled = _settled(job, pages)
    items = settled.items.drop("payload").join(
        release.select(*_KEYS, "payload"), on=_KEYS, how="left", maintain_order="left"
    )
    for name, frame in {**settled.tables, "item": items, "release": release.drop("payload")}.items():
        frame.write_parquet(folder / f"{name}.parquet")
    about = {
        "batch_id": batch_id,
        "run_id": job.run_id,
        "source": job.options.name,
        "platform": job.platform,
        "as_of": job.as_of.isoformat(),
        "pages": len(pages),
        "windows": [],
        "booked_as": SOURCE,
    }
    (folder / "batch.json").write_bytes(msgspec.json.encode(about))
    return folder


def _settled(job: Job, pages: Sequence[Again]) -> Settled:
    """Matched with the queries as they are now."""
    verbs = [(page.page_id, number, page.verb) for page in pages for number in range(len(page.items))]
    return settle(
        pl.DataFrame(verbs, schema={**records.LINEAGE, "verb": pl.String()}, orient="row"),
        Tables.joined([page.parsed.tables for page in pages]),
        pl.concat([NONE_MALFORMED, *(page.parsed.malformed for page in pages)]),
        job.topics,
        job.tracked,
        keep_threads=bool(getattr(job.options, "threads", False)),
    )


def _name(job: Job, ids: Sequence[str]) -> str:
    """The same for the same items in the same run."""
    return hashlib.blake2b("\n".join([job.run_id, job.options.name, *ids]).encode(), digest_size=12).hexdigest()


def _waivable(item: Item) -> list[str]:
    """The rules that the operator has seen in the item's reasons, and may vouch against."""
    return [reason for reason in item.reasons if WAIVABLE & {reason.rpartition(".")[2], reason.partition(".")[2]}]


def _waive(folder: Path) -> None:
    """Take what is waived out of the quarantine, and note with each item which rules that were.

    A batch's own rules withhold nothing here: the operator has chosen the items one by one, and each speaks for itself.
    """
    release = pl.read_parquet(folder / "release.parquet")
    refused = pl.read_parquet(folder / "quarantine.parquet")
    judged = refused.join(release.select(*_KEYS, "seen"), on=_KEYS, how="left", maintain_order="left").with_columns(
        waived=pl.col("reasons").list.set_intersection("seen"),
        left=pl.col("reasons").list.set_difference("seen").list.sort(),
    )
    stands = pl.col("left").list.len() > 0
    judged.filter(stands).select(refused.columns).write_parquet(folder / "quarantine.parquet")
    waived = judged.filter(~stands).select(*_KEYS, pl.col("waived").list.sort())
    release.drop("seen").join(waived, on=_KEYS, how="left").write_parquet(folder / "release.parquet")
