"""The command line: `soundings …`. Exit codes: 0 all well, 1 finished with failed sources, 2 nothing done."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from expectations.errors import SoundingsError
from flows import cli_quarantine, present, runs, starter
from flows import settings as configured
from flows.errors import ConfigError, SourceError
from flows.invocation import AsOf, Config, DataDir, Json, carry_out, clock_of, prepare_prefect
from flows.settings import Settings
from flows.sources import source_of
from warehouse.lock import is_held

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
topics_app = typer.Typer(no_args_is_help=True, help="Look at a query before you commit to it.")
app.add_typer(topics_app, name="topics")
app.add_typer(cli_quarantine.app, name="quarantine")


@app.command()
def init(
    brand: Annotated[str, typer.Option(help="The brand as people write it.")],
    query: Annotated[str, typer.Option(help="What to look for: '\"acme air\" OR @acmeair OR #acme NOT recipe'.")],
    config: Config = None,
) -> None:
    """Write a working soundings.toml, on Hacker News, which needs no credentials."""
    path = starter.write(configured.config_path(config), brand, query)
    present.say(f"Wrote {path}. Next: soundings check, then soundings run.")


@app.command()
def check(config: Config = None, data_dir: DataDir = None) -> None:
    """Check the configuration and that the credentials are there; writes nothing."""
    settings = configured.load(config, data_dir)
    _find_files(settings)
    if not present.checked(settings):
        raise typer.Exit(2)


@app.command()
def run(config: Config = None, data_dir: DataDir = None, as_of: AsOf = None) -> None:
    """Run a night now; a run that was cut off is taken up again."""
    clock, settings = clock_of(as_of), prepare_prefect(config, data_dir)
    from flows.nightly import nightly

    carry_out(settings, lambda: nightly(config, data_dir, clock, return_state=True))


@app.command()
def backfill(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")],
    config: Config = None,
    data_dir: DataDir = None,
    as_of: AsOf = None,
) -> None:
    """Fetch the past: every day since then that is not covered yet."""
    clock, settings = clock_of(as_of), prepare_prefect(config, data_dir)
    from flows.backfill import backfill as flow

    carry_out(settings, lambda: flow(days, config, data_dir, clock, return_state=True))


@app.command()
def replay(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Parse, match and load what has landed once more, without asking any platform."""
    settings = prepare_prefect(config, data_dir)
    from flows.backfill import replay as flow

    carry_out(settings, lambda: flow(source, config, data_dir, return_state=True))


@app.command()
def serve(
    config: Config = None,
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the Prefect server, on 127.0.0.1.")] = 4200,
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
    is_alive = newest.state == "running" and is_held(settings.data_dir)
    if as_json:
        sys.stdout.write(runs.report(newest, is_alive=is_alive).decode() + "\n")
    else:
        present.status(newest, is_alive=is_alive)


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
    """What a query would find among all that has landed: hits, near misses, and the share of noise."""
    from flows import rehearsal

    settings = configured.load(config, data_dir)
    present.rehearsal(rehearsal.try_query(settings, text))


def _find_files(settings: Settings) -> None:
    """Raises ConfigError where a source that reads files has none to read."""
    missing = []
    for options in settings.sources:
        source = source_of(options)
        if options.enabled and source.files:
            try:
                source.files(options, settings.path.parent)
            except SourceError as error:
                missing.append(f"{settings.path.name}: sources.{options.name}: {error}")
    if missing:
        raise ConfigError("\n".join(missing))


def main() -> None:
    """Entry point: what an operator can act on is a sentence, not a traceback."""
    try:
        app()
    except SoundingsError as error:
        present.fail(str(error))
    except OSError as error:
        present.fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    sys.exit(2)
