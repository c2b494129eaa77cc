"""One run, from the lock to the last line of its journal: what its steps share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from flows import configuration, runs
from flows import settings as configured
from flows.batch import Job
from flows.errors import ConfigError
from flows.http import Budgets, Limits
from flows.matching import Tracked
from flows.runs import RunKind, RunState, RunStatus, SourceStatus
from flows.schedule import scheduled_before
from flows.settings import Settings
from flows.sources import AnyOptions, platform_of, source_of
from flows.sources.base import Topic
from warehouse.configuration import configure
from warehouse.connection import StorageSettings, connect
from warehouse.lock import hold_lock
from warehouse.migrate import migrate


@dataclass
class Run:
    """The run that holds the data folder. `status` is its journal; every step writes it on."""

    settings: Settings
    status: RunStatus
    must_rebuild: bool = False  # the configuration changed: models are made anew
    budgets: Budgets = field(init=False)

    def __post_init__(self) -> None:
        self.budgets = Budgets(self.settings.data_dir / "quotas")

    @property
    def as_of(self) -> datetime:
        return self.status.as_of

    @property
    def warehouse(self) -> Path:
        return self.settings.data_dir / "soundings.duckdb"

    @property
    def landing(self) -> Path:
        return self.settings.data_dir / "landing"

    @property
    def storage(self) -> StorageSettings:
        return StorageSettings(memory_limit=self.settings.storage.memory_limit, threads=self.settings.storage.threads)

    @property
    def sources(self) -> list[AnyOptions]:
        return [options for options in self.settings.sources if options.enabled]

    @property
    def topics(self) -> list[Topic]:
        return [Topic(entity.id, entity.query) for entity in self.settings.entities]

    @property
    def tracked(self) -> Tracked:
        return frozenset(f"{a.platform}:{configuration.handle(a)}" for a in self.settings.accounts)

    def job(self, options: AnyOptions, as_of: datetime | None = None) -> Job:
        """What extracting and loading one source needs to know of the run; a replay has the clock of what landed."""
        return Job(
            run_id=self.status.run_id,
            as_of=as_of or self.as_of,
            source=source_of(options),
            options=options,
            platform=platform_of(options),
            topics=self.topics,
            tracked=self.tracked,
            landing=self.landing,
            staging=self.settings.data_dir / "staging",
            folder=self.settings.path.parent,
            limits=Limits(**self.settings.http.model_dump()),
            contact=self.settings.project.contact,
            access=configured.access_of(self.settings, options),
            budgets=self.budgets,
        )

    def save(self) -> None:
        runs.save(self.settings.data_dir, self.status)


@contextmanager
def opened(
    config: Path | None,
    data_dir: Path | None,
    kind: RunKind,
    *,
    as_of: datetime | None = None,
    back: timedelta | None = None,
) -> Iterator[Run]:
    """Hold the data folder for a run: a new one, or the one that was cut off, with its own clock and id.

    Raises ConfigError or LockedError before anything is touched. What is raised inside ends the run as failed;
    an interrupt leaves it as a kill would, to be taken up again.
    """
    settings = configured.load(config, data_dir)
    status = _choose(settings, kind, as_of, back)
    with hold_lock(settings.data_dir, status.run_id):
        status = _choose(settings, kind, as_of, back)  # another run may have ended while we came to the lock
        runs.bury(settings.data_dir, keep=status.run_id)
        run = Run(settings, status)
        run.save()
        try:
            _prepare(run)
            yield run
        except Exception as error:
            run.status.error = str(error)
            _end(run, "failed")
            raise
        is_whole = all(source.state == "completed" for source in run.status.sources)
        _end(run, "completed" if is_whole else "failed")


def _end(run: Run, state: RunState) -> None:
    run.status.state, run.status.ended_at = state, runs.utc_now()
    run.save()


def _choose(settings: Settings, kind: RunKind, as_of: datetime | None, back: timedelta | None) -> RunStatus:
    """The run that was cut off, if it is young and was asked for the same; else a new one."""
    now = runs.utc_now()
    within = timedelta(hours=settings.schedule.resume_hours)
    cut_off = runs.interrupted(settings.data_dir, kind, as_of or now, within)
    is_same = cut_off is not None and as_of in (None, cut_off.as_of) and cut_off.since == _since(cut_off.as_of, back)
    if cut_off is not None and is_same and cut_off.as_of >= _due(settings, kind, as_of or now):
        known = {source.name: source for source in cut_off.sources}
        cut_off.sources = [known.get(source.name, source) for source in _sources(settings)]
        return cut_off
    newest = runs.latest(settings.data_dir)
    clock = as_of or now
    if newest is not None and clock < newest.as_of:
        raise ConfigError(
            f"as_of {clock} lies before that of the newest run ({newest.as_of}): a run cannot go back in time"
        )
    return RunStatus(
        run_id=runs.new_id(settings.data_dir, clock),
        kind=kind,
        state="running",
        as_of=clock,
        started_at=now,
        since=_since(clock, back),
        sources=_sources(settings),
    )


def _due(settings: Settings, kind: RunKind, clock: datetime) -> datetime:
    """The newest scheduled night: a run that was cut off before it is not taken up in its stead."""
    if kind != "nightly":
        return datetime.min  # noqa: DTZ901 - UTC without zone, as all our times
    return scheduled_before(settings.schedule.cron, settings.schedule.timezone, clock + timedelta(seconds=1))


def _sources(settings: Settings) -> list[SourceStatus]:
    return [SourceStatus(name=o.name, platform=platform_of(o)) for o in settings.sources if o.enabled]


def _since(clock: datetime, back: timedelta | None) -> datetime | None:
    return None if back is None else clock - back


def _prepare(run: Run) -> None:
    """Carry the warehouse forward, write down this run's configuration, and clear what a killed run was making."""
    shutil.rmtree(run.settings.data_dir / "staging", ignore_errors=True)
    con = connect(run.warehouse, settings=run.storage)
    try:
        migrate(con)
        run.must_rebuild = configure(
            con,
            run_id=run.status.run_id,
            as_of=run.as_of,
            started_at=run.status.started_at,
            tables=configuration.rows(run.settings),
        )
    finally:
        con.close()
