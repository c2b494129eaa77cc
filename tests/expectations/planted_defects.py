"""What can be wrong with a clean row, and by which rule it must be found; what only warns; what is odd but true."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from staged_batches import AS_OF

LATE = AS_OF + timedelta(minutes=2, seconds=1)

DEFECTS: list[tuple[str, dict[str, Any], str]] = [
    ("mention", {"mention_id": None}, "mention.mention_id.not_null"),
    ("mention", {"mention_id": "t1_4"}, "mention.mention_id.is_platform_and_native_id"),
    ("mention", {"mention_id": "reddit:"}, "mention.mention_id.is_platform_and_native_id"),
    ("mention", {"mention_id": "Reddit:t1_4"}, "mention.mention_id.is_platform_and_native_id"),
    ("mention", {"mention_id": "reddit:t1\n4"}, "mention.mention_id.is_platform_and_native_id"),
    ("mention", {"mention_id": "lemmy:t1_4"}, "mention.mention_id.agrees_with_platform"),
    ("mention", {"native_id": "t1_5"}, "mention.mention_id.agrees_with_platform"),
    ("mention", {"platform": None}, "mention.mention_id.agrees_with_platform"),
    ("mention", {"native_id": ""}, "mention.native_id.length"),
    ("mention", {"native_id": "x" * 513}, "mention.native_id.length"),
    ("mention", {"kind": "story"}, "mention.kind.in_set"),
    ("mention", {"kind": None}, "mention.kind.not_null"),
    ("mention", {"found_by": "luck"}, "mention.found_by.in_set"),
    ("mention", {"found_by": None}, "mention.found_by.not_null"),
    ("mention", {"author_id": "somebody"}, "mention.author_id.is_platform_and_native_id"),
    ("mention", {"text": None}, "mention.text.not_null"),
    ("mention", {"text": "漢" * 100_001}, "mention.text.length"),
    ("mention", {"text": "cut\0here"}, "mention.text.has_no_nul"),
    ("mention", {"text": "so " + "\ufffd" * 8}, "mention.text.is_decoded"),
    ("mention", {"url": "javascript:alert(1)"}, "mention.url.is_http"),
    ("mention", {"url": "https:///path"}, "mention.url.is_http"),
    ("mention", {"url": " https://a.example/"}, "mention.url.is_http"),
    ("mention", {"url": "https://a.example/" + "x" * 4_096}, "mention.url.length"),
    ("mention", {"published_at": None}, "mention.published_at.not_null"),
    (
        "mention",
        {"published_at": datetime.fromisoformat("2005-06-22T23:59")},
        "mention.published_at.not_before_platform",
    ),
    ("mention", {"published_at": datetime.fromisoformat("0001-10-14")}, "mention.published_at.not_before_platform"),
    ("mention", {"published_at": LATE}, "mention.published_at.not_after_as_of"),
    ("mention", {"edited_at": LATE}, "mention.edited_at.not_after_as_of"),
    ("mention", {"parent_id": "t3_1"}, "mention.parent_id.is_platform_and_native_id"),
    ("mention", {"parent_id": "reddit:t1_4"}, "mention.parent_id.is_another"),
    ("mention", {"root_id": "reddit"}, "mention.root_id.is_platform_and_native_id"),
    ("engagement_snapshot", {"mention_id": None}, "engagement_snapshot.mention_id.not_null"),
    ("engagement_snapshot", {"mention_id": "4"}, "engagement_snapshot.mention_id.is_platform_and_native_id"),
    ("engagement_snapshot", {"captured_at": None}, "engagement_snapshot.captured_at.not_null"),
    ("engagement_snapshot", {"captured_at": LATE}, "engagement_snapshot.captured_at.not_after_as_of"),
    ("engagement_snapshot", {"age_hours": float("nan")}, "engagement_snapshot.age_hours.not_null"),
    ("engagement_snapshot", {"age_hours": -0.04}, "engagement_snapshot.age_hours.in_range"),
    ("engagement_snapshot", {"age_hours": float("inf")}, "engagement_snapshot.age_hours.in_range"),
    *(
        ("engagement_snapshot", {counter: value}, f"engagement_snapshot.{counter}.in_range")
        for counter in ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")
        for value in (-1, 1_000_000_000_001)
    ),
    ("account", {"account_id": None}, "account.account_id.not_null"),
    ("account", {"account_id": "t2_4"}, "account.account_id.is_platform_and_native_id"),
    ("account", {"account_id": "reddit:t2_5"}, "account.account_id.agrees_with_platform"),
    ("account", {"native_id": ""}, "account.native_id.length"),
    ("account", {"url": "data:text/html,hello"}, "account.url.is_http"),
    ("account_snapshot", {"account_id": None}, "account_snapshot.account_id.not_null"),
    ("account_snapshot", {"account_id": "t2_4"}, "account_snapshot.account_id.is_platform_and_native_id"),
    ("account_snapshot", {"captured_at": None}, "account_snapshot.captured_at.not_null"),
    ("account_snapshot", {"captured_at": LATE}, "account_snapshot.captured_at.not_after_as_of"),
    ("account_snapshot", {"followers": -1}, "account_snapshot.followers.in_range"),
    ("account_snapshot", {"following": -1}, "account_snapshot.following.in_range"),
    ("account_snapshot", {"posts": -1}, "account_snapshot.posts.in_range"),
]
WARNINGS: list[tuple[str, dict[str, Any], str]] = [
    ("mention", {"text": ""}, "mention.text.not_empty_alone"),
    ("mention", {"edited_at": datetime.fromisoformat("2026-01-01")}, "mention.edited_at.not_before_published"),
    ("engagement_snapshot", {"replies": None, "upvotes": None}, "engagement_snapshot.counters.one_told"),
]
HARMLESS: list[tuple[str, dict[str, Any]]] = [
    ("mention", {"text": "", "links": ["https://a.example"]}),
    ("mention", {"text": "", "media_formats": ["image"]}),
    ("mention", {"text": "", "kind": "repost"}),
    ("mention", {"text": "\ufffd" * 7}),
    ("mention", {"text": "𝒳" * 100_000}),
    ("mention", {"author_id": None, "url": None, "edited_at": None, "parent_id": None, "root_id": None}),
    ("mention", {"root_id": "reddit:t1_4"}),
    ("mention", {"url": "HTTPS://例え.example/pfad mit ümlaut"}),
    ("mention", {"published_at": AS_OF + timedelta(minutes=2), "edited_at": AS_OF + timedelta(minutes=2)}),
    ("mention", {"published_at": datetime.fromisoformat("2005-06-23")}),
    ("engagement_snapshot", {"captured_at": AS_OF + timedelta(minutes=2), "age_hours": -2 / 60}),
    ("engagement_snapshot", {"views": 1_000_000_000_000, "likes": 0}),
    ("account_snapshot", {"followers": None}),
]
