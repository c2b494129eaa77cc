"""X's posts: edges, counts, links and media, what is gone and what is broken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from flows.sources import x
from flows.sources.base import Parsed, Verb
from tests.flows.sources.scripted import page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled
from tests.flows.sources.x_samples import OLD, OPTIONS, REPLY, ROOT_ID, answer, gone, post


def parsed(body: Any, verb: Verb = "refresh") -> Parsed:
    return x.parse(page_of("x", body, verb), OPTIONS)


def test_what_x_says_of_posts_that_are_gone_is_a_deletion() -> None:
    told = [
        gone("5", type="https://api.x.com/2/problems/resource-not-found"),
        gone("6", "not-authorized-for-resource"),
        gone("8", "not-authorized-for-field"),
        gone("9", resource_type="user"),
    ]
    found = parsed({"errors": told})
    assert found.tables["deletion"].select("mention_id", "reason").rows() == [("x:5", "deleted"), ("x:6", "removed")]
    assert (found.item_count, len(found.malformed)) == (2, 0)


def test_replies_quotes_and_reposts_are_edges() -> None:
    original = post("20", author_id="9", text="the whole text", note_tweet={"text": "the whole long text"})
    repost = post("21", text="RT @z: the whole te…", referenced_tweets=[{"type": "retweeted", "id": "20"}])
    both = post(
        "22",
        in_reply_to_user_id="3",
        referenced_tweets=[{"type": "quoted", "id": "20"}, {"type": "replied_to", "id": "2"}],
    )
    body = answer(repost, both)
    body["includes"]["tweets"] = [original]
    found = parsed(body)
    assert found.tables["mention"].select("kind", "text", "parent_id").rows() == [
        ("repost", "the whole long text", None), ("reply", "Acme & air", "x:2"),
    ]  # fmt: skip
    assert found.tables["engagement_snapshot"]["mention_id"].to_list() == [
        "x:22"
    ]  # a repost's counts are its original's
    assert found.tables["interaction"].select("mention_id", "kind", "target_mention_id", "target_id").rows() == [
        ("x:21", "repost", "x:20", "x:9"), ("x:22", "quote", "x:20", "x:9"), ("x:22", "reply", "x:2", "x:3"),
    ]  # fmt: skip


def test_a_post_is_told_with_counts_author_links_and_media() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://acme.example/deal"},
        {"url": "https://t.co/b", "expanded_url": "https://x.com/ann/status/1/video/1", "media_key": "7_1"},
    ]
    entities = {"urls": urls, "hashtags": [{"tag": "Acme"}], "mentions": [{"username": "Bob"}]}
    found = parsed(answer(post(OLD, entities=entities, attachments={"media_keys": ["7_1"], "poll_ids": ["1"]})))
    mention = found.tables["mention"].row(0, named=True)
    assert (mention["links"], mention["hashtags"], mention["handles"]) == (
        ["https://acme.example/deal"],
        ["acme"],
        ["bob"],
    )
    assert mention["media_formats"] == ["video", "poll", "link"]
    counts = found.tables["engagement_snapshot"].select(
        "likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes"
    )
    assert counts.row(0) == (1, 2, 3, 4, 50, 0, None)
    account = found.tables["account"].row(0, named=True)
    assert (account["handle"], account["display_name"], account["created_at"]) == (
        "ann",
        "Ann A.",
        datetime(2020, 1, 1),
    )
    assert found.tables["account_snapshot"]["followers"].to_list() == [90]


@pytest.mark.parametrize(
    "broken", [{"text": None}, {"id": 5}, {"created_at": "soon"}, {"public_metrics": {"like_count": "1"}}]
)
def test_a_broken_post_is_named_and_loses_no_other(broken: dict[str, Any]) -> None:
    found = parsed(answer(post("1"), post("2", **broken), gone("3")))
    assert found.malformed["item_no"].to_list() == [1]
    assert found.tables["mention"]["native_id"].to_list() == ["1"]


def test_fields_that_are_not_known_are_counted_and_harm_nothing() -> None:
    found = parsed(answer(post("1", unheard_of=1)))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert len(found.tables["mention"]) == 1


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of("x", answer(post("1"), post("2"), errors=[gone("3")]), "refresh")
    assert x.items(page_of("x", x.wrap(page, x.items(page)), "refresh")) == x.items(page)


@settings(max_examples=40, deadline=None)
@given(
    spoiled(
        answer(
            post(OLD), REPLY, post("5", entities={"urls": [{"expanded_url": "https://a.example"}]}), errors=[gone("3")]
        )
    )
)
def test_no_payload_crashes_and_no_item_is_without_an_outcome(body: Any) -> None:
    for verb, request in (
        ("context", f"GET https://x.example/?query=conversation_id:{ROOT_ID}"),
        ("refresh", "GET https://x.example/"),
    ):
        page = page_of("x", body, verb, request=request)
        check_any_payload(x.SOURCE, OPTIONS, page)
