"""From landed pages to batches that can be validated and loaded.

A batch is some whole windows, or a part of one large window: so it is made the same, with the same id, whenever it is
made again, and the loader's ledger knows it. Memory is bounded by ITEMS_A_BATCH.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from flows import records
from flows.errors import SourceError
from flows.http import Limits
from flows.landing import Outcome, read_page
from flows.matching import ITEM, Settled, Tracked, settle
from flows.sources.base import MALFORMED, Parsed, Source, SourceOptions, Topic

ITEMS_A_BATCH = 200_000
LARGEST_PAYLOAD = 1_000_000  # bytes of one item kept in quarantine

COLLECTION = pl.Schema(
    {
        "run_id": pl.String(), "source": pl.String(), "platform": pl.String(), "verb": pl.String(),
        "topic_id": pl.String(), "window_id": pl.String(), "window_start": pl.Datetime("us"),
        "window_end": pl.Datetime("us"), "asked_at": pl.Datetime("us"), "is_covered": pl.Boolean(),
        "pages": pl.Int64(), "items": pl.Int64(), "rejected": pl.Int64(), "lost_items": pl.Int64(),
        "rate_limited": pl.Int64(), "error": pl.String(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What all batches of one source in one run share."""

    run_id: str
    as_of: datetime
    source: Source
    options: SourceOptions
    platform: str
    topics: Sequence[Topic]
    tracked: Tracked
    landing: Path
    staging: Path
    folder: Path  # of the configuration: paths of files are relative to it
    limits: Limits
    contact: str = ""


@dataclass
class _Tally:
    """What one window has given so far."""

    window: Outcome
    items: int = 0
    rejected: int = 0
    errors: list[str] = field(default_factory=list)
    first: datetime | None = None  # publication times, for windows that have no bounds of their own
    last: datetime | None = None

    def add(self, parsed: Parsed) -> None:
        self.items += parsed.item_count
        if "mention" in parsed.tables:
            times = parsed.tables["mention"]["published_at"].drop_nulls().to_list() or []
            self.first = min([*times, *([self.first] if self.first else [])], default=None)
            self.last = max([*times, *([self.last] if self.last else [])], default=None)


@dataclass
class _Draft:
    """A batch in the making: pages of some windows, and the windows that end with it."""

    pages: list[tuple[str, _Tally, Parsed]] = field(default_factory=list)
    ended: list[_Tally] = field(default_factory=list)
    item_count: int = 0

    def merge(self, other: _Draft) -> None:
        self.pages += other.pages
        self.ended += other.ended
        self.item_count += other.item_count

    def name(self, run_id: str) -> str:
        """The same for the same pages in the same run; a replay is another run and loads them again."""
        keys = [run_id, *(page_id for page_id, _, _ in self.pages), *(tally.window.window_id for tally in self.ended)]
        return hashlib.blake2b("\n".join(keys).encode(), digest_size=12).hexdigest()


def batches(job: Job, windows: Sequence[Outcome]) -> Iterator[Path]:
    """Batch directories, in the order of the windows; each is complete when it is yielded."""
    group = _Draft()
    for window in windows:
        part, tally = _Draft(), _Tally(window)
        for page_id in window.pages:
            _add_page(job, page_id, part, tally)
            if part.item_count >= ITEMS_A_BATCH:
                if group.pages or group.ended:
                    yield _write(job, group)
                    group = _Draft()
                yield _write(job, part)
                part = _Draft()
        part.ended.append(tally)
        group.merge(part)
        if group.item_count >= ITEMS_A_BATCH:
            yield _write(job, group)
            group = _Draft()
    if group.ended:
        yield _write(job, group)


def attach_payloads(job: Job, batch: Path) -> None:
    """Put the verbatim payload beside each item that is not loaded, so that it can be read, mended and released."""
    items = pl.read_parquet(batch / "item.parquet")
    keys = list(records.LINEAGE)
    wanted = items.filter(pl.col("outcome") == "malformed").select(keys)
    if (batch / "quarantine.parquet").exists():
        wanted = pl.concat([wanted, pl.read_parquet(batch / "quarantine.parquet").select(keys)]).unique()
    if wanted.is_empty():
        return
    rows: list[tuple[str, int, str]] = []
    for (page_id,), found in wanted.sort(keys).group_by("page_id", maintain_order=True):
        payloads = job.source.items(read_page(job.landing, str(page_id)))
        rows += [(str(page_id), n, payloads[n][:LARGEST_PAYLOAD].decode("utf-8", "replace")) for n in found["item_no"]]
    payload = pl.DataFrame(rows, schema={**records.LINEAGE, "payload": pl.String()}, orient="row")
    items = items.drop("payload").join(payload, on=keys, how="left", maintain_order="left")
    items.write_parquet(batch / "item.parquet")


def windows_of(batch: Path) -> set[str]:
    """Ids of the windows whose items the batch holds."""
    return set(msgspec.json.decode((batch / "batch.json").read_bytes())["windows"])


def withhold(batch: Path) -> None:
    """Take all items out of a batch: they stay in landing; what remains is the word on its windows."""
    for file in batch.glob("*.parquet"):
        if file.name != "collection.parquet":
            file.unlink()
    pl.DataFrame(schema=ITEM).write_parquet(batch / "item.parquet")
    about = msgspec.json.decode((batch / "batch.json").read_bytes())
    about |= {"batch_id": f"{about['batch_id']}-withheld", "pages": 0}
    (batch / "batch.json").write_bytes(msgspec.json.encode(about))


def uncover(batch: Path, reasons: Mapping[str, str]) -> None:
    """Say of windows, by id, that they are not covered, and why: a part of them was withheld."""
    collection = batch / "collection.parquet"
    if collection.exists() and reasons:
        reason = pl.col("window_id").replace_strict(reasons, default=None, return_dtype=pl.String)
        rows = pl.read_parquet(collection).with_columns(
            is_covered=pl.col("is_covered") & reason.is_null(), error=pl.coalesce(reason, "error")
        )
        rows.write_parquet(collection)


def _add_page(job: Job, page_id: str, draft: _Draft, tally: _Tally) -> None:
    """Parse one page; one that cannot be read fails its window, and no other."""
    try:
        parsed = job.source.parse(read_page(job.landing, page_id), job.options)
    except (SourceError, msgspec.MsgspecError) as error:
        tally.errors.append(f"page {page_id} cannot be read: {error}")
        return
    tally.add(parsed)
    draft.item_count += parsed.item_count
    draft.pages.append((page_id, tally, parsed))


def _collection_row(job: Job, tally: _Tally) -> dict[str, object]:
    window = tally.window
    end = window.window_end
    if end is None and tally.last is not None:  # a file covers the days that it holds
        end = tally.last.replace(microsecond=0) + (datetime.resolution * 1_000_000)
    errors = [error for error in (window.error, *tally.errors[:3]) if error]
    return {
        "run_id": job.run_id,
        "source": job.options.name,
        "platform": job.platform,
        "verb": window.verb,
        "topic_id": window.topic_id,
        "window_id": window.window_id,
        "window_start": window.window_start or tally.first,
        "window_end": end,
        "asked_at": window.as_of,
        "is_covered": window.is_covered and not tally.errors,
        "pages": len(window.pages),
        "items": tally.items,
        "rejected": tally.rejected,
        "lost_items": window.lost_items,
        "rate_limited": window.rate_limited,
        "error": "; ".join(errors) or None,
    }


def _write(job: Job, draft: _Draft) -> Path:
    """Write the batch directory whole: under a draft's name first, then renamed."""
    batch_id = draft.name(job.run_id)
    folder, making = job.staging / batch_id, job.staging / f"{batch_id}.tmp"
    for old in (folder, making):
        shutil.rmtree(old, ignore_errors=True)
    making.mkdir(parents=True)
    settled = _settled(job, draft)
    for name, frame in {**settled.tables, "item": settled.items}.items():
        frame.write_parquet(making / f"{name}.parquet")
    if draft.ended:
        rows = [_collection_row(job, tally) for tally in draft.ended]
        pl.DataFrame(rows, schema=COLLECTION).write_parquet(making / "collection.parquet")
    about = {
        "batch_id": batch_id,
        "run_id": job.run_id,
        "source": job.options.name,
        "platform": job.platform,
        "as_of": job.as_of.isoformat(),
        "pages": len(draft.pages),
        "windows": sorted(
            {tally.window.window_id for _, tally, _ in draft.pages} | {t.window.window_id for t in draft.ended}
        ),
    }
    (making / "batch.json").write_bytes(msgspec.json.encode(about))
    making.rename(folder)
    return folder


def _settled(job: Job, draft: _Draft) -> Settled:
    """The whole batch matched in one pass, and what was rejected told to each window."""
    verbs = [(page_id, tally.window.verb, parsed.item_count) for page_id, tally, parsed in draft.pages]
    counted = pl.DataFrame(verbs, schema={"page_id": pl.String(), "verb": pl.String(), "n": pl.Int64()}, orient="row")
    items = counted.with_columns(item_no=pl.int_ranges("n")).explode("item_no").filter(pl.col("item_no").is_not_null())
    names = {name for _, _, parsed in draft.pages for name in parsed.tables}
    tables = {
        n: pl.concat(p.tables[n] for _, _, p in draft.pages if n in p.tables) for n in records.STAGED if n in names
    }
    malformed = pl.concat([pl.DataFrame(schema=MALFORMED), *(parsed.malformed for _, _, parsed in draft.pages)])
    settled = settle(
        items.select("page_id", "item_no", "verb"),
        tables,
        malformed,
        job.topics,
        job.tracked,
        keep_threads=bool(getattr(job.options, "threads", False)),
    )
    rejected = settled.items.filter(pl.col("outcome") == "rejected").group_by("page_id").len()
    by_page = dict(rejected.iter_rows())
    for page_id, tally, _ in draft.pages:
        tally.rejected += by_page.get(page_id, 0)
    return settled
