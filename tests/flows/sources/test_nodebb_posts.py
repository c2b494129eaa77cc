"""Topics and posts of NodeBB: what becomes of each, and of answers that are none."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import nodebb
from flows.sources.base import Parsed, Verb
from tests.flows.sources.nodebb_samples import ANN, FORUM, OPTIONS, post
from tests.flows.sources.scripted import page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled


def parsed(body: Any, verb: Verb = "discover") -> Parsed:
    return nodebb.parse(page_of("nodebb", body, verb), OPTIONS)


def test_a_topics_first_post_and_its_replies() -> None:
    content = (
        '<p><a class="mention plugin-mentions-user" href="/user/bob">@Bob</a> <a href="https://a.example/">see</a>'
        '<img src="/x.png"></p>'
    )
    guest = {"uid": 0, "username": "Guest", "userslug": ""}
    edited = int(datetime(2026, 11, 20, 1, tzinfo=UTC).timestamp() * 1000)
    found = parsed([post(), post(2, toPid=5, content=content, edited=edited), post(3, user=guest)])
    first, second, third = found.tables["mention"].rows(named=True)
    assert (first["text"], first["kind"], first["hashtags"]) == ("Acme & Co\n\nacme", "post", ["air"])
    assert (second["kind"], second["parent_id"]) == ("reply", f"nodebb:{FORUM}/post/5")
    assert (second["handles"], second["links"], second["media_formats"]) == (["bob"], ["https://a.example/"], ["image"])
    assert (second["edited_at"], second["url"]) == (datetime(2026, 11, 20, 1), f"https://{FORUM}/post/2")
    assert (third["author_id"], third["parent_id"]) == (None, f"nodebb:{FORUM}/post/1")
    assert {each["root_id"] for each in (first, second, third)} == {f"nodebb:{FORUM}/post/1"}
    counts = found.tables["engagement_snapshot"].select("upvotes", "downvotes", "replies", "likes", "views").rows()
    assert counts == [(4, 1, 2, None, None)] * 3
    assert found.tables["interaction"]["target_mention_id"].to_list() == [second["parent_id"], third["parent_id"]]


def test_links_and_names_are_told_apart_whatever_the_case_of_their_tags() -> None:
    content = '<A HREF="https://a.example/">see</A> <A CLASS="mention" HREF="https://forum.example/user/bob">@Bob</A>'
    found = parsed([post(), post(2, content=content)]).tables["mention"].rows(named=True)[1]
    assert (found["links"], found["handles"], found["media_formats"]) == (["https://a.example/"], ["bob"], [])


@pytest.mark.parametrize("lacking", ["pid", "content", "timestamp"])
def test_a_post_that_lacks_what_it_needs_is_named_and_loses_no_other(lacking: str) -> None:
    broken = {key: value for key, value in post(2).items() if key != lacking}
    found = parsed([post(1), broken, post(3)])
    assert found.tables["mention"]["native_id"].to_list() == [f"{FORUM}/post/1", f"{FORUM}/post/3"]
    assert f"'{lacking}' is missing" in found.malformed["reason"][0]


def test_an_answer_without_posts_is_refused() -> None:
    with pytest.raises(SourceError, match="no list of posts"):
        parsed({"error": "[[error:no-privileges]]"})


TOPIC = {
    "tid": 7, "mainPid": 1, "title": "Acme", "viewcount": 9, "tags": [{"value": "x"}],
    "pagination": {"pageCount": 1, "currentPage": 1},
    "posts": [{**post(), "topic": None}, post(2, toPid=1, replies={"count": 1})],
}  # fmt: skip


def test_a_field_that_nobody_knew_is_counted_and_spoils_nothing() -> None:
    found = parsed([post(unheard_of=1)])
    assert found.unmapped_fields == {"unheard_of": 1}
    assert found.tables["mention"].height == 1


@settings(max_examples=50, deadline=None)
@given(spoiled(TOPIC))
def test_no_spoiled_topic_loses_an_item(body: Any) -> None:
    check_any_payload(nodebb.SOURCE, OPTIONS, page_of("nodebb", body, "context"))


@settings(max_examples=30, deadline=None)
@given(spoiled([post(), post(2)]))
def test_no_spoiled_list_loses_an_item(body: Any) -> None:
    check_any_payload(nodebb.SOURCE, OPTIONS, page_of("nodebb", body))


@pytest.mark.parametrize(
    "body", [TOPIC, [post()], {"response": post()}, {**ANN, "followerCount": 1, "posts": [post()]}]
)
def test_items_wrapped_again_say_the_same(body: Any) -> None:
    answer = page_of("nodebb", body)
    again = page_of("nodebb", nodebb.wrap(answer, nodebb.items(answer)))
    for name in ("mention", "account"):
        tables = [nodebb.parse(each, OPTIONS).tables[name] for each in (answer, again)]
        assert tables[0].equals(tables[1])


def posts_in(body: Any) -> list[dict[str, Any]] | None:
    """None: lists of topics hold no posts, a refusal nothing at all; feeds (RSS) are read by another source."""
    found = body if isinstance(body, list) else body.get("posts")
    if not found and isinstance(body, dict) and "pid" in body.get("response", {}):
        return [body["response"]]
    return found if isinstance(found, list) else None


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "recorded/nodebb").glob("*.json")):
        body = json.loads(path.read_bytes())
        expected = posts_in(body)
        if expected is None:
            continue
        found = nodebb.parse(page_of("nodebb", path.read_bytes(), "context"), OPTIONS)
        assert found.malformed.is_empty(), path.name
        kept = [each for each in expected if not each["deleted"]]
        mentions = found.tables["mention"].rows(named=True) if kept else []
        counts = found.tables["engagement_snapshot"].rows(named=True) if kept else []
        for told, mention, count in zip(kept, mentions, counts, strict=True):
            topic = told.get("topic") or body
            assert mention["native_id"] == f"{FORUM}/post/{told['pid']}"
            assert mention["published_at"] == datetime(1970, 1, 1) + timedelta(milliseconds=told["timestamp"])
            assert mention["author_id"] == f"nodebb:{FORUM}/user/{told['user']['userslug']}"
            is_first = str(told["pid"]) == str(topic["mainPid"])
            assert mention["kind"] == ("post" if is_first else "reply")
            assert mention["parent_id"] == (
                None if is_first else f"nodebb:{FORUM}/post/{told['toPid'] or topic['mainPid']}"
            )
            bare = re.sub(r"\W", "", re.sub(r"<[^>]+>|&[#\w]+;", "", told["content"]))
            said = re.sub(r"\W", "", mention["text"])
            assert said == (re.sub(r"\W", "", topic["title"]) if is_first else "") + bare or "&" in told["content"]
            assert (count["upvotes"], count["downvotes"]) == (told["upvotes"], told["downvotes"])
            read += 1
    assert read
