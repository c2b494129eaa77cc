"""Several platforms in one data folder, night after night: what each run asked, and what lay there after it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from month_worlds import FIRST_DAYS, Truth
from staged import Bed
from staged_nights import Hours, Night, NotingClient

from expectations.verdict import Verdict
from flows import extract, ingest, tasks
from flows import plan as planning
from flows.run import Run, opened
from flows.sandbox.server import Sandbox
from flows.scrub import scrub
from tests.data_folder import Reader
from warehouse.connection import connect
from warehouse.ledger import last_load_seq, prune_touched

TOPICS = ("acme",)
TABLES = ("mention", "engagement_snapshot", "tombstone", "account", "collection", "load")
_MORE = """
[[accounts]]
platform = "hackernews"
handle = "acmeair"
role = "owned"
entity = "acme"
[storage]
threads = 1
[[sources]]
name = "hackernews"
type = "hackernews"
base_url = "{url}/api/v1"
items_url = "{url}/v0"
allow_private = true
"""


@dataclass(frozen=True)
class Evening:
    """A night's run beside what a search of all files of the data folder found when it had ended."""

    night: Night
    scrubbed: int
    found: Mapping[bytes, Sequence[str]]


class Month:
    """The data folder. `beds` configure a platform each; here they are the sources of one configuration."""

    def __init__(self, folder: Path, sandbox: Sandbox, url: str, truths: Mapping[str, Truth], pattern: bytes) -> None:
        self.folder, self.sandbox, self.truths = folder, sandbox, truths
        self.hours = Hours(sandbox)
        names = [name for name in truths if name != "hackernews"]
        beds = [Bed(folder / name, sandbox, url, name, topics=TOPICS, first_days=FIRST_DAYS) for name in names]
        for hosted in (bed.hosted for bed in beds):
            hosted.wall_clock = self.hours.now
            for limit in hosted.limiter.limits:
                limit.clock = self.hours.seconds
        first, *others = [(bed.folder / "soundings.toml").read_text("utf-8") for bed in beds]
        own = [text[text.index("[[accounts]]") :] for text in others]
        # One brand alone has no share of voice that says anything.
        told = "".join([first, *own, _MORE.format(url=url)])
        self.config.write_text(told.replace('kind = "brand"', 'kind = "product"'), encoding="utf-8")
        (folder / ".env").write_text("".join((bed.folder / ".env").read_text() for bed in beds))
        self._reader = Reader(pattern)

    @property
    def config(self) -> Path:
        return self.folder / "soundings.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def evening(self, as_of: datetime, *, is_published: bool) -> Evening:
        """One run; where it `is_published`, with validation, models and a release."""
        self.sandbox.now = as_of
        self.hours.pass_a_day()
        told = Night(as_of)
        client = functools.partial(NotingClient, self.hours.clock, told, None)
        with patch("flows.extract.HttpClient", client), opened(self.config, None, "nightly", as_of=as_of) as run:
            with nullcontext() if is_published else patch("flows.ingest.validate", _unjudged):
                self._load(run, told)
            if is_published:
                tasks.read_signals.fn(run)
                tasks.build.fn(run)
                tasks.publish.fn(run)
                tasks.tidy.fn(run)
            else:
                _pass_for_built(run)
            scrubbed = scrub(run)
        return Evening(told, scrubbed, self._reader.found(self.data) if scrubbed else {})

    def _load(self, run: Run, told: Night) -> None:
        con = connect(run.warehouse, settings=run.storage)
        try:
            for plan in planning.plan(run, con):
                job = run.job(plan.options)
                outcomes = extract.extract(job, plan.asks, lambda _done, _all: None)
                ingest.ingest(job, outcomes, con, lambda: None)
                told.outcomes += outcomes
                run.status.source(plan.options.name).state = "completed"
            told.tables = {name: con.sql(f"from raw.{name}").pl() for name in TABLES}
        finally:
            con.close()


def _unjudged(batch: Path, **_: object) -> Verdict:
    """Nothing to say against a batch: the rules have tests of their own, and take a third of a night."""
    return Verdict(batch_id=batch.name, source="", rules=(), quarantined_items=0, is_withheld=False, reasons=())


def _pass_for_built(run: Run) -> None:
    """As after a build: the models have taken in what was touched."""
    with connect(run.warehouse, settings=run.storage) as con:
        con.execute("update raw.build set built_load_seq = ?", [last_load_seq(con)])
        prune_touched(con)
