"""The microblog's nightly export files, as a listening tool would leave them: one day's posts, gzipped NDJSON.

Every day is exported again when its posts are older, under a new name: so late counts and edits arrive, a little after
the ages of 24 h, 3 d and 7 d. The first
file of a day is written at two the next night, after which no edit adds or removes a name.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from flows.sandbox.accounts import followers
from flows.sandbox.engagement import counts
from flows.sandbox.streams import Ints, epoch
from flows.sandbox.world import World

AGES = (1, 2, 4, 8, 15)  # days after the day's begin at which it is exported
AT_HOUR = 2  # UTC


def exports(world: World, now: datetime) -> list[tuple[datetime, datetime, str]]:
    """(day, captured_at, file name) of every file that exists at `now`, in the order of their names."""
    first = datetime(world.start.year, world.start.month, world.start.day)  # noqa: DTZ001 - naive UTC throughout
    days = [first + timedelta(days=number) for number in range((world.end - first).days + 1)]
    written = [
        (day, day + timedelta(days=age, hours=AT_HOUR), f"microblog-{day:%Y-%m-%d}-d{age:02}.ndjson.gz")
        for day in days
        for age in AGES
    ]
    return sorted((each for each in written if each[1] <= now), key=lambda each: each[2])


def write_export(world: World, folder: Path, now: datetime) -> list[Path]:
    """Write the files that `now` has and `folder` has not; returns the new ones. Same world, same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    new = [(day, captured_at, folder / name) for day, captured_at, name in exports(world, now)]
    new = [each for each in new if not each[2].exists()]
    for day, captured_at, path in new:
        lines = rows(world, day, captured_at).write_ndjson().encode()
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(gzip.compress(lines, compresslevel=3, mtime=0))
        part.replace(path)
    return [path for _, _, path in new]


def contained(world: World, day: datetime, captured_at: datetime) -> Ints:
    """Row numbers of the posts that the file of `day` written at `captured_at` holds: those not deleted by then."""
    begin, moment = epoch(day), epoch(captured_at)
    posts = world.posts
    published = posts["published_s"].to_numpy()
    first = int((posts["platform"] == "hackernews").sum())  # posts are ordered by platform, then time
    span = np.searchsorted(published[first:], [begin, begin + 86_400], side="left") + first
    within = np.arange(*span)
    return within[(posts["deleted_s"].to_numpy()[within] > moment) & (published[within] <= moment)]


def rows(world: World, day: datetime, captured_at: datetime) -> pl.DataFrame:
    """The file's rows; all ids are strings, all times ISO 8601 in UTC."""
    which = contained(world, day, captured_at)
    posts, moment = world.posts[which], epoch(captured_at)
    authors = world.accounts[posts["account"]]
    native = world.posts["native_id"]
    edited = posts["edited_s"] <= moment
    frame = pl.DataFrame({
        "id": posts["native_id"],
        "created_at": posts["published_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "edited_at": posts["edited_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").set(~edited, None),
        "text": posts["text_edited"].zip_with(edited, posts["text"]),
        "language": posts["spoken"],
        "url": "https://microblog.example/@" + authors["handle"] + "/" + posts["native_id"],
        "author_id": authors["native_id"],
        "author": authors["handle"],
        "author_followers": followers(world.accounts, posts["account"].to_numpy(), np.full(len(posts), moment)),
        "in_reply_to": native.gather(posts["parent"]),
        "root": native.gather(posts["root"]),
    })  # fmt: skip
    told = counts(world, captured_at, which).drop("upvotes")
    stamp = captured_at.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.concat([frame, told], how="horizontal").with_columns(captured_at=pl.lit(stamp))
