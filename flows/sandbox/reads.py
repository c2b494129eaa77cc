"""When a nightly collection last read each post: the hidden truth of what can be known of it.

The policy is the design's, told again without its code. Hacker News: a run asks the search for every whole UTC day
that ends within the overlap before it, and for days not yet asked to their end; it asks for all that tracked accounts
wrote since the run before less the overlap; and it reads again the stories that are at an age of the ladder (from b to
under 1.5·b hours, from a day on at least a day later) for which no reading serves yet, which is the only way to notice
a deletion. Comments have no counts: what the search tells of them serves no age, so that each of them is asked for at
each age that a run meets. What nobody has asked for in thirty days is asked for again. The first run asks for
everything. Microblog: a run reads every file that exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from flows.sandbox.export import contained, exports
from flows.sandbox.streams import Ints, epoch
from flows.sandbox.world import World

_DAY = 86_400
_HOUR = 3600


@dataclass(frozen=True)
class Policy:
    """How far back a run looks, and at which ages it reads counts again."""

    overlap_hours: int = 48
    ladder_hours: tuple[int, ...] = (1, 3, 6, 24, 72, 168, 720)
    recheck_days: int = 30


def reads(world: World, runs: Sequence[datetime], policy: Policy) -> pl.DataFrame:
    """post (row) and read_s (epoch seconds of the last reading) of all that is known after the runs and not deleted."""
    return pl.concat(
        [
            _of_hackernews(world, [epoch(run) for run in runs], policy),
            file_reads(world, runs[-1]).group_by("post").agg(pl.col("read_s").max()),
        ]
    )


def _of_hackernews(world: World, runs: Sequence[int], policy: Policy) -> pl.DataFrame:
    posts = world.posts.filter(pl.col("platform") == "hackernews")
    published, indexed, deleted, edited, before, after = (
        posts[name].to_numpy() for name in ("published_s", "indexed_s", "deleted_s", "edited_s", "mask", "mask_edited")
    )
    tracked = world.accounts["role"].to_numpy()[posts["account"]] != "public"
    story = posts["parent"].is_null().to_numpy()
    ladder = np.array(policy.ladder_hours) * _HOUR
    until = np.where(ladder >= _DAY, np.maximum(1.5 * ladder, ladder + _DAY), 1.5 * ladder)
    last_read = np.full(len(posts), -1)
    gone = np.zeros(len(posts), dtype=bool)
    served = np.zeros((len(posts), len(ladder)), dtype=bool)
    asked_s = np.full(len(posts), epoch(datetime.max))  # noqa: DTZ901 - never: nobody knows it yet
    previous: int | None = None
    for run in runs:
        there = (indexed <= run) & (run < deleted) & (published < run)
        asked, told = _asked_from(run, previous, policy.overlap_hours * _HOUR)
        found = there & (np.where(edited <= run, after, before) > 0) & (published >= asked)
        found |= there & tracked & (published >= told)
        age = (run - published)[:, None]
        at_age = (age >= ladder) & (age < until)
        is_long_ago = asked_s <= run - policy.recheck_days * _DAY
        due = (last_read >= 0) & ~gone & ((at_age & ~served).any(axis=1) | is_long_ago)
        gone |= due & (deleted <= run)
        read = found | (due & ~gone)
        asked_s = np.where(due | (read & (last_read < 0)), run, asked_s)
        last_read = np.where(read, run, last_read)
        served |= at_age & (due | (read & story))[:, None]
        previous = run
    rows = np.flatnonzero((last_read >= 0) & ~gone)
    return pl.DataFrame({"post": rows, "read_s": last_read[rows]})


def _asked_from(run: int, previous: int | None, overlap: int) -> tuple[int, int]:
    """The first moment that a run asks the search for, and tracked accounts for."""
    if previous is None:
        return 0, 0
    return min(run - overlap, previous) // _DAY * _DAY, previous - overlap


def file_reads(world: World, now: datetime) -> pl.DataFrame:
    """post, read_s of every row of every file that exists at `now`: when it was captured."""
    parts = [(contained(world, day, captured_at), epoch(captured_at)) for day, captured_at, _ in exports(world, now)]
    rows: Ints = np.concatenate([np.empty(0, dtype=np.int64), *(rows for rows, _ in parts)])
    moments = np.repeat([moment for _, moment in parts], [len(rows) for rows, _ in parts])
    return pl.DataFrame({"post": rows, "read_s": moments.astype(np.int64)})
