"""What all sources have in common, held by each against its platform in the sandbox: nights through the real steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from lives import KILLED_AT, WAITED, Life, of_all, of_all_with_mentions, whole_threads
from staged import COUNTS, Bed, source_of
from staged_worlds import FIRST, LAST, NEXT, planted

from flows.sandbox.platforms import FACADES
from flows.sandbox.server import Sandbox, serve
from flows.sources.base import FOUND_BY
from warehouse.coverage import LADDER_HOURS


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
            lived[platform] = Life.lived(bed)
        return lived[platform]

    return life


@of_all
def test_every_night_asks_all_that_the_source_can_and_is_covered_without_a_refusal(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life, source = life_of(platform), source_of(platform)
    declared = {verb for verb in FOUND_BY if getattr(source, verb) is not None}
    if not life.bed.facade.addresses:
        declared.discard("context")
    asked = {verb for night in life.nights for verb in night.tables["collection"]["verb"]}
    assert asked == declared
    for night in life.nights:
        windows = night.tables["collection"]
        assert windows.filter(~pl.col("is_covered") | (pl.col("lost_items") > 0))["error"].to_list() == []
        sums = night.ledger()
        assert sums["fetched"] == sums["loaded"] + sums["duplicate"] + sums["rejected"] + sums["quarantined"]
        assert (sums["quarantined"], night.tables["quarantine"].height) == (0, 0)
        assert night.refused == 0 or night is life.again
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
        fresh = seen.filter((pl.col("found_by") == "query") & (pl.col("first_seen_at") == night.as_of))
        assert fresh.filter(pl.col("mask") == 0)["text"].to_list() == []
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
        assert (
            seen.filter(
                pl.col("handle").ne_missing(pl.col("handle_told")) if writes else pl.col("author_id").is_not_null()
            ).rows()
            == []
        )
        counts = night.tables["engagement_snapshot"].filter(pl.col("captured_at") == night.as_of)
        both = seen.join(counts, on="mention_id", how="inner")
        assert night is not life.first or (both.height > 0) == bool(life.bed.facade.tells)
        for name in COUNTS:
            apart = both.filter(pl.col(name).ne_missing(pl.col(f"true_{name}").cast(pl.Int64)))
            if name in life.bed.facade.tells_at_times:
                apart = apart.filter(pl.col(name).is_not_null())
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
    if life.bed.source.refresh is None or not life.bed.facade.tells:
        return
    age = (pl.lit(NEXT) - pl.col("published_at")).dt.total_seconds() / 3600
    then = age - (NEXT - FIRST) / timedelta(hours=1)
    spans = [(hours, 48 if hours == 24 else 1.5 * hours) for hours in LADDER_HOURS]
    rungs = [age.is_between(*span, "left") & ~then.is_between(*span, "left") for span in spans]
    truth = life.bed.truth(NEXT).select("text", "published_at")
    due = life.first.tables["mention"].filter(pl.any_horizontal(rungs)).join(before, on="mention_id", how="semi")
    standing = due.join(truth, on=["text", "published_at"], how="semi")
    assert standing.height > 5
    read = life.next.tables["engagement_snapshot"].filter(pl.col("captured_at") == NEXT)
    assert standing.join(read, on="mention_id", how="anti")["mention_id"].to_list() == []
    asked = life.next.tables["collection"].filter(pl.col("verb") == "refresh").height
    assert asked == -(-due.height // life.bed.source.refresh_batch)


@of_all_with_mentions
def test_edits_arrive_and_what_is_gone_is_scrubbed(platform: str, life_of: Callable[[str], Life]) -> None:
    life = life_of(platform)
    known = life.seen(life.first).select("mention_id", "row", "text")
    changed = known.filter(pl.col("row").is_in(life.bed.planted("edited_s")))
    told = changed.join(life.last.tables["mention"], on="mention_id", suffix="_now")
    assert told.height > 0
    assert all(text.endswith("(I was wrong.)") for text in told["text_now"])
    gone = known.filter(pl.col("row").is_in(life.bed.planted("deleted_s")))
    assert gone.height > 0
    if life.bed.source.refresh is None:
        return
    assert gone.join(life.last.tables["tombstone"], on="mention_id", how="anti").rows() == []
    for name, table in life.last.tables.items():
        texts = table.select(pl.col(pl.String))
        for text in gone["text"]:
            left = texts.filter(pl.any_horizontal(pl.all().str.contains(text, literal=True)))
            assert left.rows() == [], name


@of_all_with_mentions
def test_what_tracked_accounts_write_is_known_and_how_many_follow_them(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life = life_of(platform)
    if life.bed.source.timeline is None:
        return
    ours = life.bed.truth(LAST).filter(
        pl.col("is_tracked") & (pl.col("published_at") >= life.bed.asked_from(FIRST)) & (pl.col("published_at") < LAST)
    )
    if not (life.bed.facade.finds_replies and life.bed.facade.signs_replies):
        ours = ours.filter(pl.col("parent").is_null())
    assert ours.filter(pl.col("mask") == 0).height > 0
    assert ours.join(life.last.tables["mention"], on=["text", "published_at"], how="anti")["text"].to_list() == []
    told = life.last.tables["account_snapshot"].filter(
        pl.col("followers").is_not_null() & (pl.col("captured_at") == LAST)
    )
    true = life.seen(life.last).select("followers", account_id="author_id").unique()
    apart = told.join(true, on="account_id", suffix="_true").filter(pl.col("followers") != pl.col("followers_true"))
    assert apart.rows() == []


@of_all_with_mentions
def test_threads_of_inbound_mentions_are_read_whole_with_their_edges(
    platform: str, life_of: Callable[[str], Life]
) -> None:
    life = life_of(platform)
    if life.bed.source.context is None or not life.bed.facade.addresses:
        return
    known = [life.seen(night).select("row", "mention_id") for night in (life.first, life.next, life.last)]
    ids = dict(pl.concat(known).rows())
    answered = 0
    for night in (life.next, life.last):
        parents = dict(life.bed.truth(night.as_of).select("row", "parent").rows())
        answered += whole_threads(life.bed, night, ids, parents)
    assert answered > 0


@of_all
def test_a_run_that_is_killed_in_mid_paging_asks_nothing_twice_when_it_is_taken_up(
    platform: str, life_of: Callable[[str], Life], served: tuple[str, Sandbox], tmp_path: Path
) -> None:
    life = life_of(platform)
    asked = life.first.requests
    if life.killed.was_killed:
        assert life.first.requests[0] == life.killed.requests[-1]
        asked = [*life.killed.requests[:-1], *life.first.requests]
    assert life.killed.was_killed == (len(asked) >= KILLED_AT)
    whole = life.again
    if life.bed.source.browse:  # a channel is asked otherwise once it is covered
        whole = Bed(tmp_path / "whole", served[1], served[0], platform).night(FIRST)
    assert Counter(asked) - Counter(whole.requests) == {}
    if not life.bed.source.pause:  # what an answer refuses is asked once more, in other words
        assert Counter(whole.requests) - Counter(asked) == {}


@of_all
def test_a_limit_that_others_have_used_up_is_waited_out(platform: str, life_of: Callable[[str], Life]) -> None:
    life = life_of(platform)
    assert (life.again.refused > 0) == bool(life.bed.waited_out)
    assert life.again.waited >= (WAITED if life.bed.waited_out else 0)
    assert life.again.tables["collection"]["rate_limited"].sum() <= life.again.refused


@of_all
def test_a_credential_that_is_missing_or_refused_stops_the_source_and_is_named(
    platform: str, served: tuple[str, Sandbox], tmp_path: Path
) -> None:
    url, sandbox = served
    source, accepted = source_of(platform), FACADES[platform].secrets
    required = {secret.name for secret in source.secrets if secret.is_required}
    assert required <= accepted.keys() <= {secret.name for secret in source.secrets}
    for number, given in enumerate([{}, dict.fromkeys(accepted, "hunter2")] if accepted else []):
        if not given and not required:
            continue
        bed = Bed(tmp_path / str(number), sandbox, url, platform, topics=("acme",), first_days=1, secrets=given)
        night = bed.night(FIRST, loads=False)
        errors = [outcome.error or "" for outcome in night.outcomes]
        assert len(errors) > 1
        assert all(errors)
        assert not any(outcome.pages or outcome.is_covered for outcome in night.outcomes)
        names = [f"SOUNDINGS_{platform}_{name}".upper() for name in (given or required)]
        assert all(name in errors[0] for name in names)
        assert not any("hunter2" in error for error in errors)
        assert len(night.requests) <= (2 if given else 0)  # 2: what strangers may not ask has a way around it
