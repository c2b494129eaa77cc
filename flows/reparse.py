"""Quarantined items parsed again by their own source, as it is now: from the landed page, or from their payloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

import msgspec
import polars as pl

from flows.batch import UNEXPECTED, Job
from flows.errors import SourceError
from flows.ingest import as_payload
from flows.landing import read_page
from flows.sources.base import Page, Parsed, Verb
from flows.sources.tables import Tables
from warehouse.quarantine import Item


@dataclass(frozen=True)
class Again:
    """Items of one page, parsed again: they are its items 0, 1, 2, … now."""

    page_id: str
    verb: Verb
    items: Sequence[Item]
    parsed: Parsed


def reparse(job: Job, portion: Sequence[Item], errors: list[str]) -> Iterator[Again]:
    for page_id, found in groupby(portion, lambda item: item.page_id):
        items = list(found)
        try:
            page, numbers = _landed(job, page_id, items) or _wrapped(job, page_id, items)
            parsed = job.source.parse(page, job.options)
        except (SourceError, msgspec.MsgspecError, pl.exceptions.PolarsError, *UNEXPECTED) as error:
            told = error if isinstance(error, SourceError) else type(error).__name__  # other texts may quote a post
            errors.append(f"{len(items)} items of page {page_id} cannot be tried again: {told}")
            continue
        yield Again(page_id, page.verb, items, _only(parsed, numbers))


def _landed(job: Job, page_id: str, items: Sequence[Item]) -> tuple[Page, list[int]] | None:
    """The page as it came, with all that stood around its items; None where landing has it no more."""
    with suppress(SourceError, msgspec.MsgspecError, *UNEXPECTED):
        page = read_page(job.landing, page_id)
        payloads = [as_payload(body) for body in job.source.items(page)]
        at = {payload: number for number, payload in enumerate(payloads)}  # a mended source may count differently
        same = [item.item_no < len(payloads) and payloads[item.item_no] == item.payload for item in items]
        numbers = [
            item.item_no if is_same else at[str(item.payload)] for item, is_same in zip(items, same, strict=True)
        ]
        return page, numbers
    return None


def _wrapped(job: Job, page_id: str, items: Sequence[Item]) -> tuple[Page, list[int]]:
    """A page made of the payloads alone."""
    first = items[0]
    wrap = job.source.wrap
    if wrap is None or first.verb is None:
        raise SourceError(job.platform, "its page is no more in landing, and the source needs it whole; discard them")
    page = Page(
        page_id=page_id,
        source=first.source,
        platform=first.platform,
        verb=msgspec.convert(first.verb, Verb),
        topic_id=first.topic_id,
        as_of=first.page_as_of,
        fetched_at=first.page_as_of,
        request=first.request or "",
        status=200,
        body=b"",
    )
    body = wrap(page, [str(item.payload).encode() for item in items])
    return msgspec.structs.replace(page, body=body), list(range(len(items)))


def _only(parsed: Parsed, numbers: Sequence[int]) -> Parsed:
    """The rows of some items of a page, which are its items 0, 1, 2, … from here on."""
    places = pl.DataFrame({"item_no": numbers}, schema={"item_no": pl.Int64}).with_row_index("place")

    def kept(frame: pl.DataFrame) -> pl.DataFrame:
        chosen = frame.join(places, on="item_no", how="inner", maintain_order="left")
        return chosen.with_columns(item_no=pl.col("place").cast(pl.Int64)).drop("place")

    tables = Tables(frames={name: kept(frame) for name, frame in parsed.tables.items()})
    return Parsed(len(numbers), tables, kept(parsed.malformed))
