"""Bluesky: recorded answers read field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.sources import bluesky
from tests.flows.sources.bluesky_samples import OPTIONS
from tests.flows.sources.scripted import page_of

ANSWERS = ("posts", "feed", "profiles", "thread", "did")
"""The recordings whose answers hold none of these are single records of a repository, which we never ask for."""


def posts_in(value: Any) -> list[dict[str, Any]]:
    """Every post view of a payload but those quoted by others."""
    if isinstance(value, list):
        return [found for each in value for found in posts_in(each)]
    if not isinstance(value, dict):
        return []
    if "record" in value and "author" in value and "uri" in value:
        return [value]
    return [
        found for key in ("thread", "parent", "post", "replies", "posts", "feed") for found in posts_in(value.get(key))
    ]


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "recorded/bluesky").glob("*.json")):
        body = json.loads(path.read_bytes())
        if not isinstance(body, dict) or not any(name in body for name in ANSWERS):
            continue
        found = bluesky.parse(
            page_of("bluesky", path.read_bytes(), "context" if "thread" in body else "refresh"), OPTIONS
        )
        assert found.malformed.is_empty(), path.name
        expected = posts_in(body)
        mentions = found.tables["mention"].filter(found.tables["mention"]["kind"] != "repost").rows(named=True)
        counts = found.tables["engagement_snapshot"].rows(named=True)
        for told, mention, count in zip(expected, mentions, counts, strict=True):
            record = told["record"]
            assert mention["native_id"] == told["uri"]
            assert mention["text"] == record["text"]
            assert mention["author_id"] == "bluesky:" + told["author"]["did"]
            assert mention["language_reported"] == (record.get("langs") or [None])[0]
            assert mention["parent_id"] == (
                "bluesky:" + record["reply"]["parent"]["uri"] if "reply" in record else None
            )
            times = {mention["published_at"].strftime("%Y-%m-%dT%H:%M:%S")}
            assert times <= {record["createdAt"][:19], told["indexedAt"][:19]}
            names = {
                "likes": "like",
                "replies": "reply",
                "reposts": "repost",
                "quotes": "quote",
                "bookmarks": "bookmark",
            }
            assert {ours: count[ours] for ours in names} == {o: told.get(f"{t}Count") for o, t in names.items()}
            read += 1
        if "thread" in body:
            assert set(found.tables["thread_read"]["replies_read"]) == {len(expected) - 1}
            assert found.tables["thread_read"]["is_complete"].all()
    assert read
