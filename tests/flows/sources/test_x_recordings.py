"""X: recorded answers read field by field."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.sources import x
from flows.sources.base import Parsed, Topic
from tests.flows.sources.recordings import recordings
from tests.flows.sources.scripted import Scripted, page_of
from tests.flows.sources.spoiled_payloads import check_outcomes
from tests.flows.sources.x_samples import EPOCH, OPTIONS, WINDOW, answer, post

CALLS = re.compile(
    r"/2/(tweets(/search/(recent|all)|/\d+)?|users/\d+/(tweets|mentions)|users(/by(/username/\w+)?|/\d+)?)$"
)
"""Paths of recorded answers of the shapes we ask for, beside counts. The others write: retweets, likes, follows."""


@pytest.mark.real_data
async def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    seen = 0
    for recorded in recordings(shared_data / "recorded/x"):
        if recorded.status != 200:
            continue
        told = json.loads(recorded.body)
        if recorded.path.endswith("/tweets/counts/recent"):
            await check_count(recorded.body, told)
            seen += 1
        if not CALLS.search(recorded.path):
            continue
        page = page_of("x", recorded.body, "refresh")
        found = x.parse(page, OPTIONS)
        check_outcomes(x.SOURCE, page, found)
        data = told.get("data", [])
        items = data if isinstance(data, list) else [data]
        timeless = [
            n for n, item in enumerate(items) if "text" in item and "created_at" not in item and int(item["id"]) < 3e10
        ]
        assert found.malformed["item_no"].to_list() == timeless, recorded.file
        for item in (item for number, item in enumerate(items) if number not in timeless):
            check_item(item, told.get("includes", {}), found)
            seen += 1
    assert seen > 10


async def check_count(body: bytes, told: dict[str, Any]) -> None:
    """The first word spends the night, so that all that the recorded answer counts is lost."""
    options = x.Options(name="x", type="x", max_posts_per_night=10)
    options._spent.add(page_of("x", answer(*[post(str(10**18 + n)) for n in range(10)])))
    client = Scripted("x", lambda *_: body)
    (page,) = [page async for page in x.discover(client, options, Topic("acme", "acme"), WINDOW)]
    assert page.lost_items == told["meta"]["total_tweet_count"] == sum(each["tweet_count"] for each in told["data"])
    assert x.items(page) == []


def check_item(item: dict[str, Any], includes: dict[str, Any], found: Parsed) -> None:
    if "username" in item:
        account = found.tables["account"].filter(native_id=item["id"]).row(0, named=True)
        assert (account["handle"], account["display_name"]) == (item["username"].lower(), item.get("name"))
        return
    versions = item.get("edit_history_tweet_ids", [item["id"]])
    if versions[-1] != item["id"]:
        return
    mention = found.tables["mention"].filter(native_id=versions[0]).row(0, named=True)
    kinds = {each["type"]: each["id"] for each in item.get("referenced_tweets", [])}
    originals = {each["id"]: each for each in includes.get("tweets", [])}
    shown = originals.get(kinds.get("retweeted", ""), item)
    assert mention["text"] == html.unescape(shown.get("note_tweet", shown)["text"]).strip()
    assert mention["author_id"] == (f"x:{item['author_id']}" if "author_id" in item else None)
    assert mention["language_reported"] == item.get("lang")
    assert mention["root_id"] == (f"x:{item['conversation_id']}" if "conversation_id" in item else None)
    assert mention["parent_id"] == (f"x:{kinds['replied_to']}" if "replied_to" in kinds else None)
    made = EPOCH + timedelta(milliseconds=int(versions[0]) >> 22)
    assert abs(mention["published_at"] - made) < timedelta(seconds=1)
    if "created_at" in item and len(versions) == 1:
        assert mention["published_at"] == datetime.fromisoformat(item["created_at"]).astimezone(UTC).replace(
            tzinfo=None
        )
    if "public_metrics" in item and "retweeted" not in kinds:
        counts = found.tables["engagement_snapshot"].filter(mention_id=mention["mention_id"]).row(0, named=True)
        for ours, theirs in (("likes", "like"), ("replies", "reply"), ("reposts", "retweet"), ("quotes", "quote"),
                             ("views", "impression"), ("bookmarks", "bookmark")):  # fmt: skip
            assert counts[ours] == item["public_metrics"].get(f"{theirs}_count")
