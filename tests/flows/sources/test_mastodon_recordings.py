"""Mastodon: recorded answers of servers, and of one that is compatible, read field by field."""

from __future__ import annotations

import functools
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from flows.sources import mastodon, mastodon_timeline
from flows.sources.base import Parsed, Topic, Verb, Window
from tests.flows.sources.mastodon_samples import OPTIONS, WINDOW
from tests.flows.sources.recordings import recordings
from tests.flows.sources.scripted import Scripted, page_of

CALLS = re.compile(
    r"/api/v1/(timelines/(tag/[^/?]+|public)|accounts/lookup|accounts/\d+(/statuses)?|statuses(/\d+(/context)?)?|trends/statuses)/?$|/api/v2/search$"
)
"""What we ask for, and lists of statuses of the same shape. Recordings of anything else (the instance, the signed-in
account, writing) and those whose server refused are no answers to us."""


def statuses_in(body: Any) -> list[dict[str, Any]]:
    if isinstance(body, list):
        return body
    lists = [body.get(name) or [] for name in ("statuses", "ancestors", "descendants")]
    return [*lists[0], *lists[1], *lists[2]] or ([body] if "uri" in body and "content" in body else [])


def check_fields(body: Any, found: Parsed, host: str, name: str) -> int:
    assert found.malformed.is_empty(), name
    expected = [each for each in statuses_in(body) if each.get("visibility") in ("public", "unlisted")]
    mentions = found.tables["mention"].rows(named=True) if expected else []
    counts = (
        dict(found.tables["engagement_snapshot"].rows_by_key("mention_id", named=True, unique=True)) if expected else {}
    )
    for told, mention in zip(expected, mentions, strict=True):
        assert mention["native_id"] == f"{host}/{told['id']}"
        assert mention["url"] == (told.get("url") or told["uri"])
        assert mention["author_id"] == f"mastodon:{told['account']['username'].lower()}@{host}"
        assert mention["published_at"].strftime("%Y-%m-%dT%H:%M:%S") == told["created_at"][:19]
        assert mention["language_reported"] == told["language"]
        if told.get("reblog"):
            assert (mention["kind"], mention["text"]) == ("repost", "")
            continue
        assert (mention["kind"] == "reply") == (told["in_reply_to_account_id"] is not None)
        assert mention["hashtags"] == [tag["name"].lower() for tag in told["tags"]]
        bare = re.sub(r"<[^>]+>|\s|&[#\w]+;", "", told["spoiler_text"] + told["content"])
        signs = [sign for sign in re.sub(r"\s", "", mention["text"]) if sign not in "&'<>\"\xa0"]
        assert signs == [sign for sign in bare if sign not in "&'<>\"\xa0"]
        count = counts[mention["mention_id"]]
        assert (count["likes"], count["replies"], count["reposts"], count["quotes"]) == (
            told["favourites_count"], told.get("replies_count"), told["reblogs_count"], told.get("quotes_count"),
        )  # fmt: skip
    return len(expected)


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for each in recordings(shared_data / "recorded/mastodon"):
        if each.status != 200 or not CALLS.search(each.path):
            continue
        where = urlsplit(each.url)
        verb: Verb = "context" if each.path.endswith("/context") else "discover"
        options = OPTIONS.model_copy(update={"base_url": f"{where.scheme}://{where.netloc}"})
        answer = page_of("mastodon", each.body, verb, f"GET {each.url}", headers=each.headers)
        read += check_fields(json.loads(each.body), mastodon.parse(answer, options), where.netloc, each.file)
    assert read


def recorded(pages: dict[str | None, Any], url: str, asked: dict[str, Any]) -> Any:
    return pages[asked.get("max_id")] if "/tag/" in url else {"statuses": []}


@pytest.mark.real_data
async def test_recorded_pages_are_walked_to_the_last(shared_data: Path) -> None:
    """The server's own Link headers lead from page to page, and each is asked once."""
    walks: dict[str, dict[str | None, Any]] = {}
    for each in recordings(shared_data / "recorded/mastodon"):
        asked = {key: values[0] for key, values in parse_qs(urlsplit(each.url).query).items()}
        if each.status == 200 and "/timelines/tag/" in each.path and asked.keys() <= {"limit", "max_id"}:
            walk = walks.setdefault(f"{each.file} {each.path}", {})
            walk[asked.get("max_id")] = (each.status, each.body, each.headers)
    for pages in walks.values():
        client = Scripted("mastodon", functools.partial(recorded, pages))
        everything = Window(datetime(2000, 1, 1), datetime(2100, 1, 1))
        found = [each async for each in mastodon.discover(client, OPTIONS, Topic("acme", "#acme"), everything)]
        assert len(found) == len(pages) + 1


@pytest.mark.real_data
def test_recordings_of_a_compatible_server_are_read(shared_data: Path) -> None:
    """Takahē: pages with a status or account (those of the instance hold none), and its headers lead on."""
    options = OPTIONS.model_copy(update={"base_url": "https://example.test"})
    folder = shared_data / "recorded/mastodon_takahe"
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_bytes())
        if isinstance(body, dict) and not {"statuses", "descendants", "acct", "content"} & body.keys():
            continue
        verb: Verb = "context" if "descendants" in body else "discover"
        asked = "GET https://example.test/api/v1/statuses/1/context"
        found = mastodon.parse(page_of("mastodon", path.read_bytes(), verb, asked), options)
        assert found.malformed.is_empty(), path.name
        if expected := [each for each in statuses_in(body) if each.get("visibility") in ("public", "unlisted")]:
            ids = found.tables["mention"].filter(pl.col("platform") == "mastodon")["native_id"].to_list()
            assert ids == [f"example.test/{each['id']}" for each in expected]
        elif "acct" in body:
            assert found.tables["account"]["native_id"].to_list() == [f"{body['username']}@example.test"]
    for path in sorted(folder.glob("timeline_tag*.headers")):
        headers = dict(line.split(": ", 1) for line in path.read_text().splitlines() if ": " in line)
        named = re.search(r"max_id=(\d+)>; rel=\"next\"", headers["link"])
        assert named
        steps = mastodon_timeline._Steps(WINDOW)
        steps.take(page_of("mastodon", [], headers=headers))
        assert steps.following(page_of("mastodon", [])) == named[1]
