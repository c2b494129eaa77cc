"""Drawn sequences of nights: their builds add up to what a full rebuild gives, and to what the oracle says."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse.connection import connect

sys.path.insert(0, str(Path(__file__).parents[1] / "sql"))  # its modules are in no package
from raw_nights import SURELY, Nights
from test_incremental import built, contents, misjudged, rebuilt

FEWEST_NIGHTS, MOST_NIGHTS = 6, 8
LATE = "captured_at < (select max(as_of) from raw.run) - interval 30 day and load_seq = ?"


@dataclass(frozen=True)
class Sequence:
    """One drawn sequence: on how many nights after the first each of SURELY happened, and what came out wrong."""

    seed: int
    nights: int
    builds: int
    happened: dict[str, int]
    wrong: tuple[str, ...]
    cpu_seconds: float

    @property
    def missing(self) -> list[str]:
        return [name for name in SURELY if not self.happened[name]]

    @property
    def is_equal(self) -> bool:
        return not self.wrong and not self.missing and self.nights >= FEWEST_NIGHTS

    def __str__(self) -> str:
        held = ", ".join(f"{count} {name}" for name, count in self.happened.items())
        verdict = "equal" if self.is_equal else f"DIFFERS {[*self.wrong[:3], *(f'no {name}' for name in self.missing)]}"
        return (
            f"sequence {self.seed}: {self.nights} nights, {self.builds} builds ({held}): {verdict}, "
            f"{self.cpu_seconds:.0f} CPU s"
        )


def lived(seed: int) -> Sequence:
    """Draw the seed's sequence, build it night by night and compare."""
    with tempfile.TemporaryDirectory() as folder:
        return lived_in(Path(folder), seed)


def lived_in(folder: Path, seed: int) -> Sequence:
    began = time.process_time()
    warehouse = folder / "soundings.duckdb"
    nights, happened, builds = Nights(warehouse, seed), dict.fromkeys(SURELY, 0), 0
    for number, surely in enumerate(drawn(seed)):
        before, as_of = dict(nights.mentions), nights.as_of
        nights.live(*surely)
        if number:  # of the first night nothing was there to change
            for name in witnessed(nights, before, (nights.as_of - as_of).days):
                happened[name] += 1
        if "not built" not in surely:
            built(warehouse, folder)
            builds += 1
    wrong = [*unlike_rebuilt(warehouse, folder), *misjudged(warehouse)]
    return Sequence(seed, nights.load_seq, builds, happened, tuple(wrong), time.process_time() - began)


def drawn(seed: int) -> Iterator[tuple[str, ...]]:
    """What surely happens on each night: each of SURELY on a later one than the first; one is built with the next."""
    dice = random.Random(f"sequence {seed}")
    last = dice.randint(FEWEST_NIGHTS, MOST_NIGHTS) - 1
    on = {name: dice.randint(1, last) for name in SURELY} | {"not built": dice.randint(1, last - 1)}
    for night in range(last + 1):
        yield tuple(name for name in on if on[name] == night)


def witnessed(nights: Nights, before: dict[str, dict[str, object]], days: int) -> Iterator[str]:
    """Which of SURELY the night held, by what the warehouse and the mentions say, not by what was asked of the dice."""
    with connect(nights.con_path, read_only=True) as con:
        late = con.execute(f"select count(*) from raw.engagement_snapshot where {LATE}", [nights.load_seq]).fetchone()
    known = [(row, nights.mentions[key]) for key, row in before.items()]
    facts = (
        late is not None and late[0] > 0,
        any(now["published_at"] != old["published_at"] for old, now in known),
        any(now["deleted_at"] and not old["deleted_at"] for old, now in known),
        any(sorted(now["entities"]) != sorted(old["entities"]) for old, now in known),
        days > 1,
    )
    return (name for name, is_so in zip(SURELY, facts, strict=True) if is_so)


def unlike_rebuilt(warehouse: Path, data_dir: Path) -> list[str]:
    """Every mart that is not, row for row, what a full rebuild gives."""
    found, expected = contents(warehouse), rebuilt(warehouse, data_dir)
    return [
        f"{mart}: {len({*map(repr, found[mart])} ^ {*map(repr, expected[mart])})} rows"
        for mart in found
        if found[mart] != expected[mart]
    ]
