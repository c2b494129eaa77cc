"""A query tried on what has landed, before one commits to it: also on what the present queries reject."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from flows import records, topics
from flows.errors import ConfigError, SourceError
from flows.landing import finished_windows, read_page
from flows.matching import with_entities_of_text
from flows.settings import Settings
from flows.sources import source_of
from flows.topics import Preview

MOST_TEXTS = 200_000


@dataclass(frozen=True)
class Rehearsal:
    """What a query would bring of `texts` (newest landed first)."""

    texts: pl.Series
    preview: Preview


def try_query(settings: Settings, query: str) -> Rehearsal:
    """Hits, near misses and share of noise among the newest landed texts. Raises ConfigError where there are none."""
    topics.parse(query)  # its mistakes first
    landing = settings.data_dir / "landing"
    frames: list[pl.DataFrame] = []
    found = 0
    for options in settings.sources:
        source = source_of(options)
        for outcome in reversed(list(finished_windows(landing, options.name))):
            for page_id in outcome.pages if found < MOST_TEXTS else ():
                try:
                    page = source.parse(read_page(landing, page_id), options)
                except SourceError:
                    continue  # the run that landed it has said so
                frames.append(
                    page.tables.get("mention", pl.DataFrame(schema=records.schema(records.Mention, lineage=True)))
                )
                found += len(frames[-1])
    if not found:
        raise ConfigError(f"{landing}: nothing has landed yet to try a query on; first: soundings run")
    mentions = with_entities_of_text(pl.concat(frames).unique("mention_id", maintain_order=True))
    return Rehearsal(mentions["text"], topics.preview(query, mentions))
