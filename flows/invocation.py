"""How a command becomes a run: the options that commands share, the run's clock, and the exit code of its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expectations.errors import SoundingsError
from flows import present, runs
from flows import settings as configured
from flows.errors import ConfigError
from flows.settings import Settings
from warehouse.errors import LockedError

if TYPE_CHECKING:
    from prefect import State

CLOCKS_DIFFER = timedelta(minutes=5)  # what --as-of may lie ahead of this machine's clock

Config = Annotated[Path | None, typer.Option("--config", help="soundings.toml (default: the one in this folder).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where everything is kept (default: as configured).")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", help="The run's clock, UTC, for nights that are simulated or replayed.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def prepare_prefect(config: Path | None, data_dir: Path | None) -> Settings:
    """Prefect reads its environment when it is imported: say where its state lives before that."""
    settings = configured.load(config, data_dir)
    quiet = present.is_watched()
    configured.apply(configured.prefect_environment(settings.data_dir, settings.prefect_api_url, is_quiet=quiet))
    return settings


def clock_of(as_of: datetime | None) -> datetime | None:
    """--as-of as UTC without zone. Raises ConfigError on a time to come: runs before it would be refused until then."""
    if as_of is None:
        return None
    moment = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    if moment > runs.utc_now() + CLOCKS_DIFFER:
        raise ConfigError(f"--as-of {moment} lies in the future; it is {runs.utc_now()} UTC")
    return moment


def carry_out(settings: Settings, flow: Callable[[], State]) -> None:
    """Run a flow and show how it ended. Raises what kept it from beginning: nothing was done then."""
    import httpx

    before = runs.latest(settings.data_dir)
    try:
        state = flow()
    except (RuntimeError, httpx.HTTPError) as error:  # Prefect did not find, or could not start, its server
        raise SoundingsError(f"the run did not begin: {error}") from error
    problem = state.result(raise_on_failure=False)
    if isinstance(problem, ConfigError | LockedError):
        raise problem
    status = runs.latest(settings.data_dir)
    if status is None or status == before:
        raise SoundingsError(f"the run did not begin: {problem}")
    present.status(status)
    if status.state == "completed" and not state.is_completed():
        present.fail(f"after the last step: {state.message}")
    raise typer.Exit(0 if status.state == "completed" and state.is_completed() else 1)
