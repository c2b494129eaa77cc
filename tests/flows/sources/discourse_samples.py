"""Topics of Discourse to test with."""

from __future__ import annotations

from typing import Any

from flows.sources import discourse
from flows.sources.base import Parsed, Verb
from tests.flows.sources.scripted import page_of

FORUM = "forum.example"
OPTIONS = discourse.Options.model_validate({"name": "d", "type": "discourse", "base_url": f"https://{FORUM}"})


def post(number: int = 1, topic_id: int = 57, **more: Any) -> dict[str, Any]:
    return {
        "id": topic_id * 1000 + number, "topic_id": topic_id, "topic_slug": "a-topic", "post_number": number,
        "post_type": 1, "username": "Ann", "name": "Ann A.", "created_at": "2026-11-16T08:00:00.000Z",
        "updated_at": "2026-11-16T09:00:00.000Z", "version": 1, "cooked": "<p>acme</p>", "reply_count": 2,
        "quote_count": 1, "reads": 30, "reply_to_post_number": None, "actions_summary": [{"id": 2, "count": 4}], **more,
    }  # fmt: skip


def topic(*posts: dict[str, Any], stream: list[int] | None = None, **more: Any) -> dict[str, Any]:
    ids = [each["id"] for each in posts] if stream is None else stream
    return {
        "title": "Acme &amp; Co",
        "views": 900,
        "tags": ["Air"],
        **more,
        "post_stream": {"posts": list(posts), "stream": ids},
    }


def parsed(body: Any, verb: Verb = "discover") -> Parsed:
    return discourse.parse(page_of("discourse", body, verb), OPTIONS)
