"""The seeded world: the same for the same seed, and with something in it to find."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sandbox import phrases
from flows.sandbox.accounts import MICROBLOG, OWNED, followers
from flows.sandbox.engagement import FOLLOWER_EXPONENT, counts
from flows.sandbox.streams import epoch
from flows.sandbox.world import World
from flows.sources.base import Topic
from flows.topics import match
from tests.flows.sandbox.worlds import END, made


def _bytes(world: World) -> bytes:
    return (world.posts.write_ndjson() + world.accounts.write_ndjson()).encode()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first = _bytes(World.make(3, 5, end=END))
    assert _bytes(World.make(3, 5, end=END)) == first
    assert _bytes(World.make(4, 5, end=END)) != first


def test_a_world_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        World.make(1, 0, end=END)


def test_scale_multiplies_the_posts() -> None:
    assert len(made(scale=4.0).posts) > 3 * len(made().posts)


@pytest.mark.parametrize(("text", "mask"), [("text", "mask"), ("text_edited", "mask_edited")])
def test_every_planted_name_satisfies_its_query_and_no_decoy_does(text: str, mask: str) -> None:
    posts = made().posts.filter(pl.col(text).is_not_null())
    nothing = pl.lit([], pl.List(pl.String))
    titled = pl.concat_str("title", text, separator="\n\n")
    frame = posts.select(
        text=pl.when(pl.col("title").is_not_null()).then(titled).otherwise(text),
        handles=nothing,
        hashtags=nothing,
        links=pl.when(pl.col("link").is_not_null()).then(pl.concat_list("link")).otherwise(nothing),
        language_reported="spoken",
    )
    found = match(frame, [Topic(entity.entity_id, entity.query) for entity in phrases.ENTITIES])
    bits = {entity.entity_id: 1 << bit for bit, entity in enumerate(phrases.ENTITIES)}
    masks = np.zeros(len(posts), dtype=np.int64)
    np.add.at(masks, found["row_no"].to_numpy(), found["topic_id"].replace_strict(bits).to_numpy())
    wrong = posts.filter(pl.Series(masks) != pl.col(mask))
    assert wrong[text].to_list() == []


def test_every_sort_of_text_is_there_in_eight_languages() -> None:
    posts = made(days=60).posts
    assert set(posts["spoken"]) == set(phrases.LANGUAGES)
    assert set(posts["theme"]) >= set(phrases.THEMES) - {"story_body"}
    assert {0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b01001, 0b00011, 0b10001} <= set(posts["mask"])
    assert posts["copy_of"].is_not_null().sum() > 0


def test_a_copy_says_on_the_other_platform_what_the_same_person_said_before() -> None:
    world = made(days=60)
    copies = world.posts.filter(pl.col("copy_of").is_not_null())
    sources = world.posts[copies["copy_of"]]
    handles = world.accounts["handle"]
    assert copies["text"].to_list() == sources["text"].to_list()
    assert set(copies["platform"]) == {"hackernews"}
    assert handles.gather(copies["account"]).to_list() == handles.gather(sources["account"]).to_list()


@settings(max_examples=25, deadline=None)
@given(early=st.integers(0, 25 * 24), more=st.integers(0, 40 * 24))
def test_counts_never_fall_as_time_goes_on(early: int, more: int) -> None:
    world = made()
    before = counts(world, world.start + timedelta(hours=early))
    after = counts(world, world.start + timedelta(hours=early + more))
    assert before.null_count().equals(after.null_count())
    for name in before.columns:
        assert (after[name] >= before[name]).all(), name


def test_some_posts_are_found_days_after_they_were_written() -> None:
    world = made()
    day = counts(world, world.posts["published_s"].to_numpy() + 86_400, np.arange(len(world.posts)))["views"]
    month = counts(world, world.posts["published_s"].to_numpy() + 30 * 86_400, np.arange(len(world.posts)))["views"]
    late = (day == 0) & (month > 20)
    assert 0.01 < late.sum() / (month > 20).sum() < 0.1


def test_hacker_news_tells_upvotes_and_replies_of_stories_and_nothing_of_comments() -> None:
    world = made()
    told = pl.concat([world.posts.select("platform", "kind"), counts(world, world.end)], how="horizontal")
    stories = told.filter(platform="hackernews", kind="post")
    comments = told.filter(platform="hackernews", kind="comment")
    assert (stories["upvotes"] >= 1).all()
    assert stories["replies"].sum() == len(comments)
    assert set(comments.drop("platform", "kind").row(0)) == {None}
    assert told.filter(platform="microblog")["upvotes"].null_count() == len(told.filter(platform="microblog"))


def test_replies_follow_what_they_answer_in_the_same_thread() -> None:
    posts = made().posts.with_row_index("row")
    replies = posts.filter(pl.col("parent").is_not_null())
    parents = posts[replies["parent"]]
    assert (parents["row"] < replies["row"]).all()
    assert (parents["published_s"] <= replies["published_s"]).all()
    assert parents["root"].to_list() == replies["root"].to_list()
    assert parents["platform"].to_list() == replies["platform"].to_list()
    assert (posts["published_s"] < epoch(END)).all()


def test_the_brands_own_accounts_answer_complaints() -> None:
    world = made()
    answers = world.posts.filter(pl.col("theme") == "answer")
    assert set(world.accounts["role"].gather(answers["account"])) == {"owned"}
    assert set(world.posts["intent"].gather(answers["parent"])) == {"complaint", "question"}


def test_edits_and_deletions_come_after_the_post() -> None:
    posts = made().posts
    edited, deleted = posts.filter(pl.col("edited_at").is_not_null()), posts.filter(pl.col("deleted_at").is_not_null())
    assert (edited["edited_at"] > edited["published_at"]).all()
    assert (deleted["deleted_at"] > deleted["published_at"]).all()
    changed = edited.filter(pl.col("mask") != pl.col("mask_edited"))
    assert (changed["edited_s"] - changed["published_s"]).max() < 7_200
    assert set(changed["mask_edited"] == 0) == {True, False}
    assert (edited["text"] != edited["text_edited"]).all()


def test_what_a_post_says_and_whether_it_is_there_depends_on_the_moment() -> None:
    world = made()
    row = int(world.posts["text_edited"].is_not_null().arg_max() or 0)
    post = world.posts.row(row, named=True)
    before, after = world.at(post["edited_at"] - timedelta(seconds=1)), world.at(post["edited_at"])
    assert (before["text"][row], after["text"][row]) == (post["text"], post["text_edited"])
    gone = int(world.posts["deleted_at"].is_not_null().arg_max() or 0)
    moment = world.posts["deleted_at"][gone]
    assert not world.at(moment - timedelta(seconds=1))["is_deleted"][gone]
    assert world.at(moment)["is_deleted"][gone]
    assert not world.at(world.start - timedelta(hours=1))["is_published"].any()


def test_a_crisis_is_many_authors_speaking_ill_and_the_loud_author_is_one() -> None:
    world = made(days=60)
    events = {event.name: event for event in world.events}
    crisis, loud = events["crisis"], events["loud author"]
    acme = world.posts.filter((pl.col("mask") & 1) > 0)
    during = acme.filter(pl.col("published_at").is_between(crisis.start, crisis.end, closed="left"))
    per_day = len(during) / (crisis.end - crisis.start).days
    assert per_day > 2.5 * (len(acme) - len(during)) / 57
    assert (during["sentiment"] == "negative").mean() > 0.6
    assert during["account"].n_unique() > 0.3 * len(during)
    shouted = world.posts.filter(
        ((pl.col("mask") & 2) > 0)
        & (pl.col("sentiment") == "negative")
        & pl.col("published_at").is_between(loud.start, loud.end, closed="left")
    )
    assert shouted["account"].value_counts(sort=True)["count"][0] > 0.5 * len(shouted)


def test_followers_are_heavy_tailed_and_the_first_brand_buys_some() -> None:
    world = made()
    known = world.accounts["followers"].drop_nulls()
    assert known.quantile(0.99) > 20 * known.median()
    account = np.array([OWNED[MICROBLOG, 0]] * 2)
    days = np.array([epoch(world.start), epoch(world.end)])
    begin, end = followers(world.accounts, account, days)
    assert end - begin > 40_000


def test_engagement_beyond_followers_is_planted_in_the_owned_accounts() -> None:
    world = made(days=60)
    posts = world.posts.filter(pl.col("theme") == "owned").with_columns(
        expected=pl.Series(
            followers(world.accounts, np.arange(len(world.accounts)), np.full(len(world.accounts), epoch(END)))
        ).gather(world.posts.filter(pl.col("theme") == "owned")["account"])
        ** FOLLOWER_EXPONENT
    )
    index = (
        posts.group_by("account")
        .agg((pl.col("final_views") / pl.col("expected")).log().mean().alias("ln"))
        .sort("account")
    )
    acme, globex, initech = index["ln"]
    assert acme < globex < initech
