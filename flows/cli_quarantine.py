"""`soundings quarantine …`: what was refused, why, and how it is let in or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expectations.errors import SoundingsError
from flows import present, runs
from flows import settings as configured
from flows.errors import ConfigError
from flows.invocation import AsOf, Config, DataDir, Json, carry_out, clock_of, prepare_prefect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from flows.settings import Settings
    from warehouse.quarantine import Choice

MOST_SHOWN = 200
app = typer.Typer(no_args_is_help=True, help="What was refused, and why: let it in, or drop it.")

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of items, or how they begin.")]
Source = Annotated[str | None, typer.Option(help="Of this source.")]
Platform = Annotated[str | None, typer.Option(help="Of this platform.")]
RunId = Annotated[str | None, typer.Option("--run", help="Refused in this run.")]
Reason = Annotated[
    str | None, typer.Option(help="A part of one of its reasons: mention.url, or 'field 'id' is missing'.")
]
Mention = Annotated[str | None, typer.Option(help="Of this mention: platform:native id.")]
Since = Annotated[datetime | None, typer.Option(help="Refused then or later, UTC.")]
Because = Annotated[str | None, typer.Option(help="Why, for those who look later.")]
STATES = ("open", "released", "returned", "discarded", "any")


@app.command("list")
def list_items(
    ids: Annotated[bool, typer.Option("--ids", help="Each item by itself.")] = False,
    source: Source = None,
    platform: Platform = None,
    run: RunId = None,
    reason: Reason = None,
    mention: Mention = None,
    since: Since = None,
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}.")] = "open",
    as_json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """How many items are in quarantine, by source and reason; with --ids, which."""
    from flows import show_quarantine as show
    from warehouse import quarantine

    choice = _choice((), source, platform, run, reason, mention, since, state)
    with _opened(configured.load(config, data_dir), read_only=True) as con:
        number = quarantine.count(con, choice)
        if ids:
            found = quarantine.items(con, choice, number if as_json else MOST_SHOWN)
            show.as_json(found) if as_json else show.items(found, number)
        else:
            groups = quarantine.groups(con, choice)
            show.as_json(groups) if as_json else show.groups(groups, number)


@app.command()
def show(
    ids: Annotated[list[str], typer.Argument(help="Ids of items, or how they begin.")],
    as_json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """All there is to know of some items: every reason, what to do about it, and the payload."""
    from flows import show_quarantine
    from warehouse import quarantine

    with _opened(configured.load(config, data_dir), read_only=True) as con:
        choice = quarantine.named(con, quarantine.Choice(ids=tuple(ids), state=None))
        found = quarantine.items(con, choice, len(ids))
    if as_json:
        show_quarantine.as_json(found)
    else:
        show_quarantine.details(found)


@app.command()
def release(
    ids: Ids = None,
    source: Source = None,
    platform: Platform = None,
    run: RunId = None,
    reason: Reason = None,
    mention: Mention = None,
    since: Since = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is open.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="You vouch for them: against the plausibility rules in their reasons.")
    ] = False,
    because: Because = None,
    as_of: AsOf = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Try items again with the parser, mapping and rules as they are now, in a run of its own."""
    choice = _choice(ids, source, platform, run, reason, mention, since, "open")
    _refuse_everything(choice, everything=everything)
    if anyway and not because:
        raise ConfigError("--anyway lets in what a rule refuses: say why with --because")
    clock, settings = clock_of(as_of), prepare_prefect(config, data_dir)
    newest = runs.latest(settings.data_dir)
    if newest is None or (newest.kind, newest.state) != ("quarantine", "running"):  # else there is one to take up
        with _opened(settings, read_only=True) as con:
            _count(con, choice)
    from flows.quarantine import Order
    from flows.release import release as flow

    order = Order(choice, anyway=anyway, because=because)
    carry_out(settings, lambda: flow(order, config, data_dir, clock, return_state=True))


@app.command()
def discard(
    because: Annotated[str, typer.Option(help="Why, for those who look later.")],
    ids: Ids = None,
    source: Source = None,
    platform: Platform = None,
    run: RunId = None,
    reason: Reason = None,
    mention: Mention = None,
    since: Since = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is open.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: their payloads are gone for good.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Close items for good: the payload is dropped, the row with its reasons stays."""
    from warehouse import quarantine
    from warehouse.lock import hold_lock

    choice = _choice(ids, source, platform, run, reason, mention, since, "open")
    _refuse_everything(choice, everything=everything)
    settings = configured.load(config, data_dir)
    with hold_lock(settings.data_dir, "quarantine discard"), _opened(settings, read_only=False) as con:
        number = _count(con, choice)
        if not (yes or choice.ids) and not typer.confirm(f"Drop {number:,} items for good?", err=True):
            raise typer.Exit(2)
        dropped = quarantine.discard(con, quarantine.named(con, choice), because, runs.utc_now())
    present.say(f"{dropped:,} items discarded: their payloads are gone, their rows and reasons stay.")


def _choice(
    ids: list[str] | tuple[str, ...] | None,
    source: str | None,
    platform: str | None,
    run: str | None,
    reason: str | None,
    mention: str | None,
    since: datetime | None,
    state: str,
) -> Choice:
    from warehouse.quarantine import Choice

    if state not in STATES:
        raise ConfigError(f"--state {state}: there is no such state; there are {', '.join(STATES)}")
    return Choice(
        ids=tuple(ids or ()),
        source=source,
        platform=platform,
        run_id=run,
        reason=reason,
        mention_id=mention,
        since=since,
        state=None if state == "any" else state,  # type: ignore[arg-type] # one of STATES
    )


def _refuse_everything(choice: Choice, *, everything: bool) -> None:
    if choice.is_everything and not everything:
        raise ConfigError("name ids or a filter, or say --all; soundings quarantine list shows what there is")


def _count(con: DuckDBPyConnection, choice: Choice) -> int:
    from warehouse import quarantine

    number = quarantine.count(con, quarantine.named(con, choice))
    if number == 0:
        raise ConfigError("no open item is like that; soundings quarantine list --state any shows all there were")
    return number


@contextmanager
def _opened(settings: Settings, *, read_only: bool) -> Iterator[DuckDBPyConnection]:
    """The warehouse, which a run that is at work keeps to itself."""
    from duckdb import BinderException

    from warehouse.connection import connect
    from warehouse.lock import is_held
    from warehouse.migrate import migrate

    path: Path = settings.data_dir / "soundings.duckdb"
    if not path.exists():
        raise SoundingsError(f"{settings.data_dir}: there has been no run yet; start one with: soundings run")
    if read_only and is_held(settings.data_dir):
        raise SoundingsError(f"a run is at work in {settings.data_dir} and has the warehouse: wait until it has ended")
    con = connect(path, read_only=read_only)
    try:
        if not read_only:
            migrate(con)
        yield con
    except BinderException as error:  # read-only, and from before there were these columns
        raise SoundingsError(f"{path} is of an older version: soundings run carries it forward") from error
    finally:
        con.close()
