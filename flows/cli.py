"""The command line: `soundings …`. Exit codes: 0 all well, 1 finished with failed sources, 2 nothing done."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expectations.errors import SoundingsError
from flows import present, runs, starter
from flows import settings as configured
from flows.errors import ConfigError
from warehouse.errors import LockedError

if TYPE_CHECKING:
    from prefect import State

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
topics_app = typer.Typer(no_args_is_help=True, help="Look at a query before you commit to it.")
app.add_typer(topics_app, name="topics")

Config = Annotated[Path | None, typer.Option("--config", help="soundings.toml (default: the one in this folder).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where everything is kept (default: as configured).")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", help="The run's clock, UTC, for nights that are simulated or replayed.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def init(
    brand: Annotated[str, typer.Option(help="The brand as people write it.")],
    query: Annotated[str, typer.Option(help="What to look for: '\"acme air\" OR @acmeair OR #acme NOT recipe'.")],
    config: Config = None,
) -> None:
    """Write a working soundings.toml on the sources that need no credentials."""
    path = starter.write(config or Path("soundings.toml"), brand, query)
    present.say(f"Wrote {path}. Next: soundings check, then soundings run.")


@app.command()
def check(config: Config = None, data_dir: DataDir = None) -> None:
    """Check the configuration; writes nothing."""
    present.checked(configured.load(config, data_dir))


@app.command()
def run(config: Config = None, data_dir: DataDir = None, as_of: AsOf = None) -> None:
    """Run a night now; a run that was cut off is taken up again."""
    _prepare_prefect(config, data_dir)
    from flows.nightly import nightly

    _end(nightly(config, data_dir, _utc(as_of), return_state=True), config, data_dir)


@app.command()
def backfill(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")],
    config: Config = None,
    data_dir: DataDir = None,
    as_of: AsOf = None,
) -> None:
    """Fetch the past: every day since then that is not covered yet."""
    _prepare_prefect(config, data_dir)
    from flows.backfill import backfill as flow

    _end(flow(days, config, data_dir, _utc(as_of), return_state=True), config, data_dir)


@app.command()
def replay(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Parse, match and load what has landed once more, without asking any platform."""
    _prepare_prefect(config, data_dir)
    from flows.backfill import replay as flow

    _end(flow(source, config, data_dir, return_state=True), config, data_dir)


@app.command()
def serve(
    config: Config = None,
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(help="Of the Prefect server, on 127.0.0.1.")] = 4200,
) -> None:
    """Run on schedule: a Prefect server and the cron in one process tree; a missed night is caught up."""
    from flows.serving import serve as serve_forever

    serve_forever(config, data_dir, port)


@app.command()
def status(config: Config = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """The newest run: its state, and what each source brought."""
    settings = configured.load(config, data_dir)
    newest = runs.latest(settings.data_dir)
    if newest is None:
        raise SoundingsError(f"{settings.data_dir}: there has been no run yet; start one with: soundings run")
    if as_json:
        sys.stdout.write(runs.report(newest).decode() + "\n")
    else:
        present.status(newest)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over marts.*")],
    output: Annotated[present.Format, typer.Option("--format")] = present.Format.table,
    audience: Annotated[present.Audience, typer.Option()] = present.Audience.public,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Query the current release, read-only."""
    from warehouse import query as release

    settings = configured.load(config, data_dir)
    with closing(release.open_release(settings.data_dir, audience.value)) as con:
        for chunk in release.run(con, sql, output.value):
            sys.stdout.write(chunk)


@app.command()
def rollback(
    to: Annotated[str | None, typer.Option(help="A release's run id (default: the one before).")] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Switch `current` back to an earlier release."""
    from warehouse.publish import rollback as switch

    settings = configured.load(config, data_dir)
    present.say(f"current is now {switch(settings.data_dir, to).name}")


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where the demo lives; made anew each time.")] = None,
    seed: int = 7,
    days: Annotated[int, typer.Option(min=2, max=365)] = 60,
) -> None:
    """60 synthetic past days as a backfill and one night, over real HTTP on this machine."""
    from flows.demo import show

    if not show(folder or configured.REPOSITORY / "warehouse/data/demo", seed, days):
        raise typer.Exit(1)


@topics_app.command("try")
def try_topic(
    text: Annotated[str, typer.Argument(metavar="QUERY")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """What a query would find among the mentions we have: hits, near misses, and the share of noise."""
    from flows import rehearsal

    settings = configured.load(config, data_dir)
    present.rehearsal(rehearsal.try_query(settings, text))


def _prepare_prefect(config: Path | None, data_dir: Path | None) -> None:
    """Prefect reads its environment when it is imported: say where its state lives before that."""
    settings = configured.load(config, data_dir)
    configured.apply(configured.prefect_environment(settings.data_dir))
    present.quiet_logs()


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def _end(state: State, config: Path | None, data_dir: Path | None) -> None:
    """Show how a run ended. What kept it from beginning is raised: nothing was done then."""
    problem = state.result(raise_on_failure=False)
    if isinstance(problem, ConfigError | LockedError):
        raise problem
    status = runs.latest(configured.load(config, data_dir).data_dir)
    if status is None:
        raise SoundingsError(f"the run did not begin: {problem}")
    present.status(status)
    raise typer.Exit(0 if status.state == "completed" else 1)


def main() -> None:
    """Entry point: what an operator can act on is a sentence, not a traceback."""
    try:
        app()
    except SoundingsError as error:
        present.fail(str(error))
        sys.exit(2)
