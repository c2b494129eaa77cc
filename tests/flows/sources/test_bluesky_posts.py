"""Bluesky's posts: marks, quotes, reposts and times as they are told, and what is broken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import bluesky
from flows.sources.base import Parsed, Verb
from tests.flows.sources.bluesky_samples import ANN, BOB, OPTIONS, REPLY, node, post, uri
from tests.flows.sources.scripted import AS_OF, page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled


def parsed(body: Any, verb: Verb = "discover") -> Parsed:
    return bluesky.parse(page_of("bluesky", body, verb), OPTIONS)


def test_a_quote_with_marks_links_and_media() -> None:
    text = "Grüße @bob.example #Acme"
    start = len("Grüße ".encode())
    marks = [
        {"index": {"byteStart": start, "byteEnd": start + 12}, "features": [
            {"$type": "app.bsky.richtext.facet#mention", "did": BOB}]},
        {"index": {"byteStart": 0, "byteEnd": 1}, "features": [
            {"$type": "app.bsky.richtext.facet#tag", "tag": "Acme"},
            {"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example/"}]},
    ]  # fmt: skip
    embed = {
        "$type": "app.bsky.embed.recordWithMedia",
        "media": {"$type": "app.bsky.embed.images", "images": []},
        "record": {"$type": "app.bsky.embed.record", "record": {"uri": uri("9", BOB), "cid": "c"}},
    }
    found = parsed({"posts": [post("1", text=text, facets=marks, embed=embed, langs=["de"], tags=["Air"])]})
    mention = found.tables["mention"].row(0, named=True)
    assert (mention["kind"], mention["text"], mention["language_reported"]) == ("quote", text, "de")
    assert (mention["handles"], mention["hashtags"]) == (["bob.example"], ["acme", "air"])
    assert (mention["links"], mention["media_formats"]) == (["https://a.example/"], ["image"])
    edge = found.tables["interaction"].row(0, named=True)
    assert (edge["kind"], edge["target_mention_id"], edge["target_id"]) == (
        "quote", f"bluesky:{uri('9', BOB)}", f"bluesky:{BOB}",
    )  # fmt: skip


def test_a_repost_is_a_mention_where_the_network_names_it() -> None:
    name = f"at://{BOB}/app.bsky.feed.repost/3"
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": BOB}, "indexedAt": "2026-11-20T10:00:00Z"}
    found = parsed({"feed": [{"post": post(), "reason": {**reason, "uri": name}}, {"post": post(), "reason": reason}]})
    assert found.tables["mention"].select("native_id", "kind").rows() == [(name, "repost")]
    assert found.tables["interaction"]["target_mention_id"].to_list() == [f"bluesky:{uri('1')}"]
    assert found.malformed.is_empty()


@pytest.mark.parametrize(
    ("claimed", "published"),
    [
        ("2026-11-20T08:00:00", datetime(2026, 11, 20, 8)),
        ("2026-11-20T09:30:00+02:00", datetime(2026, 11, 20, 7, 30)),
        ("2099-01-01T00:00:00Z", datetime(2026, 11, 20, 8)),
        ("yesterday", datetime(2026, 11, 20, 8)),
    ],
)
def test_a_post_is_published_when_search_sorts_it(claimed: str, published: datetime) -> None:
    found = parsed({"posts": [{**post(), "record": {"text": "acme", "createdAt": claimed}}]})
    assert found.tables["mention"]["published_at"].to_list() == [published]


def test_counts_that_are_not_told_are_null() -> None:
    bare = {key: value for key, value in post().items() if not key.endswith("Count")}
    counts = parsed({"posts": [bare]}).tables["engagement_snapshot"].row(0, named=True)
    assert (counts["likes"], counts["bookmarks"], counts["captured_at"]) == (None, None, AS_OF)


@pytest.mark.parametrize("lacking", ["uri", "author", "record"])
def test_a_post_that_lacks_what_it_needs_is_named_and_loses_no_other(lacking: str) -> None:
    broken = {key: value for key, value in post("2").items() if key != lacking}
    found = parsed({"posts": [post("1"), broken, post("3")]})
    assert found.tables["mention"]["native_id"].to_list() == [uri("1"), uri("3")]
    assert f"'{lacking}' is missing" in found.malformed["reason"][0]


def test_an_answer_without_posts_is_refused() -> None:
    with pytest.raises(SourceError, match="no list of posts"):
        parsed({"error": "InvalidRequest"})


PAYLOADS = {"posts": [post("1"), REPLY]}
THREAD = {"thread": {**node(REPLY, node(post("3"))), "parent": node({**post("1"), "replyCount": 2})}}


def test_a_field_that_nobody_knew_is_counted_and_spoils_nothing() -> None:
    found = parsed({"posts": [{**post(), "unheard_of": 1}]})
    assert found.unmapped_fields == {"unheard_of": 1}
    assert found.tables["mention"].height == 1


@settings(max_examples=50, deadline=None)
@given(spoiled(PAYLOADS))
def test_no_spoiled_list_loses_an_item(body: Any) -> None:
    check_any_payload(bluesky.SOURCE, OPTIONS, page_of("bluesky", body))


@settings(max_examples=50, deadline=None)
@given(spoiled(THREAD))
def test_no_spoiled_thread_loses_an_item(body: Any) -> None:
    check_any_payload(bluesky.SOURCE, OPTIONS, page_of("bluesky", body, "context"))


@pytest.mark.parametrize("body", [PAYLOADS, {"did": ANN, "handle": "ann.example"}])
def test_items_wrapped_again_are_the_same_items(body: Any) -> None:
    answer = page_of("bluesky", body)
    found = bluesky.items(answer)
    assert bluesky.items(page_of("bluesky", bluesky.wrap(answer, found))) == found
