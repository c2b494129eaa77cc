"""From landed pages to batches that can be validated and loaded.

A batch is some whole windows, or a part of one large window: so it is made the same, with the same id, whenever it is
made again, and the loader's ledger knows it. Memory is bounded by a batch's items and bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from flows import records
from flows.errors import SourceError
from flows.http import Limits
from flows.landing import Outcome, read_page
from flows.matching import Settled, Tracked, settle
from flows.sources.base import MALFORMED, Parsed, Source, SourceOptions, Topic

ITEMS_A_BATCH = 200_000
BYTES_A_BATCH = 256 * 1024 * 1024
EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - UTC without zone, as all our times
UNEXPECTED = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
"""What an answer of an unknown shape raises; it fails its page or window, and no other."""

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

    def add(self, parsed: Parsed, as_of: datetime) -> None:
        """Count a page's items, and take in the days they lie on: clocks that lie do not make a file cover an era."""
        self.items += parsed.item_count
        if "mention" in parsed.tables:
            times = parsed.tables["mention"]["published_at"]
            told = times.filter(times.is_between(EARLIEST, as_of, closed="both"))
            self.first = min((t for t in (self.first, told.min()) if isinstance(t, datetime)), default=None)
            self.last = max((t for t in (self.last, told.max()) if isinstance(t, datetime)), default=None)


@dataclass
class _Draft:
    """A batch in the making: pages of some windows, and the windows that end with it."""

    pages: list[tuple[str, _Tally, Parsed]] = field(default_factory=list)
    ended: list[_Tally] = field(default_factory=list)
    item_count: int = 0
    body_bytes: int = 0

    @property
    def is_full(self) -> bool:
        return self.item_count >= ITEMS_A_BATCH or self.body_bytes >= BYTES_A_BATCH

    def merge(self, other: _Draft) -> None:
        self.pages += other.pages
        self.ended += other.ended
        self.item_count += other.item_count
        self.body_bytes += other.body_bytes

    def name(self, run_id: str, source: str) -> str:
        """The same for the same pages in the same run; a replay is another run and loads them again."""
        keys = [
            run_id,
            source,
            *(page_id for page_id, _, _ in self.pages),
            *(tally.window.window_id for tally in self.ended),
        ]
        return hashlib.blake2b("\n".join(keys).encode(), digest_size=12).hexdigest()


def batches(job: Job, windows: Sequence[Outcome]) -> Iterator[Path]:
    """Batch directories, in the order of the windows; each is complete when it is yielded."""
    group = _Draft()
    for window in windows:
        part, tally = _Draft(), _Tally(window)
        for page_id in window.pages:
            _add_page(job, page_id, part, tally)
            if part.is_full:
                if group.pages or group.ended:
                    yield _write(job, group)
                    group = _Draft()
                yield _write(job, part)
                part = _Draft()
        part.ended.append(tally)
        group.merge(part)
        if group.is_full:
            yield _write(job, group)
            group = _Draft()
    if group.ended:
        yield _write(job, group)


def _add_page(job: Job, page_id: str, draft: _Draft, tally: _Tally) -> None:
    """Parse one page; one that cannot be read fails its window, and no other."""
    try:
        page = read_page(job.landing, page_id)
        parsed = job.source.parse(page, job.options)
    except (SourceError, msgspec.MsgspecError, pl.exceptions.PolarsError, *UNEXPECTED) as error:
        told = error if isinstance(error, SourceError) else type(error).__name__  # other texts may quote a post
        tally.errors.append(f"page {page_id} cannot be read: {told}")
        return
    tally.add(parsed, job.as_of)
    draft.item_count += parsed.item_count
    draft.body_bytes += len(page.body)
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
    batch_id = draft.name(job.run_id, job.options.name)
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
