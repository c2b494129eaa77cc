"""YouTube: few searches, cheap look-ups, comments with the answers that threads hide."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.errors import SourceError
from flows.sources import youtube
from flows.sources.base import Page, Topic, Window
from tests.flows.sources.scripted import Scripted
from tests.flows.sources.spoiled_payloads import check_outcomes
from tests.flows.sources.youtube_samples import OPTIONS, PAGES, answer, comment, thread, video

WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
TURNED_OFF = {"error": {"code": 403, "errors": [{"reason": "commentsDisabled"}]}}
ROOT = "https://www.googleapis.com/youtube/v3"
QUOTA = {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}


class Tube:
    """Answers as the API does: fifty a page, ten pages a search, newest first."""

    def __init__(self, moments: list[datetime]) -> None:
        self.known = {f"v{number:010d}": moment for number, moment in enumerate(sorted(moments, reverse=True))}

    def __call__(self, url: str, query: dict[str, Any]) -> Any:
        if url == f"{ROOT}/search":
            low, high = (
                datetime.fromisoformat(query[name]).replace(tzinfo=None)
                for name in ("publishedAfter", "publishedBefore")
            )
            hits = [name for name, moment in self.known.items() if low <= moment < high][:500]
            start = int(query.get("pageToken", 0))
            shown = [
                {"id": {"videoId": name}, "snippet": {"publishedAt": f"{self.known[name].isoformat()}Z"}}
                for name in hits[start : start + 50]
            ]
            return answer(*shown, more=str(start + 50) if start + 50 < len(hits) or start == 450 else None)
        assert url == f"{ROOT}/videos"
        names = query["id"].split(",")
        assert len(names) <= 50
        return answer(*[video(name, f"{self.known[name].isoformat()}Z") for name in names])


async def discovered(answers: Any, query: str = "acme", **options: Any) -> tuple[list[Page], Scripted]:
    client = Scripted("youtube", answers)
    asking = youtube.Options(name="youtube", type="youtube", **options)
    return [page async for page in youtube.discover(client, asking, Topic("acme", query), WINDOW)], client


def ids_in(pages: list[Page]) -> list[str]:
    return [json.loads(item)["id"] for page in pages for item in youtube.items(page)]


async def test_a_search_gives_ids_and_fifty_videos_are_read_by_one_request() -> None:
    found, client = await discovered(Tube([WINDOW.start + timedelta(minutes=n) for n in range(120)]))
    assert len(set(ids_in(found))) == 120
    assert [url.rpartition("/")[2] for url, _ in client.asked] == ["search", "videos"] * 3
    assert {query["order"] for url, query in client.asked if url.endswith("search")} == {"date"}
    assert sum(page.lost_items for page in found) == 0


async def test_what_one_search_does_not_reach_the_next_one_finds_below() -> None:
    tube = Tube([WINDOW.start + timedelta(minutes=n) for n in range(1400)])
    found, _ = await discovered(tube, searches_per_window=40)
    assert set(ids_in(found)) == set(tube.known)
    assert sum(page.lost_items for page in found) == 0


async def test_a_busy_window_stops_at_its_searches_and_what_is_left_counts_as_lost() -> None:
    found, client = await discovered(
        Tube([WINDOW.start + timedelta(minutes=n) for n in range(1440)]), searches_per_window=4
    )
    assert sum(url.endswith("search") for url, _ in client.asked) == 4
    assert len(ids_in(found)) == 200
    assert sum(page.lost_items for page in found) == pytest.approx(1240, rel=0.01)


async def test_single_words_share_a_search_and_words_together_have_their_own() -> None:
    _, client = await discovered(lambda *_: answer(), '"acme air" OR @acmeair OR (refund NEAR/3 flight)')
    assert [query["q"] for _, query in client.asked] == ['"acme air"|acmeair', "refund flight"]


async def test_a_timeline_reads_uploads_of_the_window_and_no_search() -> None:
    def answers(url: str, query: dict[str, Any]) -> Any:
        match url.rpartition("/")[2]:
            case "channels":
                assert query["forHandle"] == "@acme"
                uploads = {"relatedPlaylists": {"uploads": "UU1"}}
                return answer(
                    {"kind": "youtube#channel", "id": "UC1", "snippet": {"title": "Acme"}, "contentDetails": uploads}
                )
            case "playlistItems":
                days = (21, 20, 19) if "pageToken" not in query else (18,)
                shown = [
                    {"contentDetails": {"videoId": f"v{day:010d}", "videoPublishedAt": f"2026-11-{day}T10:00:00Z"}}
                    for day in days
                ]
                return answer(*shown, more="more")
            case _:
                return answer(*[video(name) for name in query["id"].split(",")])

    client = Scripted("youtube", answers, "timeline")
    channel, videos = [page async for page in youtube.timeline(client, OPTIONS, "acme", WINDOW)]
    assert youtube.parse(channel, OPTIONS).tables["account"]["display_name"].to_list() == ["Acme"]
    assert ids_in([videos]) == ["v0000000020"]
    assert [url.rpartition("/")[2] for url, _ in client.asked] == ["channels", "playlistItems", "videos"]


async def test_a_channel_that_is_not_there_is_named_and_one_without_uploads_is_empty() -> None:
    client = Scripted("youtube", lambda *_: answer())
    with pytest.raises(SourceError, match="there is no channel 'nobody'"):
        [page async for page in youtube.timeline(client, OPTIONS, "nobody", WINDOW)]
    channel = {"kind": "youtube#channel", "id": "UC1", "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}}}
    client = Scripted("youtube", lambda url, _: answer(channel) if "channels" in url else (404, TURNED_OFF))
    assert len([page async for page in youtube.timeline(client, OPTIONS, "acme", WINDOW)]) == 1


async def test_a_refresh_asks_videos_their_channels_and_comments_in_three_requests() -> None:
    def answers(url: str, query: dict[str, Any]) -> Any:
        kinds = {"videos": video, "comments": comment}
        make = kinds.get(url.rpartition("/")[2])
        if make:
            return answer(*[make(name) for name in query["id"].split(",")])
        return answer(
            {
                "kind": "youtube#channel",
                "id": "UC1",
                "snippet": {"customUrl": "@Acme"},
                "statistics": {"subscriberCount": "900"},
            }
        )

    client = Scripted("youtube", answers, "refresh")
    ids = ["v0000000001", "v0000000002", "Ugx1AaABAg", "Ugx1AaABAg.9abc"]
    pages = [page async for page in youtube.refresh(client, OPTIONS, ids)]
    assert [query["id"] for _, query in client.asked] == [
        "v0000000001,v0000000002",
        "UC1",
        "Ugx1AaABAg,Ugx1AaABAg.9abc",
    ]
    told = youtube.parse(pages[1], OPTIONS).tables
    assert told["account"]["handle"].to_list() == ["acme"]
    assert told["account_snapshot"]["followers"].to_list() == [900]


def commented(pages: dict[str, Any]) -> Any:
    def answers(url: str, query: dict[str, Any]) -> Any:
        if url.endswith("/comments"):
            return answer(comment("Ug1.3", parentId="Ug1"), comment("Ug1.4", parentId="Ug1"))
        if "id" in query:
            return answer(thread("Ug1", 0))
        assert query["videoId"] == "videovideo1"
        return pages[query.get("pageToken", "")]

    return answers


@pytest.mark.parametrize("native_id", ["videovideo1", "Ug1", "Ug1.3"])
async def test_a_thread_is_read_with_the_answers_it_does_not_show(native_id: str) -> None:
    client = Scripted("youtube", commented(PAGES), "context")
    pages = [page async for page in youtube.context(client, OPTIONS, native_id)]
    found = [youtube.parse(page, OPTIONS) for page in pages]
    assert [each.tables["mention"]["native_id"].to_list() for each in found] == [
        ["Ug1.3", "Ug1.4"], ["Ug1", "Ug1.3"], ["Ug2", "Ug2.1"],
    ]  # fmt: skip
    reads = [each.tables["thread_read"].select("root_id", "replies_read", "is_complete").row(0) for each in found[1:]]
    assert reads == [("youtube:videovideo1", 2, False), ("youtube:videovideo1", 2, True)]
    rows = found[2].tables["mention"].select("kind", "parent_id", "root_id", "text").rows()
    assert rows == [
        ("comment", "youtube:videovideo1", "youtube:videovideo1", "a &lt;b&gt;<br>c"),  # plain text was asked for
        ("reply", "youtube:Ug2", "youtube:videovideo1", "a &lt;b&gt;<br>c"),
    ]
    assert found[2].tables["engagement_snapshot"].select("likes", "replies").rows() == [(2, 1), (2, None)]
    assert found[2].tables["interaction"]["target_mention_id"].to_list() == ["youtube:videovideo1", "youtube:Ug2"]


async def test_a_thread_longer_than_we_read_is_not_complete() -> None:
    options = youtube.Options(name="youtube", type="youtube", thread_pages=1)
    client = Scripted("youtube", commented(PAGES), "context")
    pages = [page async for page in youtube.context(client, options, "videovideo1")]
    assert not any(
        youtube.parse(page, OPTIONS).tables.get("thread_read", {"is_complete": [False]})["is_complete"][0]
        for page in pages
    )


@pytest.mark.parametrize("told", [(403, TURNED_OFF), answer()])
async def test_no_comments_is_an_answer_whether_turned_off_or_unwritten(told: Any) -> None:
    client = Scripted("youtube", lambda *_: told, "context")
    (page,) = [page async for page in youtube.context(client, OPTIONS, "videovideo1")]
    found = youtube.parse(page, OPTIONS)
    check_outcomes(youtube.SOURCE, page, found)
    assert found.malformed.is_empty()
    assert found.tables["thread_read"].select("root_id", "replies_read", "is_complete").rows() == [
        ("youtube:videovideo1", 0, True)
    ]


async def test_a_video_that_is_gone_has_no_thread_and_another_refusal_is_an_error() -> None:
    for gone in ("videovideo1", "Ug1"):
        client = Scripted("youtube", lambda *_: (404, TURNED_OFF), "context")
        assert [page async for page in youtube.context(client, OPTIONS, gone)] == []
    client = Scripted("youtube", lambda *_: (403, QUOTA), "context")
    with pytest.raises(SourceError, match="quotaExceeded"):
        [page async for page in youtube.context(client, OPTIONS, "videovideo1")]


def test_quotas_are_two_and_full_again_at_midnight_of_california() -> None:
    searches, units = youtube.SOURCE.rates
    assert (searches.requests, units.requests) == (100, 10_000)
    assert {rate.day_of for rate in youtube.SOURCE.rates} == {"America/Los_Angeles"}
    assert youtube.credentials(OPTIONS, {"api_key": "k"}).params == {"key": "k"}
