"""What all sources have in common, held by each against its platform in the sandbox: nights through the real steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from staged import COUNTS, FIRST, LAST, NEXT, Bed, Killed, Night, planted, source_of

from flows.sandbox.platforms import FACADES
from flows.sandbox.server import Sandbox, serve
from flows.sources.base import FOUND_BY
from warehouse.coverage import LADDER_HOURS

PLATFORMS = [pytest.param(name, marks=pytest.mark.xdist_group(f"contract-{name}")) for name in sorted(FACADES)]
of_all = pytest.mark.parametrize("platform", PLATFORMS)
of_all_with_mentions = pytest.mark.parametrize("platform", [each for each in PLATFORMS if FACADES[str(each.values[0])].mentions])


@dataclass
class Life:
    """A platform read on a night, again at the same clock, a day later and two hours after that."""

    bed: Bed
    first: Night
    again: Night
    next: Night
    last: Night
    rows: dict[str, int] = field(default_factory=dict)  # of the stage, by mention_id

    @property
    def nights(self) -> tuple[Night, ...]:
        return self.first, self.again, self.next, self.last

    def seen(self, night: Night) -> pl.DataFrame:
        """The mentions that the night was told of, each beside what is true of it then."""
        read = night.tables["mention"].filter((pl.col("seen_at") == night.as_of) & pl.col("deleted_at").is_null())
        truth = self.bed.truth(night.as_of).rename({name: f"true_{name}" for name in COUNTS} | {"parent": "true_parent"})
        assert truth.select("text", "published_at").is_duplicated().sum() == 0
        found = read.join(truth, on=["text", "published_at"], how="left", maintain_order="left")
        return found.with_columns(row=pl.col("row"))


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Sandbox]]:
    worlds = {name: planted(name) for name in FACADES}
    with serve(next(iter(worlds.values())), platforms=worlds) as (url, sandbox):
        yield url, sandbox


@pytest.fixture(scope="module")
def life_of(served: tuple[str, Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Life]:
    """The life of a platform, lived once however the tests are ordered."""
    url, sandbox = served
    lived: dict[str, Life] = {}

    def life(platform: str) -> Life:
        if platform not in lived:
            bed = Bed(tmp_path_factory.mktemp(platform), sandbox, url, platform)
            lived[platform] = Life(bed, *(bed.night(as_of) for as_of in (FIRST, FIRST, NEXT, LAST)))
        return lived[platform]

    return life


def short(served: tuple[str, Sandbox], folder: Path, platform: str, **more: object) -> Bed:
    """The same platform and one topic only, in a folder of its own."""
    url, sandbox = served
    return Bed(folder, sandbox, url, platform, topics=("acme",), first_days=1, **more)  # type: ignore[arg-type]


@of_all
def test_every_night_asks_all_that_the_source_can_and_is_covered_without_a_refusal(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life, source = life_of(platform), source_of(platform)
    declared = {verb for verb in FOUND_BY if getattr(source, verb) is not None}
    asked = {verb for night in life.nights for verb in night.tables["collection"]["verb"]}
    assert asked == declared
    for night in life.nights:
        windows = night.tables["collection"]
        assert windows.filter(~pl.col("is_covered") | (pl.col("lost_items") > 0))["error"].to_list() == []
        sums = night.ledger()
        assert sums["fetched"] == sums["loaded"] + sums["duplicate"] + sums["rejected"] + sums["quarantined"]
        assert (sums["quarantined"], night.tables["quarantine"].height, night.refused) == (0, 0, 0)
    assert life.first.ledger()["loaded"] > 0


@of_all
def test_a_second_run_of_the_same_clock_loads_nothing(platform: str, life_of: Callable[[str], Life]) -> None:
    life = life_of(platform)
    assert life.again.ledger()["loaded"] == life.again.ledger()["snapshots"] == 0
    for name in ("mention", "engagement_snapshot", "account", "account_snapshot", "interaction"):
        before, after = life.first.tables[name], life.again.tables[name]
        assert after.drop("load_seq", "seen_at", strict=False).equals(before.drop("load_seq", "seen_at", strict=False))


@of_all_with_mentions
def test_all_that_names_an_entity_is_found_and_nothing_by_a_query_that_names_none(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life = life_of(platform)
    for night in (life.first, life.next, life.last):
        seen, truth = life.seen(night), life.bed.truth(night.as_of)
        assert seen.filter(pl.col("row").is_null())["mention_id"].to_list() == []
        assert seen.filter((pl.col("found_by") == "query") & (pl.col("mask") == 0))["text"].to_list() == []
        known = night.tables["mention"].filter(pl.col("deleted_at").is_null())
        named = truth.filter((pl.col("mask") > 0) & (pl.col("published_at") >= life.bed.asked_from(FIRST)))
        if not life.bed.facade.finds_replies:
            named = named.filter(pl.col("parent").is_null())
        missed = named.join(known, on=["text", "published_at"], how="anti")
        assert missed.select("text", "published_at").rows() == []
        assert known["mention_id"].is_duplicated().sum() == 0


@of_all_with_mentions
def test_texts_authors_and_counts_are_those_of_the_platform_at_that_moment(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life = life_of(platform)
    for night in (life.first, life.next, life.last):
        accounts = night.tables["account"].select("handle", author_id="account_id")
        seen = life.seen(night).join(accounts, on="author_id", how="left", suffix="_told")
        writes = life.bed.facade.handle is not None
        assert seen.filter(pl.col("handle").ne_missing(pl.col("handle_told")) if writes else pl.col("author_id").is_not_null()).rows() == []
        counts = night.tables["engagement_snapshot"].filter(pl.col("captured_at") == night.as_of)
        both = seen.join(counts, on="mention_id", how="inner")
        assert (both.height > 0) == bool(life.bed.facade.tells)
        for name in COUNTS:
            apart = both.filter(pl.col(name).ne_missing(pl.col(f"true_{name}").cast(pl.Int64)))
            assert apart.select("mention_id", name, f"true_{name}").rows() == [], name


@of_all_with_mentions
def test_counts_are_read_again_at_the_ages_of_the_ladder_and_never_overwritten(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life = life_of(platform)
    before, after = life.first.tables["engagement_snapshot"], life.last.tables["engagement_snapshot"]
    kept = after.filter(pl.col("captured_at") == FIRST).drop("load_seq").sort("mention_id")
    there = after["mention_id"].implode()
    assert kept.equals(before.filter(pl.col("mention_id").is_in(there)).drop("load_seq").sort("mention_id"))
    if life.bed.source.refresh is None:
        return
    standing = life.next.tables["mention"].filter(pl.col("deleted_at").is_null() & (pl.col("first_seen_at") == FIRST))
    age = (pl.lit(NEXT) - pl.col("published_at")).dt.total_seconds() / 3600
    rungs = [(age >= hours) & (age < 1.5 * hours) for hours in LADDER_HOURS]
    due = standing.filter(pl.any_horizontal(rungs)).join(before, on="mention_id", how="semi")
    read = life.next.tables["engagement_snapshot"].filter(pl.col("captured_at") == NEXT)
    absent = life.bed.truth(NEXT)
    assert due.join(absent, on=["text", "published_at"], how="semi").height > 5
    assert due.join(absent, on=["text", "published_at"], how="semi").join(read, on="mention_id", how="anti").rows() == []
    asked = life.next.tables["collection"].filter(pl.col("verb") == "refresh").height
    assert asked >= -(-due.height // life.bed.source.refresh_batch)
