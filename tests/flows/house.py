"""A run's data folder, with pages landed, loaded and scrubbed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from brand import acme

from flows.batch import batches
from flows.landing import Attempt, Outcome
from flows.run import Run, opened
from flows.scrub import scrub
from flows.sources.base import Verb
from tests.data_folder import traces
from warehouse.connection import connect
from warehouse.ledger import prune_touched
from warehouse.load import load_batch

NIGHT = datetime(2026, 7, 1, 2)


class House:
    """Of a run with one source, that is named as its platform."""

    def __init__(self, run: Run) -> None:
        self.run, self.data = run, run.settings.data_dir
        self.source = run.sources[0].name
        self.con = connect(run.warehouse, settings=run.storage)

    def land(
        self,
        window: str,
        *bodies: bytes,
        verb: Verb = "discover",
        day: int = 0,
        is_whole: bool = True,
        aside: Sequence[bytes] = (),
        ids: Sequence[str] = (),
    ) -> Outcome:
        """`aside`: pages that the source asked for and did not give; `ids`: what a refresh asked for."""
        as_of = NIGHT + timedelta(days=day)
        attempt = Attempt.open(
            self.run.landing, source=self.source, platform=self.source, verb=verb, topic_id="acme",
            window_id=window, run_id=f"night-{day}", as_of=as_of, max_age=timedelta(days=1), ids=list(ids),
        )  # fmt: skip
        pages = [
            attempt.put(f"{window}-{n}", body, request="GET https://a.example/", fetched_at=as_of).page_id
            for n, body in enumerate(bodies)
        ]
        for n, body in enumerate(aside):
            attempt.put(f"{window}-aside-{n}", body, request="GET https://a.example/item", fetched_at=as_of)
        end = attempt.finish if is_whole else attempt.pause
        return end(pages, is_covered=True, rate_limited=0, lost_items=0, error=None)

    def load(self, *outcomes: Outcome, run_id: str | None = None) -> None:
        for outcome in outcomes:
            job = replace(self.run.job(self.run.sources[0], outcome.as_of), run_id=run_id or outcome.run_id)
            for folder in batches(job, [outcome]):
                load_batch(self.con, folder, loaded_at=outcome.as_of)

    def scrub(self) -> int:
        """As a run does it: when the models have taken in what was touched."""
        self.con.execute("update raw.build set built_load_seq = 99")
        prune_touched(self.con)
        self.con.close()
        try:
            return scrub(self.run)
        finally:
            self.con = connect(self.run.warehouse, settings=self.run.storage)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def traces(self, needles: Sequence[str]) -> list[tuple[str, str]]:
        self.con.close()
        found = traces(self.data, needles)
        self.con = connect(self.run.warehouse, settings=self.run.storage)
        return found


@contextmanager
def house_of(folder: Path, source: str) -> Iterator[House]:
    """A house whose run ends well."""
    config = folder / "soundings.toml"
    config.write_text(f'{acme()}[[sources]]\nname = "{source}"\ntype = "{source}"\n')
    with opened(config, None, "nightly", as_of=NIGHT + timedelta(days=9)) as run:
        made = House(run)
        yield made
        made.con.close()
        run.status.source(source).state = "completed"
