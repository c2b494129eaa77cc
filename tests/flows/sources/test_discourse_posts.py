"""Topics and posts of Discourse: what becomes of each, and of answers that are none."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.sources import discourse
from tests.flows.sources.discourse_samples import FORUM, OPTIONS, parsed, post, topic
from tests.flows.sources.scripted import AS_OF, page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled

COOKED = (
    '<aside class="quote" data-username="Bob" data-post="2" data-topic="12"><blockquote>old</blockquote></aside>'
    '<p><a class="mention" href="/u/carl">@Carl</a> see <a href="https://a.example/">this</a> '
    '<img class="emoji" src="e"><img src="/u/1.png"></p>'
)


def test_a_topic_tells_its_first_post_and_replies() -> None:
    clicks = [{"clicks": 7}, {"clicks": 1}, {"clicks": 5, "reflection": True}]
    answered: dict[str, Any] = {"reply_to_post_number": 2, "reply_to_user": {"username": "Bob"}}
    reply = post(3, cooked=COOKED, version=2, actions_summary=[], link_counts=clicks, **answered)
    found = parsed(topic(post(), reply))
    first, second = found.tables["mention"].rows(named=True)
    assert (first["text"], first["kind"], first["hashtags"]) == ("Acme & Co\n\nacme", "post", ["air"])
    assert (first["parent_id"], first["root_id"], first["edited_at"]) == (None, f"discourse:{FORUM}/t/57/1", None)
    assert (second["kind"], second["parent_id"]) == ("reply", f"discourse:{FORUM}/t/57/2")
    assert (second["handles"], second["links"]) == (["carl"], ["https://a.example/"])
    assert (second["media_formats"], second["edited_at"]) == (["image"], datetime(2026, 11, 16, 9))
    assert second["url"] == f"https://{FORUM}/t/a-topic/57/3"
    counts = found.tables["engagement_snapshot"].select("likes", "replies", "quotes", "views", "clicks").rows()
    assert counts == [(4, 2, 1, 900, None), (0, 2, 1, 30, 8)]
    assert found.tables["interaction"].select("kind", "target_mention_id", "target_id").rows() == [
        ("reply", f"discourse:{FORUM}/t/57/2", f"discourse:{FORUM}/u/bob"),
        ("quote", f"discourse:{FORUM}/t/12/2", f"discourse:{FORUM}/u/bob"),
    ]


def test_those_who_are_named_stand_in_order_with_and_without_a_link() -> None:
    names = '<span class="mention">@Al</span> <a class="Mention" href="/u/bo">@Bo</a> <span class="mention">@al</span>'
    tags = '<a class="hashtag-cooked" href="https://a.example/tag/x">x</a> <a href="https://a.example/">see</a>'
    found = parsed(topic(post(), post(2, cooked=f"<p>{names} {tags} <b>poll</b> of a video</p>"))).tables["mention"]
    assert found["handles"].to_list() == [[], ["al", "bo"]]
    assert found["links"].to_list() == [[], ["https://a.example/"]]
    assert found["media_formats"].to_list() == [[], []]


def test_deleted_and_hidden_posts_are_told_and_notes_of_the_software_are_not() -> None:
    deleted = [post(1, user_deleted=True), post(2, deleted_at="2026-11-17T00:00:00Z"), post(3, hidden=True)]
    found = parsed(topic(*deleted, post(4, post_type=3)))
    assert "mention" not in found.tables
    assert found.tables["deletion"].select("mention_id", "deleted_at", "reason").rows() == [
        (f"discourse:{FORUM}/t/57/1", AS_OF, "deleted"),
        (f"discourse:{FORUM}/t/57/2", datetime(2026, 11, 17), "removed"),
        (f"discourse:{FORUM}/t/57/3", AS_OF, "removed"),
    ]


def test_a_forum_below_a_path_keeps_the_path_in_its_ids() -> None:
    options = discourse.Options.model_validate(
        {"name": "d", "type": "discourse", "base_url": "https://a.example/forum/"}
    )
    found = discourse.parse(page_of("discourse", topic(post())), options)
    assert found.tables["mention"]["native_id"].to_list() == ["a.example/forum/t/57/1"]


@pytest.mark.parametrize("lacking", ["topic_id", "post_number", "created_at", "cooked"])
def test_a_post_that_lacks_what_it_needs_is_named_and_loses_no_other(lacking: str) -> None:
    broken = {key: value for key, value in post(2).items() if key != lacking}
    found = parsed({"latest_posts": [post(1), broken, post(3)]})
    assert found.tables["mention"]["native_id"].to_list() == [f"{FORUM}/t/57/1", f"{FORUM}/t/57/3"]
    assert f"'{lacking}' is missing" in found.malformed["reason"][0]


def test_a_field_that_nobody_knew_is_counted_and_spoils_nothing() -> None:
    found = parsed(topic(post(unheard_of=1)))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert found.tables["mention"].height == 1


@settings(max_examples=50, deadline=None)
@given(spoiled(topic(post(), post(2, cooked=COOKED, reply_to_user={"username": "Bob"}, link_counts=[{"clicks": 1}]))))
def test_no_spoiled_topic_loses_an_item(body: Any) -> None:
    check_any_payload(discourse.SOURCE, OPTIONS, page_of("discourse", body, "context"))


@pytest.mark.parametrize("body", [topic(post(), post(2)), {"latest_posts": [post()]}, post()])
def test_items_wrapped_again_say_the_same(body: Any) -> None:
    answer = page_of("discourse", body)
    again = page_of("discourse", discourse.wrap(answer, discourse.items(answer)))
    texts = [discourse.parse(each, OPTIONS).tables["mention"]["text"].to_list() for each in (answer, again)]
    assert texts[0] == texts[1]


def posts_in(body: Any) -> list[dict[str, Any]] | None:
    """None: lists of topics, of users and of actions, and old search answers hold no posts that we ask for."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("post_stream"), dict):
        return body["post_stream"]["posts"]  # type: ignore[no-any-return]
    return body.get("latest_posts") or ([body] if "cooked" in body else None)


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "recorded/discourse").glob("*.json")):
        body = json.loads(path.read_bytes())
        expected = posts_in(body)
        if expected is None:
            continue
        found = discourse.parse(page_of("discourse", path.read_bytes(), "context"), OPTIONS)
        assert found.malformed.is_empty(), path.name
        gone = [each for each in expected if each.get("deleted_at") or each.get("user_deleted") or each.get("hidden")]
        kept = [each for each in expected if each not in gone and each["post_type"] in (1, 2)]
        mentions = found.tables["mention"].rows(named=True)
        for told, mention, count in zip(
            kept, mentions, found.tables["engagement_snapshot"].rows(named=True), strict=True
        ):
            assert mention["native_id"] == f"{FORUM}/t/{told['topic_id']}/{told['post_number']}"
            assert mention["author_id"] == f"discourse:{FORUM}/u/{told['username'].lower()}"
            moment = datetime.fromisoformat(told["created_at"])
            assert mention["published_at"] == moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())
            bare = re.sub(r"\W", "", re.sub(r"<[^>]+>|&\w+;", "", told["cooked"]))
            assert re.sub(r"\W", "", mention["text"]).endswith(bare)
            title = body.get("title") or told.get("topic_title")
            assert told["post_number"] != 1 or title is None or mention["text"].startswith(title)
            likes = [each.get("count", 0) for each in told["actions_summary"] if each["id"] == 2]
            assert (count["likes"], count["replies"], count["quotes"]) == (
                (likes or [0])[0], told["reply_count"], told["quote_count"],
            )  # fmt: skip
            assert count["views"] == (body.get("views") if told["post_number"] == 1 else told["reads"])
            read += 1
    assert read
