"""Posts of the sandbox and real ones as a staged batch: all of them, parsed by their source, whoever they name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import polars as pl
from defect import Defect
from planting import Planted, planted
from staged_batches import AS_OF, CAPABILITIES, ITEM

from flows import records, settings
from flows.sandbox.demo import write_demo
from flows.sandbox.server import serve
from flows.sandbox.world import World
from flows.sources import AnyOptions, file, hackernews
from flows.sources.base import Page, Parsed

REAL = Path(__file__).parents[1] / "real"


@dataclass(frozen=True)
class Posts:
    """What some pages say, and their items."""

    platform: str
    tables: dict[str, pl.DataFrame]
    items: pl.DataFrame

    @property
    def unreadable(self) -> int:
        return self.items.filter(pl.col("outcome") == "malformed").height

    def stage(self, folder: Path) -> Path:
        """As a batch."""
        folder.mkdir(parents=True)
        for name, frame in {**self.tables, "item": self.items}.items():
            frame.write_parquet(folder / f"{name}.parquet")
        pl.read_csv(CAPABILITIES).write_parquet(folder / "known_capability.parquet")
        (folder / "batch.json").write_text(json.dumps({"batch_id": "posts", "source": self.platform}))
        return folder

    def stage_with(self, defects: Sequence[Defect], folder: Path) -> Planted:
        """As a batch with defects, each in an item of its own."""
        chosen = {name: _spread(frame, 2 * len(defects)) for name, frame in self.tables.items()}
        batch = planted({name: frame.to_dicts() for name, frame in chosen.items()}, defects)
        rest = {name: frame.join(chosen[name], on=KEYS, how="anti") for name, frame in self.tables.items()}
        changed = {
            name: pl.concat([rest[name], pl.DataFrame(rows, schema=rest[name].schema, orient="row")])
            for name, rows in batch.tables.items()
        }
        Posts(self.platform, changed, self.items).stage(folder)
        for name, rows in batch.filled().items():
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / f"known_{name}.parquet")
        return batch


KEYS = list(records.LINEAGE)


def real_posts(name: str, scratch: Path) -> Posts:
    """All posts of one of the real files, as its configuration maps them."""
    loaded = settings.load(REAL / f"{name}.toml", scratch)
    [options] = loaded.sources
    return _gathered(options.platform, _file_pages(options, loaded.path.parent))  # type: ignore[union-attr]


def sandbox_posts(name: str, scratch: Path) -> Posts:
    """The microblog's export files, or what the sandbox answers to a search of Hacker News."""
    world = World.make(seed=3, days=12, scale=1.0, end=AS_OF)
    with serve(world) as (url, _):
        loaded = settings.load(write_demo(scratch / "demo", url, world, AS_OF), scratch)
        [options] = [options for options in loaded.sources if options.name == name]
        if name == "microblog":  # each post as it was first exported
            options = options.model_copy(update={"path": "exports/*-d01.ndjson.gz"})
            return _gathered(name, _file_pages(options, loaded.path.parent))
        asked = {"query": "", "tags": "(story,comment,poll)", "hitsPerPage": 1_000}
        body = httpx.get(f"{url}/api/v1/search_by_date", params=asked).raise_for_status().content
    page = _page(options, 0, body)
    return _gathered(name, iter([(page, hackernews.parse(page, options))]))  # type: ignore[arg-type]


def _file_pages(options: AnyOptions, folder: Path) -> Iterator[tuple[Page, Parsed]]:
    bodies = (body for path in file.files(options, folder) for body in file.read(options, path))  # type: ignore[arg-type]
    for number, body in enumerate(bodies):
        page = _page(options, number, body)
        yield page, file.parse(page, options)  # type: ignore[arg-type]


def _page(options: AnyOptions, number: int, body: bytes) -> Page:
    return Page(
        page_id=f"window/1/{number:04d}-key", source=options.name, platform=getattr(options, "platform", options.type),
        verb="read", topic_id=None, as_of=AS_OF, fetched_at=AS_OF, request="", status=200, body=body,
    )  # fmt: skip


def _gathered(platform: str, pages: Iterator[tuple[Page, Parsed]]) -> Posts:
    parsed = list(pages)
    tables = {
        name: pl.concat([found.tables[name] for _, found in parsed if name in found.tables])
        for name in records.TABLES
        if any(name in found.tables for _, found in parsed)
    }
    tables["mention"] = tables["mention"].with_columns(found_by=pl.lit("query"))
    counted = pl.DataFrame({"page_id": [p.page_id for p, _ in parsed], "n": [found.item_count for _, found in parsed]})
    items = counted.with_columns(item_no=pl.int_ranges("n")).explode("item_no").drop("n")
    bad = pl.concat([found.malformed for _, found in parsed]).select(*KEYS, "reason")
    outcome = pl.when(pl.col("reason").is_null()).then(pl.lit("candidate")).otherwise(pl.lit("malformed"))
    named = items.join(tables["mention"].select(*KEYS, "mention_id"), on=KEYS, how="left").join(
        bad, on=KEYS, how="left"
    )
    listed = named.with_columns(outcome=outcome, payload=pl.lit(None, pl.String)).select(ITEM.names())
    return Posts(platform, tables, listed)


def _spread(frame: pl.DataFrame, count: int) -> pl.DataFrame:
    """Up to so many rows, from all over the frame."""
    return frame.gather_every(max(1, len(frame) // max(1, count))).head(count)
