"""The steps of a run as Prefect tasks: one per source and step, never per page or row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from duckdb import DuckDBPyConnection
from duckdb import Error as DuckDBError
from polars.exceptions import PolarsError
from prefect import State, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed

from expectations.data_docs import KEPT_RUNS
from expectations.errors import ExpectationError, SoundingsError
from flows import plan as planning
from flows import present, quarantine, runs, signals
from flows import scrub as scrubbing
from flows.batch import UNEXPECTED
from flows.extract import extract as extract_windows
from flows.findings import broken_rules
from flows.ingest import ingest
from flows.landing import Outcome, finished_windows, prune_landing
from flows.plan import Plan
from flows.quarantine import Order
from flows.run import Run
from flows.runs import SourceStatus
from flows.settings import mask_key
from flows.sources import AnyOptions, source_of
from warehouse import coverage, ledger
from warehouse.check_marts import check_marts
from warehouse.connection import connect
from warehouse.models import build as build_models
from warehouse.publish import publish as publish_release
from warehouse.rechecks import overdue_of_run


@task(name="plan", cache_policy=NO_CACHE)
def plan(run: Run) -> list[Plan]:
    """What each source is asked."""
    with _written(run) as con:
        return planning.plan(run, con)


@task(name="extract", task_run_name="extract {plan.options.name}", cache_policy=NO_CACHE)
def extract(run: Run, plan: Plan, bars: present.Bars) -> list[Outcome]:
    """Land what one source answers."""
    status = run.status.source(plan.options.name)
    status.state = "extracting"
    run.save()
    if plan.error:
        status.error = plan.error
        return []
    return extract_windows(run.job(plan.options), plan.asks, bars.of(plan.options.name))


@task(name="load", task_run_name="load {plan.options.name}", cache_policy=NO_CACHE)
def load(run: Run, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """Validate and load what was landed for one source; one at a time, as there is one writer."""
    with _written(run) as con:
        _load(run, plan.options, {run.as_of: outcomes}, con)


def landed(run: Run, plan: Plan, extracting: PrefectFuture[list[Outcome]]) -> list[Outcome]:
    """What a source's extraction brought; where it broke down, that source has failed and the night goes on."""
    outcomes = extracting.result(raise_on_failure=False)
    if isinstance(outcomes, Exception):
        run.status.source(plan.options.name).error = f"{type(outcomes).__name__}: {outcomes}"
        return []
    return outcomes


@task(name="replay", cache_policy=NO_CACHE)
def replay(run: Run, source: str | None) -> None:
    """Load again every window that was landed to its end, with the clock at which it was fetched."""
    chosen = [options for options in run.sources if source in (None, options.name)]
    run.status.sources = [run.status.source(options.name) for options in chosen]
    with _written(run) as con:
        for options in chosen:
            by_clock: dict[datetime, list[Outcome]] = {}
            for outcome in finished_windows(run.landing, options.name):
                said_then = msgspec.structs.replace(outcome, error=None)  # an old error is no error of this run
                by_clock.setdefault(outcome.as_of, []).append(said_then)
            _load(run, options, by_clock, con)


@task(name="release", cache_policy=NO_CACHE)
def release(run: Run, order: Order) -> None:
    """Try quarantined items again: the one source of this run."""
    run.status.sources = [SourceStatus(name=quarantine.SOURCE, platform="any")]
    with _written(run) as con, _loading(run, quarantine.SOURCE, con) as (note, errors):
        errors += quarantine.release(run, order, con, note)


def _load(
    run: Run, options: AnyOptions, outcomes: Mapping[datetime, Sequence[Outcome]], con: DuckDBPyConnection
) -> None:
    with _loading(run, options.name, con) as (note, _):
        for as_of, windows in outcomes.items():
            ingest(run.job(options, as_of), windows, con, note)


@contextmanager
def _loading(run: Run, name: str, con: DuckDBPyConnection) -> Iterator[tuple[Callable[[], None], list[str]]]:
    """One source on its way into the warehouse: what notes its counts as they grow, and what it has failed of."""
    status = run.status.source(name)
    status.state = "loading"

    def note() -> None:
        for key, value in coverage.counts_of_run(con, run.status.run_id, name).items():
            setattr(status, key, value)
        run.save()

    note()
    errors = [status.error] if status.error else []
    try:
        yield note, errors
    except SoundingsError as error:  # what is committed stays; its windows are asked again
        errors.append(str(error))
    except (DuckDBError, PolarsError, OSError, *UNEXPECTED) as error:  # this source's, and no other's
        get_run_logger().exception("%s broke down", name)
        errors.append(f"loading broke down ({type(error).__name__}); the log has the trace")
    errors += coverage.errors_of_run(con, run.status.run_id, name)
    status.overdue = overdue_of_run(con, run.status.run_id, name)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    status.error = f"{errors[0]}{more}" if errors else None
    status.state = "failed" if errors else "completed"
    run.status.broken_rules = broken_rules(ledger.verdicts_of_run(con, run.status.run_id))
    run.save()
    if errors:
        get_run_logger().error("%s failed: %s", name, status.error)


@contextmanager
def _written(run: Run) -> Iterator[DuckDBPyConnection]:
    con = connect(run.warehouse, settings=run.storage)
    try:
        yield con
    finally:
        con.close()


@task(name="signals", cache_policy=NO_CACHE)
def read_signals(run: Run) -> None:
    """What the models need to know of texts and of who acts on whom, beyond what SQL can tell."""
    with _written(run) as con:
        staging = run.settings.data_dir / "staging"
        signals.match_rules(con, run.settings.routing, staging, run.status.run_id, loaded_at=runs.utc_now())
        signals.rank_accounts(con, staging, run.status.run_id, as_of=run.as_of, loaded_at=runs.utc_now())


@task(name="build", cache_policy=NO_CACHE)
def build(run: Run) -> None:
    """Bring the models up to what is loaded, and check what they say: what breaks a critical rule is not published."""
    zone = run.settings.reporting.timezone

    def check(con: DuckDBPyConnection, is_full: bool) -> None:
        verdict = check_marts(con, run.status.run_id, run.as_of, zone, is_full=is_full)
        run.status.broken_rules = broken_rules(ledger.verdicts_of_run(con, run.status.run_id))
        run.save()
        if verdict.is_withheld:
            raise ExpectationError(f"nothing was published, the release before stays: {'; '.join(verdict.reasons)}")

    build_models(
        run.warehouse,
        run.settings.data_dir,
        run.storage,
        reporting_timezone=zone,
        full_refresh=run.must_rebuild,
        check=check,
    )


@task(name="publish", cache_policy=NO_CACHE)
def publish(run: Run) -> Path:
    """Make the release and switch `current` to it."""
    release = publish_release(
        run.warehouse,
        run.settings.data_dir,
        run.status.run_id,
        run.as_of,
        keep=run.settings.publish.keep,
        key=mask_key(run.settings),
        tracked_handles=sorted(handle.split(":", 1)[1] for handle in run.tracked),
    )
    run.status.release = release.name
    run.save()
    return release


@task(name="tidy", cache_policy=NO_CACHE)
def tidy(run: Run) -> None:
    """Forget what is past its time: landed pages, old journals, what the models have taken in."""
    terms = {options.name: source_of(options).landing_days for options in run.settings.sources}
    by_terms = {name: run.as_of - timedelta(days=days) for name, days in terms.items() if days is not None}
    prune_landing(run.landing, run.as_of - timedelta(days=run.settings.retention.landing_days), by_terms)
    runs.prune(run.settings.data_dir, run.settings.publish.keep * 10)
    with _written(run) as con:
        ledger.prune_touched(con)
        ledger.prune_verdicts(con, KEPT_RUNS)


@task(name="scrub", cache_policy=NO_CACHE)
def scrub(run: Run) -> None:
    """Take what was deleted at its platform out of landing, quarantine, kept releases and the warehouse file."""
    if count := scrubbing.scrub(run):
        get_run_logger().info("%s deleted mentions are scrubbed from every layer", count)


def ended(run: Run) -> State:
    """The flow's last word: Failed where a source failed, though all that is safe is published."""
    failed = [source.name for source in run.status.sources if source.state != "completed"]
    if failed:
        return Failed(message=f"{', '.join(failed)} failed; the others are published with their coverage")
    return Completed(message=f"released {run.status.release}")


def report(run: Run) -> None:
    """The table of sources and the way to the release, in Prefect's own pages."""
    rows = [
        {
            "source": s.name,
            "platform": s.platform,
            "state": s.state,
            "fetched": s.fetched,
            "loaded": s.loaded,
            "duplicate": s.duplicate,
            "rejected": s.rejected,
            "quarantined": s.quarantined,
            "error": s.error or "",
        }
        for s in run.status.sources
    ]
    create_table_artifact(table=rows, key="sources", description=f"Run {run.status.run_id}, as of {run.as_of} UTC")
    if run.status.release:
        folder = run.settings.data_dir / "releases" / run.status.release
        create_link_artifact(link=folder.as_uri(), key="release", link_text=run.status.release)
