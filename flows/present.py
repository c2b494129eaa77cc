"""What the terminal shows, at 100 columns and less; bars only where there is a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from unicodedata import category

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows import topics
from flows.credentials import Access, wanted
from flows.rehearsal import Rehearsal
from flows.runs import RunStatus, totals
from flows.settings import Settings, access_of
from flows.sources import AnyOptions, platform_of, source_of

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
COLUMNS = 100
EXAMPLES = 5
MOST_RULES = 5
UNSEEN = {"Cc", "Cs", "Zl", "Zp"}  # controls, lone surrogates, separators of lines
REVERSALS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
STATES = {"completed": "green", "failed": "red", "crashed": "red", "running": "yellow"}
TAKEN_UP = {"nightly": "run", "backfill": "backfill", "replay": "replay", "quarantine": "quarantine release"}


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


def visible(text: str, keep: str = "") -> str:
    """Text that strangers wrote, with what a terminal would obey (escapes, other controls, reversals) as `\\x1b`."""

    def seen(char: str) -> bool:
        return char in keep or (category(char) not in UNSEEN and char not in REVERSALS)

    return "".join(char if seen(char) else char.encode("unicode_escape").decode() for char in text)


def say(text: str) -> None:
    out.print(escape(visible(text, keep="\n")), soft_wrap=True)


def near(path: Path) -> Path:
    """The path as one types it from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def fail(text: str) -> None:
    err.print(f"[red]error:[/red] {escape(visible(text, keep=chr(10)))}", soft_wrap=True)


def is_watched() -> bool:
    """On a terminal the bars and the table tell; elsewhere Prefect's own lines are the log."""
    return out.is_terminal


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
            out.print(f"[red]{escape(source.name)}[/]: {escape(visible(source.error))}", soft_wrap=True)
        if source.overdue:
            told = f"{source.overdue:,} known mentions wait to be asked for again; raise its most_rechecks"
            out.print(f"[yellow]{escape(source.name)}[/]: {told}", soft_wrap=True)
    if run.error:
        out.print(f"[red]{escape(visible(run.error))}[/]", soft_wrap=True)
    _findings(run)
    if run.release:
        out.print(f"Release: {escape(run.release)}", soft_wrap=True)


def _findings(run: RunStatus) -> None:
    """The rules that rows broke, the worst first, and where to read on."""
    for rule in run.broken_rules[:MOST_RULES]:
        colour = "red" if rule.severity == "critical" else "yellow"
        share = f"{rule.failed:,} of {rule.checked:,}"
        out.print(f"[{colour}]{rule.severity}[/] {escape(rule.source)}: {rule.rule} fails on {share}", soft_wrap=True)
        say(textwrap.indent("\n".join(_lines(f"{rule.why}; {rule.fix}", COLUMNS - 2)), "  "))
    if len(run.broken_rules) > MOST_RULES:
        say(f"{len(run.broken_rules) - MOST_RULES} more broken rules: soundings status --json, or the Data Docs.")
    if totals(run).quarantined:
        say(f"In quarantine: soundings quarantine list --run {run.run_id}")


def checked(settings: Settings) -> bool:
    """What a configuration will do, and which credentials it lacks; whether it lacks none."""
    say(f"{settings.path.name} is good.")
    for entity in settings.entities:
        say(f"{entity.name} ({entity.kind}): {topics.parse(entity.query)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "platform", "reads", "credentials"):
        table.add_column(name)
    missing, optional = list[tuple[str, str, str]](), list[tuple[str, str, str]]()
    for options in settings.sources:
        access = access_of(settings, options) if options.enabled else Access()
        missing += [(options.name, name, what) for name, what in access.missing.items()]
        if options.enabled and not access.missing and not access.secrets:
            optional += [(options.name, name, secret.what) for name, secret in wanted(options).items()]
        table.add_row(escape(options.name), platform_of(options), _reads(options), _credentials(options, access))
    out.print(table)
    say(f"Data in {settings.data_dir}; every night by '{settings.schedule.cron}' ({settings.schedule.timezone}).")
    _to_set("Missing in the environment and in .env beside the configuration; these sources stand still:", missing)
    _to_set("Optional, not given:", optional)
    return not missing


def _to_set(head: str, secrets: Sequence[tuple[str, str, str]]) -> None:
    """By source, the variables to set, each on a line to be copied, and where to get what they hold."""
    if secrets:
        say(head)
    for source, name, what in secrets:
        say("\n    ".join([f"{source}: {name}", *_lines(what, COLUMNS - 4)]))


def _lines(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False)


def _reads(options: AnyOptions) -> str:
    verbs = ("discover", "browse", "timeline", "refresh", "context", "read")
    return ", ".join(v for v in verbs if getattr(source_of(options), v)) if options.enabled else "disabled"


def _credentials(options: AnyOptions, access: Access) -> str:
    if access.missing:
        return f"[red]{len(access.missing)} missing[/]"
    if access.secrets:
        return "given"
    return "none given, works without" if options.enabled and wanted(options) else "none needed"


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
    line = visible(" ".join(text.split()))
    out.print(f"[{colour}]{escape(visible(why))}[/]  {escape(line)}", overflow="ellipsis", no_wrap=True)


def verbatim(text: str) -> None:
    """What is laid out already."""
    out.out(text, end="", highlight=False)
