"""From landed pages to batches that can be validated and loaded.

A batch is some whole windows, or a part of one large window: so it is made the same, with the same id, whenever it is
made again, and the loader's ledger knows it. Memory is bounded by a batch's items and bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from flows import records
from flows.credentials import Access
from flows.errors import SourceError
from flows.http import Budgets, Limits
from flows.landing import Entry, Outcome, entries, read_page, unlisted, write_named
from flows.matching import Settled, Tracked, settle
from flows.sources.base import NONE_MALFORMED, NOTHING, Parsed, Source, SourceOptions, Topic
from flows.sources.tables import Tables
from flows.tally import ABSENCE, ASKED, COLLECTION, Tally

ITEMS_A_BATCH = 200_000
BYTES_A_BATCH = 256 * 1024 * 1024
ITEMS_A_FRAME = 4_000
UNEXPECTED = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
"""What an answer of an unknown shape raises; it fails its page or window, and no other."""
UNREADABLE = (SourceError, msgspec.MsgspecError, pl.exceptions.PolarsError, *UNEXPECTED)
"""The same, and what our own reading of a page raises."""


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
    access: Access = field(default_factory=Access)
    budgets: Budgets = field(default_factory=Budgets)  # of the run: sources of one platform share them


class _Given(NamedTuple):
    """What a draft keeps of one page besides its rows."""

    page_id: str
    tally: Tally
    item_count: int
    unmapped_fields: Mapping[str, int] | None


@dataclass
class _Draft:
    """A batch in the making: pages of some windows, and the windows that end with it.

    Rows wait to be framed by the thousand, as a frame costs as much for one page as for many; but no longer, as they
    take ten times the room of columns.
    """

    pages: list[_Given] = field(default_factory=list)
    frames: list[dict[str, pl.DataFrame]] = field(default_factory=list)
    waiting: list[Tables] = field(default_factory=list)
    malformed: list[pl.DataFrame] = field(default_factory=list)
    ended: list[Tally] = field(default_factory=list)
    item_count: int = 0
    body_bytes: int = 0
    waiting_items: int = 0

    def add(self, page_id: str, tally: Tally, parsed: Parsed, body_bytes: int) -> None:
        self.pages.append(_Given(page_id, tally, parsed.item_count, parsed.unmapped_fields))
        self.waiting.append(parsed.tables)
        if len(parsed.malformed):
            self.malformed.append(parsed.malformed)
        self.item_count += parsed.item_count
        self.body_bytes += body_bytes
        self.waiting_items += parsed.item_count
        if self.waiting_items >= ITEMS_A_FRAME:
            self.frame()

    def frame(self) -> None:
        """Make columns of the rows that wait."""
        self.frames.append(Tables.joined(self.waiting))
        self.waiting, self.waiting_items = [], 0

    @property
    def is_full(self) -> bool:
        return self.item_count >= ITEMS_A_BATCH or self.body_bytes >= BYTES_A_BATCH

    def merge(self, other: _Draft) -> None:
        if other.frames:  # whose rows come before those that wait
            self.frame()
        self.pages += other.pages
        self.frames += other.frames
        self.waiting += other.waiting
        self.waiting_items += other.waiting_items
        self.malformed += other.malformed
        self.ended += other.ended
        if self.waiting_items >= ITEMS_A_FRAME:
            self.frame()
        self.item_count += other.item_count
        self.body_bytes += other.body_bytes

    def name(self, run_id: str, source: str) -> str:
        """The same for the same pages in the same run; a replay is another run and loads them again."""
        keys = [
            run_id,
            source,
            *(page.page_id for page in self.pages),
            *(tally.window.window_id for tally in self.ended),
        ]
        return hashlib.blake2b("\n".join(keys).encode(), digest_size=12).hexdigest()


def batches(job: Job, windows: Sequence[Outcome]) -> Iterator[Path]:
    """Batch directories, in the order of the windows; each is complete when it is yielded."""
    group = _Draft()
    days = getattr(job.options, "longest_silence", None)
    silence = None if days is None else timedelta(days=days)
    for window in windows:
        part, tally = _Draft(), Tally(window, silence)
        for page_id in window.pages:
            _add_page(job, page_id, part, tally)
            if part.is_full:
                if group.pages or group.ended:
                    yield _write(job, group)
                    group = _Draft()
                yield _write(job, part)
                part = _Draft()
        write_named(job.landing, window, tally.named | _named_aside(job, window))
        part.ended.append(tally)
        group.merge(part)
        if group.is_full:
            yield _write(job, group)
            group = _Draft()
    if group.ended:
        yield _write(job, group)


def _named_aside(job: Job, window: Outcome) -> set[Entry]:
    """Whom the pages name that a window has landed and not given."""
    named: set[Entry] = set()
    for page_id in unlisted(job.landing, window):
        try:
            named |= entries(page_id, job.source.parse(read_page(job.landing, page_id), job.options))
        except UNREADABLE:
            named |= entries(page_id, None)
    return named


def _add_page(job: Job, page_id: str, draft: _Draft, tally: Tally) -> None:
    """Parse one page; one that cannot be read fails its window, and no other."""
    try:
        page = read_page(job.landing, page_id)
        parsed = NOTHING if page.is_emptied else job.source.parse(page, job.options)
    except UNREADABLE as error:
        told = error if isinstance(error, SourceError) else type(error).__name__  # other texts may quote a post
        tally.errors.append(f"page {page_id} cannot be read: {told}")
        return
    tally.add(parsed, job.as_of)
    tally.named |= entries(page_id, parsed)
    draft.add(page_id, tally, parsed, len(page.body))


def _absences(job: Job, draft: _Draft) -> list[tuple[str, str, datetime]]:
    """What ended refreshes asked for and were not told of, where that says something."""
    if not job.source.absence_is_deletion:
        return []
    return [(each, job.platform, tally.window.as_of) for tally in draft.ended for each in tally.absent(job.platform)]


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
        rows = [row for each in draft.ended for row in each.rows(job.run_id, job.options.name, job.platform)]
        pl.DataFrame(rows, schema=COLLECTION).write_parquet(making / "collection.parquet")
        if absences := _absences(job, draft):
            pl.DataFrame(absences, schema=ABSENCE, orient="row").write_parquet(making / "absence.parquet")
        if asked := [(each, t.window.as_of) for t in draft.ended for each in t.asked(job.platform)]:
            pl.DataFrame(asked, schema=ASKED, orient="row").write_parquet(making / "asked.parquet")
    about = {
        "batch_id": batch_id,
        "run_id": job.run_id,
        "source": job.options.name,
        "platform": job.platform,
        "as_of": job.as_of.isoformat(),
        "pages": len(draft.pages),
        "unmapped_fields": _unmapped(draft),
        "windows": sorted(
            {page.tally.window.window_id for page in draft.pages} | {t.window.window_id for t in draft.ended}
        ),
    }
    (making / "batch.json").write_bytes(msgspec.json.encode(about))
    making.rename(folder)
    return folder


def _unmapped(draft: _Draft) -> dict[str, int] | None:
    """How many items have a field of which the source knows nothing, by field; None where it lists no fields."""
    told = [page.unmapped_fields for page in draft.pages if page.unmapped_fields is not None]
    return dict(sum((Counter(fields) for fields in told), Counter())) if told else None


def _settled(job: Job, draft: _Draft) -> Settled:
    """The whole batch matched in one pass, and what was rejected told to each window."""
    verbs = [(page.page_id, page.tally.window.verb, page.item_count) for page in draft.pages]
    counted = pl.DataFrame(verbs, schema={"page_id": pl.String(), "verb": pl.String(), "n": pl.Int64()}, orient="row")
    items = counted.with_columns(item_no=pl.int_ranges("n")).explode("item_no").filter(pl.col("item_no").is_not_null())
    draft.frame()
    names = {name for frames in draft.frames for name in frames}
    tables = {n: pl.concat(frames[n] for frames in draft.frames if n in frames) for n in records.STAGED if n in names}
    malformed = pl.concat([NONE_MALFORMED, *draft.malformed])
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
    for page in draft.pages:
        page.tally.rejected += by_page.get(page.page_id, 0)
    return settled
