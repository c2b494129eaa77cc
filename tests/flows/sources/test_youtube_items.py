"""YouTube's videos, channels and comments: counts that may be hidden, edits, and what is broken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from flows.sources import youtube
from tests.flows.sources.scripted import page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled
from tests.flows.sources.youtube_samples import OPTIONS, PAGES, answer, comment, parsed, thread, video


def test_hidden_counts_are_not_told_and_zero_is_zero() -> None:
    found = parsed(
        answer(video("a", viewCount="0", likeCount="12"), video("b", viewCount="5", commentCount="0"), video("c"))
    )
    counts = found.tables["engagement_snapshot"].select("mention_id", "views", "likes", "replies").rows()
    assert counts == [("youtube:a", 0, 12, None), ("youtube:b", 5, None, 0)]
    hidden = {"hiddenSubscriberCount": True, "subscriberCount": "0", "videoCount": "3"}
    channel = {"kind": "youtube#channel", "id": "UC1", "snippet": {"title": "t"}, "statistics": hidden}
    assert parsed(answer(channel)).tables["account_snapshot"].select("followers", "posts").rows() == [(None, 3)]


@pytest.mark.parametrize(
    "broken", [{"viewCount": "12.5"}, {"likeCount": "many"}, {"commentCount": True}, {"viewCount": "9" * 30}]
)
def test_a_count_that_is_none_is_named_and_loses_no_other(broken: dict[str, Any]) -> None:
    found = parsed(answer(video("a"), video("b", **broken), video("c")))
    assert found.tables["mention"]["native_id"].to_list() == ["a", "c"]
    assert found.malformed["item_no"].to_list() == [1]


def test_an_edited_comment_says_when_and_html_is_read_as_text() -> None:
    found = parsed(answer(comment("Ug1", updatedAt="2026-11-20T09:30:00Z"), comment("Ug2", textOriginal="<3")))
    assert found.tables["mention"]["edited_at"].to_list() == [datetime(2026, 11, 20, 9, 30), None]
    assert found.tables["mention"]["text"].to_list() == ["a <b>\nc", "<3"]
    assert found.tables["account"]["handle"].to_list() == ["ann", "ann"]


def test_fields_that_are_not_known_are_counted_and_harm_nothing() -> None:
    found = parsed(answer({**video("a"), "unheard_of": 1}))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert len(found.tables["mention"]) == 1


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of("youtube", PAGES[""], "context")
    assert youtube.items(page_of("youtube", youtube.wrap(page, youtube.items(page)))) == youtube.items(page)


CHANNEL = {"kind": "youtube#channel", "id": "UC1", "snippet": {"title": "t"}, "statistics": {"subscriberCount": "1"}}


@settings(max_examples=40, deadline=None)
@given(
    spoiled(
        answer(video("a", viewCount="1"), CHANNEL, thread("Ug1", 2, comment("Ug1.1", parentId="Ug1")), comment("Ug2"))
    )
)
def test_no_payload_crashes_and_no_item_is_without_an_outcome(body: Any) -> None:
    for verb, request in (
        ("context", "GET https://x.example/commentThreads?videoId=v"),
        ("refresh", "GET https://x.example/"),
    ):
        page = page_of("youtube", body, verb, request=request)
        check_any_payload(youtube.SOURCE, OPTIONS, page)
