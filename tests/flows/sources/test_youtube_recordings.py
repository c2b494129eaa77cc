"""YouTube: recorded answers read field by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.errors import SourceError
from flows.sources import youtube
from flows.sources.base import Topic, Window
from tests.flows.sources.scripted import Scripted, page_of
from tests.flows.sources.spoiled_payloads import check_outcomes
from tests.flows.sources.youtube_samples import OPTIONS, answer, parsed

READ = {"youtube#video", "youtube#comment", "youtube#commentThread", "youtube#channel"}
SEARCHED = {"youtube#searchResult", "youtube#playlistItem"}
"""Kinds of answers that we ask for. Not asked for: activities, captions, sections, subscriptions and categories of
channels; and files that hold one part of an answer alone (a snippet, an id), which have no kind of their own."""


@pytest.mark.real_data
async def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for file in sorted((shared_data / "recorded/youtube").glob("*.json")):
        told = json.loads(file.read_text())
        found = told.get("items", [told]) if isinstance(told, dict) else []
        kinds = {item.get("kind") for item in found if isinstance(item, dict)}
        if kinds and kinds <= READ:
            body = {**told, "items": found} if "items" in told else {"items": found}
            read += check_file(file.name, body)
        elif kinds and kinds <= SEARCHED:
            await check_ids(found)
            read += 1
        elif "error" in told:
            client = Scripted("youtube", lambda *_, told=told: (403, told), "context")
            with pytest.raises(SourceError):
                [page async for page in youtube.context(client, OPTIONS, "videovideo1")]
    assert read > 20


def check_file(name: str, body: dict[str, Any]) -> int:
    parsed_page = parsed(body)
    check_outcomes(youtube.SOURCE, page_of("youtube", body, "refresh"), parsed_page)
    tables = {
        table: {row[key]: row for row in parsed_page.tables[table].rows(named=True)}
        for table, key in (("mention", "native_id"), ("engagement_snapshot", "mention_id"), ("account", "native_id"),
                           ("account_snapshot", "account_id"), ("interaction", "mention_id"))
        if table in parsed_page.tables
    }  # fmt: skip
    whole = 0
    for item in body["items"]:
        if "snippet" not in item:  # what is asked for always has it
            assert "'snippet'" in " ".join(parsed_page.malformed["reason"]), name
            continue
        whole += 1
        match item["kind"]:
            case "youtube#video":
                check_video(item, tables)
            case "youtube#channel":
                check_channel(item, tables)
            case "youtube#comment":
                check_comment(item, item["snippet"].get("videoId"), None, tables)
            case "youtube#commentThread":
                video_id, total = item["snippet"].get("videoId"), item["snippet"].get("totalReplyCount")
                check_comment(item["snippet"]["topLevelComment"], video_id, total, tables)
                for each in item.get("replies", {}).get("comments", []):
                    check_comment(each, video_id, None, tables)
    return whole


def number(told: Any) -> int | None:
    return None if told is None else int(told)


def time(told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(UTC).replace(tzinfo=None)


def check_video(item: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    snippet, statistics = item["snippet"], item.get("statistics", {})
    mention = tables["mention"][item["id"]]
    assert mention["text"] == f"{snippet['title']}\n\n{snippet['description']}".strip()
    assert mention["published_at"] == time(snippet["publishedAt"])
    assert mention["author_id"] == f"youtube:{snippet['channelId']}"
    assert mention["url"].endswith(item["id"])
    assert tables["account"][snippet["channelId"]]["display_name"] == snippet["channelTitle"]
    counts = tables.get("engagement_snapshot", {}).get(f"youtube:{item['id']}", {})
    for ours, theirs in (("views", "viewCount"), ("likes", "likeCount"), ("replies", "commentCount")):
        assert counts.get(ours) == number(statistics.get(theirs))


def check_channel(item: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    snippet, statistics = item["snippet"], item.get("statistics", {})
    account, counts = tables["account"][item["id"]], tables["account_snapshot"][f"youtube:{item['id']}"]
    assert account["display_name"] == snippet["title"]
    assert account["handle"] == (snippet["customUrl"].lower().lstrip("@") if "customUrl" in snippet else None)
    assert account["created_at"] == time(snippet["publishedAt"])
    is_hidden = statistics.get("hiddenSubscriberCount")
    assert counts["followers"] == (None if is_hidden else number(statistics.get("subscriberCount")))
    assert counts["posts"] == number(statistics.get("videoCount"))


def check_comment(
    item: dict[str, Any], video_id: str | None, total: int | None, tables: dict[str, dict[str, Any]]
) -> None:
    snippet, mention = item["snippet"], tables["mention"][item["id"]]
    if "textOriginal" in snippet:
        assert mention["text"] == snippet["textOriginal"].strip()
    assert mention["published_at"] == time(snippet["publishedAt"])
    is_edited = snippet["updatedAt"] != snippet["publishedAt"]
    assert mention["edited_at"] == (time(snippet["updatedAt"]) if is_edited else None)
    author = (snippet.get("authorChannelId") or {}).get("value")
    assert mention["author_id"] == (f"youtube:{author}" if author else None)
    assert mention["kind"] == ("reply" if "parentId" in snippet else "comment")
    parent = snippet.get("parentId", video_id)
    assert mention["parent_id"] == (f"youtube:{parent}" if parent else None)
    assert mention["root_id"] == (f"youtube:{video_id}" if video_id else None)
    counts = tables["engagement_snapshot"][f"youtube:{item['id']}"]
    assert (counts["likes"], counts["replies"]) == (snippet["likeCount"], total)
    if parent:
        assert tables["interaction"][f"youtube:{item['id']}"]["target_mention_id"] == f"youtube:{parent}"


async def check_ids(found: list[dict[str, Any]]) -> None:
    """Searches and playlists give ids: those that are looked up are theirs."""
    is_search = found[0]["kind"] == "youtube#searchResult"
    channel = {"kind": "youtube#channel", "id": "UC1", "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}}}
    wide = Window(datetime(2005, 1, 1), datetime(2100, 1, 1))

    def answers(url: str, _query: dict[str, Any]) -> Any:
        kind = url.rpartition("/")[2]
        return {"channels": answer(channel), "videos": answer()}.get(kind, answer(*found))

    client = Scripted("youtube", answers)
    if is_search:
        [page async for page in youtube.discover(client, OPTIONS, Topic("acme", "acme"), wide)]
        expected = [item["id"]["videoId"] for item in found if "videoId" in item["id"]]
    else:
        [page async for page in youtube.timeline(client, OPTIONS, "acme", wide)]
        expected = [item["contentDetails"]["videoId"] for item in found if "videoId" in item.get("contentDetails", {})]
    asked = [query["id"].split(",") for url, query in client.asked if url.endswith("/videos")]
    assert asked == ([list(dict.fromkeys(expected))] if expected else [])
