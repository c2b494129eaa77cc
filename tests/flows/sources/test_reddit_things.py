"""Posts and comments of Reddit: what becomes of each, and of answers that are none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.sources import reddit
from flows.sources.base import Parsed, Verb
from tests.flows.sources.recordings import recordings
from tests.flows.sources.reddit_samples import OPTIONS, START, comment, listing, post
from tests.flows.sources.scripted import page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, check_outcomes, spoiled


def parsed(body: Any, verb: Verb = "discover") -> Parsed:
    return reddit.parse(page_of("reddit", body, verb), OPTIONS)


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (post(1, author="[deleted]"), "deleted"),
        (post(1, selftext="[deleted]"), "deleted"),
        (post(1, removed_by_category="deleted", author="[deleted]"), "deleted"),
        (post(1, removed_by_category="moderator", selftext="[removed]"), "removed"),
        (post(1, removed_by_category="copyright_takedown"), "removed"),
        (comment(1, body="[removed]", author="[deleted]"), "removed"),
        (comment(1, body="[deleted]", author="[deleted]"), "deleted"),
    ],
)
def test_what_reddit_calls_gone_is_a_deletion_and_no_mention(thing: dict[str, Any], reason: str) -> None:
    found = parsed(listing(thing), "refresh")
    assert found.tables["deletion"].select("mention_id", "reason").rows() == [(f"reddit:{thing['kind']}_1", reason)]
    assert "mention" not in found.tables


def test_a_post_has_its_net_votes_and_a_hidden_score_is_not_told() -> None:
    found = parsed(listing(post(1, num_crossposts=3), post(2, hide_score=True), comment(3, score_hidden=True)))
    counts = found.tables["engagement_snapshot"].select(
        "mention_id", "upvotes", "downvotes", "replies", "reposts", "likes"
    )
    assert counts.rows() == [("reddit:t3_1", 7, None, 2, 3, None), ("reddit:t3_2", None, None, 2, None, None)]
    assert "account_snapshot" not in found.tables  # karma is no followers


def test_a_crosspost_is_a_repost_of_its_original() -> None:
    found = parsed(
        listing(post(2, crosspost_parent="t3_1", is_self=False, url="https://i.example/a.png", post_hint="image"))
    )
    assert found.tables["mention"].select("kind", "links", "media_formats").row(0) == (
        "repost", ["https://i.example/a.png"], ["image"],
    )  # fmt: skip
    edge = found.tables["interaction"].select("kind", "target_mention_id", "actor_id").row(0)
    assert edge == ("repost", "reddit:t3_1", "reddit:ann_1")


def test_an_edit_and_a_called_user_are_told() -> None:
    found = parsed(listing(comment(2, edited=float(START + 60)), comment(3, edited=True)))
    edits = [datetime(2026, 11, 20) + timedelta(seconds=60), None]
    assert found.tables["mention"]["edited_at"].to_list() == edits
    assert found.tables["mention"]["handles"].to_list() == [["acme_air"]] * 2


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of("reddit", [listing(post(1)), listing(comment(2, listing(comment(3, parent="t1_2"))))], "context")
    again = page_of("reddit", reddit.wrap(page, reddit.items(page)), "context")
    assert reddit.items(again) == reddit.items(page)


@settings(max_examples=40, deadline=None)
@given(spoiled([listing(post(1), post(2)), listing(comment(3, listing(comment(4, parent="t1_3"))), comment(5))]))
def test_no_payload_crashes_and_no_item_is_without_an_outcome(body: Any) -> None:
    for verb, answer in (("context", body), ("discover", body[0] if body else {})):
        page = page_of("reddit", answer, verb)
        check_any_payload(reddit.SOURCE, OPTIONS, page)


CALLS = re.compile(
    r"^/(api/info|search|r/[^/]+/(search|new|hot|top|comments)|(r/[^/]+/)?comments/.+"
    r"|user/[^/]+(/(submitted|comments|overview))?)/?$"
)
"""Paths of recorded answers that are of the shapes we ask for. The others: logins, votes, edits, replies and
subreddit names (POST), a moderator's notes, the inbox (`/message/…`: messages, not posts) and a redirect of a link."""


def things_of(answer: Any) -> Iterator[dict[str, Any]]:
    for each in answer if isinstance(answer, list) else [answer]:
        for thing in each["data"]["children"]:
            if thing["kind"] != "more":
                yield thing
                replies = thing["data"].get("replies")
                yield from things_of(replies) if replies else ()


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for recorded in recordings(shared_data / "recorded/reddit"):
        if recorded.status != 200 or not CALLS.search(recorded.path):
            continue
        answer = json.loads(recorded.body)
        is_thread = isinstance(answer, list)
        page = page_of("reddit", recorded.body, "context" if is_thread else "discover")
        found = reddit.parse(page, OPTIONS)
        assert found.malformed.is_empty(), recorded.file
        check_outcomes(reddit.SOURCE, page, found)
        tables = {
            name: {row["mention_id"]: row for row in found.tables[name].rows(named=True)}
            for name in ("mention", "engagement_snapshot", "interaction", "deletion")
            if name in found.tables
        }
        things = list(things_of(answer))
        assert found.item_count == len(things), recorded.file
        for thing in things:
            check_thing(thing["kind"], thing["data"], tables)
            read += 1
        if is_thread:
            (told,) = found.tables["thread_read"].select("root_id", "replies_read", "is_complete").unique().rows()
            root = next(thing["data"]["name"] for thing in things if thing["kind"] == "t3")
            assert told == (f"reddit:{root}", len(things) - 1, b'"kind": "more"' not in recorded.body)
    assert read > 100


def check_thing(kind: str, data: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    mention_id = f"reddit:{data['name']}"
    text = (
        data["body"] if kind == "t1" else "\n\n".join(filter(None, [data["title"].strip(), data["selftext"].strip()]))
    )
    if data["author"] == "[deleted]" or data.get("removed_by_category") or text in ("[deleted]", "[removed]"):
        assert mention_id in tables["deletion"]
        assert mention_id not in tables.get("mention", {})
        return
    mention = tables["mention"][mention_id]
    assert mention["text"] == text.strip()
    assert mention["author_id"] == f"reddit:{data['author'].lower()}"
    assert mention["published_at"] == datetime(1970, 1, 1) + timedelta(seconds=data["created_utc"])
    edited = data["edited"]
    assert mention["edited_at"] == (
        None if edited in (False, True) else datetime(1970, 1, 1) + timedelta(seconds=edited)
    )
    is_hidden = data.get("hide_score") or data.get("score_hidden")
    counts = tables.get("engagement_snapshot", {}).get(mention_id, dict.fromkeys(("upvotes", "replies", "reposts")))
    assert counts["upvotes"] == (None if is_hidden else data["score"])
    assert counts["replies"] == data.get("num_comments")
    assert counts["reposts"] == data.get("num_crossposts")
    assert all(counts.get(name) is None for name in ("likes", "views", "downvotes", "quotes"))
    if kind == "t1":
        assert (mention["parent_id"], mention["root_id"]) == (
            f"reddit:{data['parent_id']}",
            f"reddit:{data['link_id']}",
        )
        assert tables["interaction"][mention_id]["target_mention_id"] == mention["parent_id"]
        assert mention["kind"] == ("comment" if data["parent_id"].startswith("t3_") else "reply")
    else:
        assert mention["links"] == ([] if data["is_self"] else [data["url"]])
        assert mention["url"] == f"https://www.reddit.com{data['permalink']}"
        assert mention["kind"] == ("repost" if data.get("crosspost_parent") else "post")
