"""Posts of Stack Exchange to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flows.sources import stackexchange
from flows.sources.base import Parsed, Verb
from tests.flows.sources.scripted import page_of

OPTIONS = stackexchange.Options(name="so", type="stackexchange")
START = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
OWNER = {
    "user_id": 7,
    "display_name": "Ann &amp; Co",
    "link": "https://stackoverflow.com/users/7/ann",
    "reputation": 900,
}


def question(number: int, **more: Any) -> dict[str, Any]:
    told = {
        "question_id": number, "creation_date": START, "title": "Acme &#39;air&#39;", "score": -2, "answer_count": 1,
        "view_count": 30, "owner": OWNER, "tags": ["Air"], "link": f"https://stackoverflow.com/questions/{number}/acme",
        "body": '<p>See <a href="https://acme.example/?a=1&amp;b=2">it</a></p>',
    }  # fmt: skip
    return told | more


def answer(number: int, **more: Any) -> dict[str, Any]:
    told = {
        "answer_id": number,
        "question_id": 1,
        "creation_date": START + 60,
        "score": 4,
        "owner": OWNER,
        "body": "<p>no</p>",
    }
    return told | more


def comment(number: int, post: int, **more: Any) -> dict[str, Any]:
    told = {
        "comment_id": number,
        "post_id": post,
        "creation_date": START + 90,
        "score": 0,
        "owner": OWNER,
        "body": "why",
    }
    return told | more


def answered(*items: Any, has_more: bool = False) -> dict[str, Any]:
    return {"items": list(items), "has_more": has_more, "quota_remaining": 9}


def parsed(body: Any, verb: Verb = "refresh") -> Parsed:
    return stackexchange.parse(page_of("stackexchange", body, verb), OPTIONS)


THREAD = question(
    1, comments=[comment(5, 1)], comment_count=1, answers=[answer(2, comments=[comment(6, 2)], comment_count=1)]
)
