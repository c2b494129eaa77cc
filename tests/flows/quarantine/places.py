"""A night in which some items are refused, and the hands that let them in."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from brand import acme

from flows import extract, ingest, quarantine
from flows import plan as planning
from flows.quarantine import Order
from flows.run import Run, opened
from flows.runs import SourceStatus
from warehouse.connection import connect
from warehouse.quarantine import Choice

NIGHT = datetime(2026, 7, 1, 2)
CONFIG = (
    acme()
    + """
[[sources]]
name = "export"
type = "file"
platform = "x"
path = "*.ndjson"
{more}
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
"""
)
POSTS = [
    {"id": "1", "text": "acme", "at": "2026-06-30"},
    {"id": "2", "text": "acme, said in a form that is not mapped", "at": "30.06.2026 12:00"},
    {"id": "3", "text": "acme before there was a platform", "at": "1999-01-01"},
    {"id": "4", "text": "acme after tomorrow", "at": "2026-08-01"},
    {"id": "5", "text": "nobody speaks of us", "at": "30.06.2026 13:00"},
    {"id": "6\u0000", "text": "acme\u001b[2J\u202ehostile [red]", "at": "1999-01-01"},
]
BOTH_FORMS = 'time_format = ["iso", "%d.%m.%Y %H:%M"]'


class Place:
    """A night loaded, without Prefect, models and releases: what the quarantine needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "soundings.toml"

    def load(self) -> None:
        self.configure()
        (self.folder / "posts.ndjson").write_text("\n".join(map(json.dumps, POSTS)))
        with opened(self.config, None, "nightly", as_of=NIGHT) as run, self._written(run) as con:
            for each in planning.plan(run, con):
                job = run.job(each.options)
                outcomes = extract.extract(job, each.asks, lambda _done, _all: None)
                ingest.ingest(job, outcomes, con, lambda: None)
            run.status.sources[0].state = "completed"

    def configure(self, more: str = "") -> None:
        self.config.write_text(CONFIG.format(more=more))

    def release(self, choice: Choice | None = None, *, killed_at: int | None = None, **order: Any) -> list[str]:
        """As the flow does it; `killed_at`: in the nth batch, before it is committed."""
        with opened(self.config, None, "quarantine") as run, self._written(run) as con:
            run.status.sources = [SourceStatus(name=quarantine.SOURCE, platform="any", state="completed")]
            batches = iter(range(1, 99))

            def on_batch() -> None:
                if next(batches) == killed_at:
                    raise KeyboardInterrupt

            return quarantine.release(run, Order(choice or Choice(), **order), con, on_batch)

    def forget_pages(self) -> None:
        for page in (self.folder / "data/landing").rglob("*.zst"):
            page.unlink()

    def raw(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "data/soundings.duckdb"), read_only=True) as con:
            return con.execute(sql, list(parameters)).fetchall()

    def states(self) -> dict[str, int]:
        return dict(self.raw("select state, count(*) from raw.quarantine group by state"))

    def id_of(self, number: str) -> str:
        return str(
            self.raw("select quarantine_id from raw.quarantine where payload like ?", f'%"id": "{number}"%')[0][0]
        )

    @staticmethod
    def _written(run: Run) -> Any:
        return connect(run.warehouse, settings=run.storage)
