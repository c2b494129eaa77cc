"""Thirty nights in a row on several platforms at once, and two a month later: what is read again when, what is edited,
and what is deleted.

All that must be so is made of the hidden worlds and of when the runs were, in `month_truth.py`.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from month_truth import LADDER, TOLD, Seen
from month_worlds import COUNTS, HANDLE, LAST, LATER, NIGHTS, WORD, truths
from months import Month

from flows.sandbox.server import serve
from warehouse.connection import connect
from warehouse.releases import list_releases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PLATFORMS = ("hackernews", "mastodon", "bluesky", "reddit", "x")
PUBLISHED = 2  # of the last nights
_INTERACTIONS = ("likes", "replies", "reposts", "quotes", "upvotes")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Month, Seen]:
    worlds = truths(PLATFORMS)
    hosted = {name: truth.world for name, truth in worlds.items() if name != "hackernews"}
    with serve(worlds["hackernews"].world, platforms=hosted) as (url, sandbox):
        month = Month(tmp_path_factory.mktemp("month"), sandbox, url, worlds, WORD + b"|" + HANDLE)
        evenings = [month.evening(as_of, is_published=as_of in NIGHTS[-PUBLISHED:]) for as_of in NIGHTS]
    return month, Seen(worlds, evenings)


@pytest.fixture(scope="module")
def month(lived: tuple[Month, Seen]) -> Month:
    return lived[0]


@pytest.fixture(scope="module")
def seen(lived: tuple[Month, Seen]) -> Seen:
    return lived[1]


def test_every_night_was_answered_whole_and_what_names_us_is_known_as_soon_as_it_can_be(seen: Seen) -> None:
    for evening in seen.evenings:
        assert [outcome.error for outcome in evening.night.outcomes if outcome.error] == []
        assert evening.night.refused == sum(outcome.lost_items for outcome in evening.night.outcomes) == 0
    found = seen.findable().join(seen.posts, on=["platform", "row"], how="left")
    late = found.filter(pl.col("first_seen_s").is_null() | (pl.col("first_seen_s") > pl.col("findable_s")))
    assert late.rows() == []
    assert all(found.filter(platform=name).height > 40 for name in PLATFORMS)


def test_every_count_is_what_the_world_had_at_that_moment_and_none_is_ever_changed(seen: Seen) -> None:
    told = seen.snapshots()
    for name in COUNTS:
        apart = told.filter(pl.col(name).ne_missing(pl.col(f"true_{name}")))
        assert apart.select("mention_id", "captured_at", name, f"true_{name}").rows() == [], name
    assert told.filter((pl.col("age_hours") - pl.col("true_age_hours")).abs() > 1e-9).rows() == []
    assert set(told["captured_at"]) == set(NIGHTS[:-1])  # in the last, nothing is due but what was absent before
    before = seen.evenings[0].night.tables["engagement_snapshot"]
    for evening in seen.evenings[1:]:
        after = evening.night.tables["engagement_snapshot"]
        assert before.join(after, on=before.columns, how="anti", nulls_equal=True).rows() == []
        before = after


def test_every_age_that_a_run_met_was_read_and_no_other(seen: Seen) -> None:
    must, told = seen.readings(), seen.snapshots()
    assert must.join(told, on=["mention_id", "captured_at"], how="anti").rows() == []
    assert set(must["hours"]) == set(LADDER)
    for name in PLATFORMS:
        assert set(must.filter(platform=name)["hours"]) >= {24, 72, 168}, name
    assert must.filter(hours=720)["platform"].n_unique() > 3
    at_age = told.join(pl.DataFrame({"hours": LADDER}), how="cross").filter(
        pl.col("age_hours").is_between(
            pl.col("hours"), pl.when(pl.col("hours") == 24).then(48.0).otherwise(1.5 * pl.col("hours")), "left"
        )
    )
    met = at_age.select("mention_id", "hours").unique()
    assert met.join(must, on=["mention_id", "hours"], how="anti").rows() == []
    worth = told.with_columns(interactions=pl.sum_horizontal(f"true_{name}" for name in _INTERACTIONS))
    grown = must.join(worth, on=["mention_id", "captured_at"]).pivot("hours", index="mention_id", values="interactions")
    assert grown.filter((pl.col("72") == 0) & (pl.col("168") > 0)).height > 3  # engagement that came late


def test_the_marts_have_the_same_counts_at_the_same_ages(month: Month, seen: Seen) -> None:
    with connect(month.data / "soundings.duckdb", read_only=True) as con:
        daily = con.sql("from marts.fct_engagement_daily").pl()
        buckets = con.sql("from intermediate.int_bucket_counts").pl()
        owned = con.sql("from marts.fct_post_buckets").pl()
    told = seen.snapshots()
    assert daily.height == told.height  # one run a day
    both = daily.join(told, on=["mention_id", "captured_at"])
    assert both.height == told.height
    for name in COUNTS:
        assert both.filter(pl.col(name).ne_missing(pl.col(f"true_{name}"))).rows() == [], name
    alive = seen.posts.filter(pl.col("gone_s").is_null())
    must = seen.readings().join(alive, on="mention_id", how="semi").join(told, on=["mention_id", "captured_at"])
    known = pl.any_horizontal(pl.col(f"true_{name}").is_not_null() for name in _INTERACTIONS)
    worth = pl.sum_horizontal(f"true_{name}" for name in _INTERACTIONS)
    must = must.select(
        "mention_id", pl.col("hours").cast(pl.Int32).alias("bucket_hours"), "captured_at",
        interactions=pl.when(known).then(worth).cast(pl.Float64),
    )  # fmt: skip
    posts = alive.filter(~pl.col("is_reply"))
    assert _same(must.join(posts, on="mention_id", how="semi"), buckets.join(posts, on="mention_id", how="semi"))
    assert all(buckets.join(posts.filter(platform=name), on="mention_id").height > 20 for name in PLATFORMS)
    ours = posts.filter(role="owned")
    owned = owned.join(ours, on="mention_id", how="semi")
    assert _same(must.join(ours, on="mention_id", how="semi"), owned)
    assert set(owned["bucket_hours"]) >= {24, 72, 168, 720}


def _same(must: pl.DataFrame, found: pl.DataFrame) -> bool:
    return must.sort(pl.all()).equals(found.select(must.columns).sort(pl.all()))


def test_edits_are_known_from_the_next_reading_on(seen: Seen) -> None:
    for number, evening in enumerate(seen.evenings):
        told = seen.texts(number)
        stale = told.filter((pl.col("version") == "a") & (pl.col("edited_s") <= pl.col("last_read_s")))
        early = told.filter((pl.col("version") == "b") & (pl.col("edited_s") > pl.col("run_s")))
        assert stale.rows() == early.rows() == [], evening.night.as_of
    edited = seen.texts(len(seen.evenings) - 1).filter(version="b")
    days_on = edited.filter(pl.col("edited_s") > pl.col("published_s") + 3 * 86_400)
    assert set(edited["platform"]) == set(PLATFORMS)
    assert days_on.height > 5


def test_what_is_deleted_is_gone_by_the_night_that_could_know_it_and_nothing_else(month: Month, seen: Seen) -> None:
    gone = seen.posts.filter(pl.col("gone_s").is_not_null())
    assert gone.filter(pl.col("gone_s") < pl.col("deleted_s")).rows() == []
    due = seen.deletions()
    late = due.filter(pl.col("gone_s").is_null() | (pl.col("gone_s") > pl.col("known_s")))
    assert late.rows() == []
    assert all(due.filter(platform=name).height > 5 for name in PLATFORMS)
    assert due.filter("is_reply", platform="hackernews").height > 10
    beyond = due.filter(~pl.col("is_at_age"))  # which counts alone would never have told
    assert all(beyond.filter(platform=name).height > 1 for name in PLATFORMS)
    with connect(month.data / "soundings.duckdb", read_only=True) as con:
        told = con.sql("from raw.tombstone").pl()
        left = con.sql(
            "select mention_id from raw.mention semi join raw.tombstone using (mention_id) where text <> ''"
            " or url is not null or author_id is not null or len(links) + len(hashtags) + len(handles) > 0"
        ).fetchall()
    assert left == []
    assert told.filter(pl.col("scrubbed_at").is_null() | pl.col("erased_at").is_null()).rows() == []
    reasons = dict(told.group_by("platform").agg((pl.col("reason") == "absent").all()).iter_rows())
    assert reasons == {name: name not in TOLD for name in PLATFORMS}


def test_no_word_of_what_is_deleted_stands_in_any_file_and_every_other_does(month: Month, seen: Seen) -> None:
    nights = [number for number, evening in enumerate(seen.evenings) if evening.scrubbed]
    assert len(nights) > 15
    for number in nights:
        found = seen.evenings[number].found
        left = {word: found[word] for word in seen.words_gone(number) & found.keys()}
        assert left == {}
        assert seen.words_standing(number) <= found.keys()
    released = [path.name for path in list_releases(month.data)]
    assert released == [seen.evenings[-1].night.tables["load"]["run_id"].max()]  # the one before showed what is gone
    last = seen.evenings[-1].found
    shown = {word for word, files in last.items() if any(name.endswith("restricted/bi.duckdb") for name in files)}
    assert len(shown & seen.words_standing(len(seen.evenings) - 1)) > 100


def test_nor_does_an_author_all_of_whose_posts_are_deleted(seen: Seen) -> None:
    for number, evening in enumerate(seen.evenings):
        if evening.scrubbed:
            found = {word.replace(b"-", b"_"): files for word, files in evening.found.items()}
            assert {name: found[name] for name in seen.authors_gone(number) & found.keys()} == {}
    assert len(seen.authors_gone(len(seen.evenings) - 1)) > 10


def test_days_that_x_can_no_more_be_asked_for_are_lost_and_coverage_says_which(month: Month) -> None:
    with connect(month.data / "soundings.duckdb", read_only=True) as con:
        told = con.sql("from marts.kpi_coverage").pl().filter(pl.col("report_date") >= LAST.date())
    gaps = told.filter(pl.col("coverage") < 1).sort("report_date")
    reach = (LATER[0] - timedelta(days=7)).date()
    lost = pl.date_range(LAST.date(), reach, eager=True).to_list()
    assert (set(gaps["source"]), gaps["report_date"].to_list()) == ({"x"}, lost)
    assert gaps["asked_hours"].to_list() == [24.0] * len(lost)
    assert gaps["covered_hours"].to_list() == [2.0] + [0.0] * (len(lost) - 1)  # the last night ran at two
    sound = told.filter(coverage=1.0)["report_date"]
    assert sound.max() == LATER[1].date()
    with connect(month.data / "soundings.duckdb", read_only=True) as con:
        days = con.sql("from marts.kpi_entity_platform_daily where platform = 'x'").pl()
    shown = days.filter(pl.col("report_date").is_in(lost[1:]))
    assert (shown.height, set(shown["coverage"])) == (len(lost) - 1, {0.0})
