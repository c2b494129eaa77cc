"""The table of sources in this folder's README: what each can be asked, what it tells, what it takes.

    python -m flows.sources.table sql/seeds/platform_metrics.csv      # prints it

Made of the sources' own descriptions and of the seed that says which platform reports which count.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from flows.sources import SOURCES
from flows.sources.base import Source

ASKED = ("discover", "timeline", "refresh", "context", "browse")
COUNTS = ("likes", "replies", "reposts", "quotes", "views")
COLUMNS = ("source", *ASKED, *COUNTS, "votes", "followers", "deletes", "asked again", "credentials", "cost")
NO = "–"
_SAID = {"reported": "yes", "never": NO, "own_only": "own posts", "partly": "some posts"}

Seed = Mapping[tuple[str, str], tuple[str, str]]
"""(platform, metric) → how it is reported, and a note."""


def read_seed(path: Path) -> Seed:
    """The seed `platform_metrics.csv`."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return {(row["platform"], row["metric"]): (row["reporting"], row["note"].strip("- ")) for row in rows}


def markdown(seed: Seed, sources: Iterable[Source] = SOURCES) -> str:
    """The whole table, and below it the notes that its numbers name."""
    notes: list[str] = []
    rows = [list(_cells(source, seed, notes)) for source in sources]
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    told = "\n".join(f"{number}. {note}" for number, note in enumerate(notes, 1))
    return f"{table}\n\n{told}\n"


def _cells(source: Source, seed: Seed, notes: list[str]) -> Iterator[str]:
    yield f"`{source.platform}`"
    for verb in ASKED:
        is_file = verb == "browse" and source.read is not None
        yield "files" if is_file else "yes" if getattr(source, verb) else NO
    for metric in (*COUNTS, "votes", "followers"):
        if source.files:
            yield "as exported"  # whatever the platform of its rows is
        elif metric == "votes":
            votes = {name: _told(source, f"{name}votes", seed, notes) for name in ("up", "down")}
            yield ", ".join(said.replace("yes", name) for name, said in votes.items() if said != NO) or NO
        else:
            yield _told(source, metric, seed, notes)
    yield _deletes(source)
    yield f"after {source.recheck_days} days, {source.most_rechecks:,} a run" if source.refresh else NO
    yield ", ".join(f"`{each.name}`" + ("" if each.is_required else ", optional") for each in source.secrets) or "none"
    yield source.cost


def _told(source: Source, metric: str, seed: Seed, notes: list[str]) -> str:
    """Whether a count is reported; a number in brackets is that of its note."""
    reporting, note = seed.get((source.platform, metric), ("never", ""))
    if not note:
        return _SAID[reporting]
    notes.append(f"`{source.platform}`, {metric}: {note}")
    return f"{_SAID[reporting]} ({len(notes)})"


def _deletes(source: Source) -> str:
    """How a deletion is noticed."""
    if source.files:
        return "as exported"
    is_missed = source.refresh is not None and source.absence_is_deletion
    return ", ".join(["told"] * source.tells_deletions + ["absent twice"] * is_missed) or NO


if __name__ == "__main__":
    sys.stdout.write(markdown(read_seed(Path(sys.argv[1]))))
