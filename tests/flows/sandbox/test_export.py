"""The microblog's export files."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

import polars as pl

from flows.sandbox.export import AGES, exports, write_export
from flows.sandbox.world import World
from tests.flows.sandbox.worlds import END, START, made, written


def _read(paths: list[Path]) -> pl.DataFrame:
    lines = b"".join(gzip.decompress(path.read_bytes()) for path in paths)
    return pl.read_ndjson(lines, infer_schema_length=None)


def test_a_day_is_exported_at_four_ages_and_nothing_before_its_time(tmp_path: Path) -> None:
    world = made()
    now = world.start + timedelta(days=6)
    files = exports(world, now)
    assert all(captured_at <= now for _, captured_at, _ in files)
    first = [
        captured_at - day for day, captured_at, _ in exports(world, END + timedelta(days=30)) if day == files[0][0]
    ]
    assert first == [timedelta(days=age, hours=2) for age in AGES]
    assert [path.name for path in write_export(world, tmp_path, now)] == [name for _, _, name in files]


def test_the_first_files_together_hold_every_post_that_was_not_deleted_before(tmp_path: Path) -> None:
    world = made()
    later = END + timedelta(days=30)
    rows = _read([path for path in write_export(world, tmp_path, later) if "-d01" in path.name])
    posts = world.posts.filter(platform="microblog")
    captured = posts["published_at"].dt.truncate("1d") + timedelta(days=1, hours=2)
    there = posts.filter(posts["deleted_at"].is_null() | (posts["deleted_at"] > captured))
    assert sorted(rows["id"]) == sorted(there["native_id"])
    joined = rows.join(there, left_on="id", right_on="native_id", how="inner")
    published = joined["created_at"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")
    assert (published == joined["published_at"]).all()
    handles = world.accounts["handle"].gather(joined["account"])
    assert (joined["author"] == handles).all()
    parents = joined.filter(pl.col("in_reply_to").is_not_null())
    assert (world.posts["native_id"].gather(parents["parent"]) == parents["in_reply_to"]).all()


def test_later_files_bring_later_counts_and_edits(tmp_path: Path) -> None:
    world = written(
        {"platform": "microblog", "account": 100, "at": 10, "text": "before", "text_edited": "after", "edited": 40,
         "final_likes": 100, "tau_s": 86_400.0},
        {"platform": "microblog", "account": 101, "at": 20, "deleted": 40},
    )  # fmt: skip
    rows = _read(write_export(world, tmp_path, START + timedelta(days=20))).sort("captured_at", "id")
    mine = rows.filter(pl.col("id") == "1000")
    assert mine["text"].to_list() == ["before", *["after"] * 4]
    assert mine["likes"].to_list() == sorted(set(mine["likes"]))
    assert mine["captured_at"][0] == "2026-03-02T02:00:00Z"
    assert mine["edited_at"].to_list() == [None, *["2026-03-02T16:00:00Z"] * 4]
    assert rows.filter(pl.col("id") == "1001")["captured_at"].to_list() == ["2026-03-02T02:00:00Z"]


def test_the_same_world_writes_the_same_bytes_and_what_is_there_is_left_alone(tmp_path: Path) -> None:
    now = END - timedelta(days=5)
    first, second = tmp_path / "one", tmp_path / "two"
    names = write_export(made(), first, now)
    write_export(World.make(7, 20, end=END), second, now)
    assert all(path.read_bytes() == (second / path.name).read_bytes() for path in names)
    assert write_export(made(), first, now) == []
    assert len(write_export(made(), first, now + timedelta(days=1))) == len(AGES)
    assert not [path for path in first.iterdir() if path.name.endswith(".part")]
