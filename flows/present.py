"""What the terminal shows, at 100 columns and less; bars only where there is a terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows import topics
from flows.rehearsal import Rehearsal
from flows.runs import RunStatus, totals
from flows.settings import Settings
from flows.sources import platform_of, source_of

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
EXAMPLES = 5
STATES = {"completed": "green", "failed": "red", "crashed": "red", "running": "yellow"}
TAKEN_UP = {"nightly": "run", "backfill": "backfill", "replay": "replay"}


class Bars:
    """One bar a source while it is extracted; silent where there is no terminal."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def of(self, name: str) -> Callable[[int, int], None]:
        """The function to tell how many of how many windows of a source are done."""
        bar = self._bars.add_task(name, total=None)

        def tell(done: int, total: int) -> None:
            self._bars.update(bar, completed=done, total=total)

        return tell


@contextmanager
def progress() -> Iterator[Bars]:
    """Bars for as long as the sources are extracted."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("windows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
        yield Bars(bars)


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


class Audience(StrEnum):
    public = "public"
    restricted = "restricted"


def say(text: str) -> None:
    out.print(escape(text), soft_wrap=True)


def near(path: Path) -> Path:
    """The path as one types it from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def fail(text: str) -> None:
    err.print(f"[red]error:[/red] {escape(text)}", soft_wrap=True)


def quiet_logs() -> None:
    """On a terminal the bars and the table tell; elsewhere Prefect's own lines are the log."""
    if out.is_terminal:
        logging.getLogger("prefect").setLevel(logging.WARNING)


def status(run: RunStatus, *, is_alive: bool = True) -> None:
    """The run and its table of sources; `is_alive` tells a run that is at work from one whose process died."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("source")
    table.add_column("state")
    for name in ("fetched", "loaded", "duplicate", "rejected", "quarantined", "pages"):
        table.add_column(name, justify="right")
    for source in run.sources:
        numbers = (source.fetched, source.loaded, source.duplicate, source.rejected, source.quarantined, source.pages)
        colour = STATES.get(source.state, "yellow")
        table.add_row(escape(source.name), f"[{colour}]{source.state}[/]", *(f"{n:,}" for n in numbers))
    sums = totals(run)
    if len(run.sources) > 1:
        numbers = (sums.fetched, sums.loaded, sums.duplicate, sums.rejected, sums.quarantined, sums.pages)
        table.add_row("total", "", *(f"{n:,}" for n in numbers), style="bold")
    state: str = run.state
    colour = STATES[state]
    if state == "running" and not is_alive:
        state = f"cut off; `soundings {TAKEN_UP[run.kind]}` takes it up again"
    line = f"Run {run.run_id} ({run.kind}), as of {run.as_of:%Y-%m-%d %H:%M} UTC: [{colour}]{state}[/]"
    out.print(line, soft_wrap=True)
    out.print(table)
    for source in run.sources:
        if source.error:
            out.print(f"[red]{escape(source.name)}[/]: {escape(source.error)}", soft_wrap=True)
    if run.error:
        out.print(f"[red]{escape(run.error)}[/]", soft_wrap=True)
    if run.release:
        out.print(f"Release: {escape(run.release)}", soft_wrap=True)


def checked(settings: Settings) -> None:
    """What a good configuration will do."""
    say(f"{settings.path.name} is good.")
    for entity in settings.entities:
        say(f"{entity.name} ({entity.kind}): {topics.parse(entity.query)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "platform", "reads", "credentials"):
        table.add_column(name)
    for options in settings.sources:
        source = source_of(options)
        verbs = [verb for verb in ("discover", "timeline", "refresh", "context", "read") if getattr(source, verb)]
        reads = ", ".join(verbs) if options.enabled else "disabled"
        table.add_row(escape(options.name), platform_of(options), reads, "none needed")
    out.print(table)
    say(f"Data in {settings.data_dir}; every night by '{settings.schedule.cron}' ({settings.schedule.timezone}).")


def rehearsal(tried: Rehearsal) -> None:
    """Hits, near misses and noise of a query on trial, with some of each to read."""
    preview = tried.preview
    noise = "nothing" if preview.noise_share is None else f"{preview.noise_share:.0%} noise"
    missed = preview.near_misses["row_no"].n_unique()
    say(f"{preview.canonical}")
    say(
        f"{len(tried.texts):,} texts: {preview.hits.height:,} hits, {missed:,} near misses; "
        f"a platform's search brings {noise}."
    )
    for row_no, terms in preview.hits.head(EXAMPLES).iter_rows():
        _example("green", ", ".join(terms), tried.texts[row_no])
    for row_no, reason in preview.near_misses.head(EXAMPLES).iter_rows():
        _example("yellow", reason, tried.texts[row_no])


def _example(colour: str, why: str, text: str) -> None:
    line = " ".join(text.split())
    out.print(f"[{colour}]{escape(why)}[/]  {escape(line)}", overflow="ellipsis", no_wrap=True)


def verbatim(text: str) -> None:
    """What is laid out already."""
    out.out(text, end="", highlight=False)
