"""The hidden truth's KPIs against a world small enough to count by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from flows.sandbox.reads import Policy
from flows.sandbox.streams import epoch
from flows.sandbox.truth import expected, mentions
from flows.sandbox.world import World
from tests.flows.sandbox.worlds import END, START, made, written

ACME, GLOBEX, INITECH, PRODUCT = 1, 2, 4, 8
SOMEBODY, ANYBODY, OWNED_BLOG, MEDIA_BLOG = 100, 101, 3, 8  # accounts of the microblog
READER, WRITER, OWNED_NEWS = 40, 41, 0  # accounts of Hacker News


def _small() -> World:
    """Three days: 1 March has five mentions of Acme, 2 March one, 3 March none; every count is reached at once."""
    return written(
        {"platform": "hackernews", "account": READER, "at": 5, "mask": ACME, "final_points": 9},
        {"platform": "hackernews", "account": WRITER, "at": 6, "mask": ACME, "parent": 0, "root": 0},
        {"platform": "hackernews", "account": WRITER, "at": 7, "mask": ACME, "parent": 0, "root": 0, "deleted": 8},
        {"platform": "hackernews", "account": READER, "at": 30, "mask": GLOBEX, "final_points": 4},
        {"platform": "microblog", "account": SOMEBODY, "at": 1, "mask": ACME | PRODUCT, "final_likes": 7,
         "final_views": 50},
        {"platform": "microblog", "account": SOMEBODY, "at": 2, "mask": ACME | GLOBEX, "final_reposts": 2,
         "final_quotes": 1},
        {"platform": "microblog", "account": OWNED_BLOG, "at": 3, "mask": ACME, "parent": 5, "root": 5},
        {"platform": "microblog", "account": MEDIA_BLOG, "at": 4, "mask": GLOBEX, "final_likes": 10},
        {"platform": "microblog", "account": ANYBODY, "at": 8, "mask": 0, "final_likes": 1000},
        {"platform": "microblog", "account": SOMEBODY, "at": 26, "mask": ACME, "final_likes": 1},
        {"platform": "microblog", "account": ANYBODY, "at": 27, "mask": ACME, "mask_edited": 0, "edited": 28,
         "text_edited": "withdrawn"},
    )  # fmt: skip


def _day(frame: pl.DataFrame, entity: str, day: int, **grain: str) -> dict[str, Any]:
    return frame.filter(entity_id=entity, report_date=date(2026, 3, day), **grain).row(0, named=True)


RUN = START + timedelta(days=3, hours=2)


def test_a_day_of_a_brand_is_what_one_counts_by_hand() -> None:
    row = _day(expected(_small(), [RUN])["kpi_entity_daily"], "acme", 1)
    assert row["mentions"] == 5  # a story, a comment, three posts; the other comment was deleted unseen
    assert row["unique_authors"] == row["new_authors"] == 4  # reader, writer, somebody, the brand itself
    assert row["returning_authors"] == 0
    assert row["mentions_per_author"] == 1.25
    # The story: 10 points and two comments; the posts: 7 likes, then 3 shares and a reply, then nothing.
    assert row["interactions"] == 12 + 7 + 4 + 0
    assert row["views"] == 50
    assert (row["owned_mentions"], row["employee_mentions"], row["media_mentions"]) == (1, 0, 0)
    assert (row["ugc_mentions"], row["ugc_ratio"]) == (4, 0.8)


def test_shares_of_voice_are_among_the_brands() -> None:
    daily = expected(_small(), [RUN])["kpi_entity_daily"]
    acme, globex, initech = (_day(daily, entity, 1) for entity in ("acme", "globex", "initech"))
    assert {row["set_mentions"] for row in (acme, globex, initech)} == {7}
    assert acme["share_of_voice_mentions"] == 5 / 7
    assert initech["share_of_voice_mentions"] == 0
    # Globex: the shared post's 4 and the media's 10.
    assert globex["interactions"] == 14
    assert globex["share_of_voice_interactions"] == 14 / (23 + 14)
    assert globex["share_of_voice_authors"] == 2 / 6
    # By platform 2 of 2 on Hacker News and 3 of 5 on the microblog.
    assert acme["share_of_voice_mentions_macro"] == pytest.approx((1 + 3 / 5) / 2)
    product = _day(daily, "lumicabin", 1)
    assert product["mentions"] == 1
    assert (
        product["set_mentions"]
        is product["share_of_voice_mentions"]
        is product["share_of_voice_mentions_macro"]
        is None
    )


def test_there_is_no_share_beside_a_rival_whose_interactions_nobody_tells() -> None:
    world = written(
        {"platform": "hackernews", "account": READER, "at": 5, "mask": ACME, "final_points": 9},
        {"platform": "hackernews", "account": WRITER, "at": 6, "mask": GLOBEX, "parent": 0, "root": 0},
    )
    daily = expected(world, [RUN])["kpi_entity_daily"]
    acme, globex = (_day(daily, entity, 1) for entity in ("acme", "globex"))
    assert (acme["interactions"], globex["interactions"]) == (11, None)  # ten points and a comment
    assert acme["set_interactions"] is acme["share_of_voice_interactions"] is None
    assert acme["share_of_voice_mentions"] == 1 / 2


def test_platform_rows_hold_their_own_part() -> None:
    rows = expected(_small(), [RUN])["kpi_entity_platform_daily"]
    news = _day(rows, "acme", 1, platform="hackernews")
    blog = _day(rows, "acme", 1, platform="microblog")
    assert (news["mentions"], news["interactions"], news["views"], news["potential_audience"]) == (2, 12, None, None)
    assert (blog["mentions"], blog["interactions"], blog["share_of_voice_mentions"]) == (3, 11, 3 / 5)


def test_returning_authors_edits_and_empty_days() -> None:
    daily = expected(_small(), [RUN])["kpi_entity_daily"]
    second, third = _day(daily, "acme", 2), _day(daily, "acme", 3)
    assert (second["mentions"], second["new_authors"], second["returning_authors"]) == (1, 0, 1)
    assert (third["mentions"], third["mentions_per_author"], third["interactions"], third["views"]) == (
        0,
        None,
        None,
        None,
    )
    assert third["share_of_voice_mentions"] is third["ugc_ratio"] is None
    assert (third["mentions_7d"], third["unique_authors_7d"], third["interactions_7d"]) == (6, 4, 24)
    assert _day(daily, "initech", 3)["interactions_28d"] is None


def test_the_microblog_has_rows_of_days_that_a_file_tells_of() -> None:
    rows = expected(_small(), [RUN])["kpi_entity_platform_daily"].filter(entity_id="acme")
    last = rows.group_by("platform").agg(pl.col("report_date").max())
    assert dict(last.rows()) == {"hackernews": date(2026, 3, 4), "microblog": date(2026, 3, 3)}


def test_trailing_windows_forget_after_their_days() -> None:
    world = written({"platform": "hackernews", "account": READER, "at": 1, "mask": ACME}, days=40)
    daily = expected(world, [START + timedelta(days=39)])["kpi_entity_daily"]
    assert [_day(daily, "acme", day)["mentions_7d"] for day in (1, 7, 8)] == [1, 1, 0]
    assert [_day(daily, "acme", day)["mentions_28d"] for day in (1, 28, 29)] == [1, 1, 0]
    assert [_day(daily, "acme", day)["unique_authors_28d"] for day in (28, 29)] == [1, 0]


def test_potential_audience_is_the_authors_followers_once_each() -> None:
    world = _small()
    known = dict(zip(world.accounts["handle"], world.accounts["followers"], strict=True))
    row = _day(expected(world, [RUN])["kpi_entity_daily"], "globex", 1)
    handles = world.accounts["handle"]
    assert row["potential_audience"] == known[handles[SOMEBODY]] + world.accounts["followers"][MEDIA_BLOG]


def test_what_is_deleted_after_it_was_seen_stays_until_a_reading_finds_it_gone() -> None:
    nights = [START + timedelta(days=day, hours=2) for day in (1, 2, 4)]
    story = {"platform": "hackernews", "account": READER, "at": 1, "mask": ACME, "deleted": 30}
    comment = {
        "platform": "hackernews",
        "account": WRITER,
        "at": 2,
        "mask": ACME,
        "deleted": 30,
        "parent": 0,
        "root": 0,
    }
    post = {"platform": "microblog", "account": SOMEBODY, "at": 1, "mask": ACME, "deleted": 30}
    world = written(story, comment, post)

    def known(nights: list[datetime]) -> list[str]:
        return mentions(world, nights)["mention_id"].to_list()

    assert known(nights[:1]) == ["hackernews:1000", "hackernews:1001", "microblog:1002"]
    # The second night they are 49 and 48 hours old: at no age of the ladder. The third 73 and 72: they are asked for.
    assert known(nights[:2]) == known(nights[:1])
    assert known(nights) == ["microblog:1002"]
    assert "microblog:1002" in known(nights)
    assert known([nights[2]]) == ["microblog:1002"]


def test_counts_are_those_of_the_last_reading() -> None:
    story = {
        "platform": "hackernews",
        "account": READER,
        "at": 1,
        "mask": ACME,
        "final_points": 1000,
        "tau_s": 86_400.0,
    }
    world = written(story)
    nights = [START + timedelta(days=day, hours=2) for day in range(1, 8)]

    def read_at(upto: int, **policy: Any) -> datetime:
        frame = mentions(world, nights[:upto], Policy(**policy))
        return START + timedelta(seconds=frame["read_s"][0] - epoch(START))

    # The overlap reaches it on two nights; on the third it is 73 hours old: one reading serves that age.
    assert [read_at(n) for n in (1, 2, 3)] == nights[:3]
    assert read_at(4) == read_at(6) == nights[2]
    assert read_at(7) == nights[6]  # 169 hours
    assert read_at(7, ladder_hours=()) == nights[1]


def test_all_mentions_of_a_made_world_are_in_exactly_one_day() -> None:
    world = made()
    frames = expected(world, [END])
    known = mentions(world, [END])
    for bit, entity in enumerate(("acme", "globex", "initech", "lumicabin", "flylighter")):
        total = known.filter((pl.col("mask") & (1 << bit)) > 0)
        rows = frames["kpi_entity_daily"].filter(entity_id=entity)
        assert rows["mentions"].sum() == len(total) > 0
        assert rows["new_authors"].sum() == total["author_id"].n_unique()
        assert frames["kpi_entity_platform_daily"].filter(entity_id=entity)["mentions"].sum() == len(total)
