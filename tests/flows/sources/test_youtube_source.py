"""YouTube: few searches, cheap look-ups, comments with the answers that threads hide, counts that may be hidden."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import youtube
from flows.sources.base import Page, Parsed, Topic, Verb, Window
from tests.flows.sources.answering import Answering, check_any_payload, check_outcomes, page_of, spoiled

OPTIONS = youtube.Options(name="youtube", type="youtube")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
ROOT = "/youtube/v3"
TURNED_OFF = {"error": {"code": 403, "errors": [{"reason": "commentsDisabled"}]}}
QUOTA = {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}


def video(native_id: str, published: str = "2026-11-20T08:00:00Z", **statistics: Any) -> dict[str, Any]:
    snippet = {
        "publishedAt": published,
        "channelId": "UC1",
        "channelTitle": "Acme",
        "title": "Our air",
        "description": "d",
    }
    return {"kind": "youtube#video", "id": native_id, "snippet": snippet, "statistics": statistics}


def comment(native_id: str, **more: Any) -> dict[str, Any]:
    snippet = {
        "authorDisplayName": "@Ann", "authorChannelId": {"value": "UC9"}, "textDisplay": "a &lt;b&gt;<br>c",
        "publishedAt": "2026-11-20T09:00:00Z", "updatedAt": "2026-11-20T09:00:00Z", "likeCount": 2,
    }  # fmt: skip
    return {"kind": "youtube#comment", "id": native_id, "snippet": snippet | more}


def thread(native_id: str, total: int, *answers: dict[str, Any]) -> dict[str, Any]:
    snippet = {"videoId": "videovideo1", "topLevelComment": comment(native_id), "totalReplyCount": total}
    told = {"kind": "youtube#commentThread", "id": native_id, "snippet": snippet}
    return told | ({"replies": {"comments": list(answers)}} if answers else {})


def answer(*items: Any, more: str | None = None) -> dict[str, Any]:
    return {"items": list(items)} | ({"nextPageToken": more} if more else {})


def parsed(body: Any, verb: Verb = "refresh", request: str = "GET https://x.example/") -> Parsed:
    return youtube.parse(page_of(youtube.SOURCE, body, verb, request=request), OPTIONS)


class Tube:
    """Answers as the API does: fifty a page, ten pages a search, newest first."""

    def __init__(self, moments: list[datetime]) -> None:
        self.known = {f"v{number:010d}": moment for number, moment in enumerate(sorted(moments, reverse=True))}

    def __call__(self, path: str, query: dict[str, str]) -> Any:
        if path == f"{ROOT}/search":
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
        assert path == f"{ROOT}/videos"
        names = query["id"].split(",")
        assert len(names) <= 50
        return answer(*[video(name, f"{self.known[name].isoformat()}Z") for name in names])


async def discovered(answers: Any, query: str = "acme", **options: Any) -> tuple[list[Page], Answering]:
    client = Answering(youtube.SOURCE, answers)
    asking = youtube.Options(name="youtube", type="youtube", **options)
    return [page async for page in youtube.discover(client, asking, Topic("acme", query), WINDOW)], client


def ids_in(pages: list[Page]) -> list[str]:
    return [json.loads(item)["id"] for page in pages for item in youtube.items(page)]


async def test_a_search_gives_ids_and_fifty_videos_are_read_by_one_request() -> None:
    found, client = await discovered(Tube([WINDOW.start + timedelta(minutes=n) for n in range(120)]))
    assert len(set(ids_in(found))) == 120
    assert [path.rpartition("/")[2] for path, _ in client.asked] == ["search", "videos"] * 3
    assert {query["order"] for path, query in client.asked if path.endswith("search")} == {"date"}
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
    assert sum(path.endswith("search") for path, _ in client.asked) == 4
    assert len(ids_in(found)) == 200
    assert sum(page.lost_items for page in found) == pytest.approx(1240, rel=0.01)


async def test_single_words_share_a_search_and_words_together_have_their_own() -> None:
    _, client = await discovered(lambda *_: answer(), '"acme air" OR @acmeair OR (refund NEAR/3 flight)')
    assert [query["q"] for _, query in client.asked] == ['"acme air"|acmeair', "refund flight"]


async def test_a_timeline_reads_uploads_of_the_window_and_no_search() -> None:
    def answers(path: str, query: dict[str, str]) -> Any:
        match path.rpartition("/")[2]:
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

    client = Answering(youtube.SOURCE, answers, "timeline")
    channel, videos = [page async for page in youtube.timeline(client, OPTIONS, "acme", WINDOW)]
    assert youtube.parse(channel, OPTIONS).tables["account"]["display_name"].to_list() == ["Acme"]
    assert ids_in([videos]) == ["v0000000020"]
    assert [path.rpartition("/")[2] for path, _ in client.asked] == ["channels", "playlistItems", "videos"]


async def test_a_channel_that_is_not_there_is_named_and_one_without_uploads_is_empty() -> None:
    client = Answering(youtube.SOURCE, lambda *_: answer())
    with pytest.raises(SourceError, match="there is no channel 'nobody'"):
        [page async for page in youtube.timeline(client, OPTIONS, "nobody", WINDOW)]
    channel = {"kind": "youtube#channel", "id": "UC1", "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}}}
    client = Answering(youtube.SOURCE, lambda path, _: answer(channel) if "channels" in path else (404, TURNED_OFF))
    assert len([page async for page in youtube.timeline(client, OPTIONS, "acme", WINDOW)]) == 1


async def test_a_refresh_asks_videos_their_channels_and_comments_in_three_requests() -> None:
    def answers(path: str, query: dict[str, str]) -> Any:
        kinds = {"videos": video, "comments": comment}
        make = kinds.get(path.rpartition("/")[2])
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

    client = Answering(youtube.SOURCE, answers, "refresh")
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
    def answers(path: str, query: dict[str, str]) -> Any:
        if path.endswith("/comments"):
            return answer(comment("Ug1.3", parentId="Ug1"), comment("Ug1.4", parentId="Ug1"))
        if "id" in query:
            return answer(thread("Ug1", 0))
        assert query["videoId"] == "videovideo1"
        return pages[query.get("pageToken", "")]

    return answers


PAGES = {
    "": answer(thread("Ug1", 2, comment("Ug1.3", parentId="Ug1")), more="b"),
    "b": answer(thread("Ug2", 1, comment("Ug2.1", parentId="Ug2"))),
}


@pytest.mark.parametrize("native_id", ["videovideo1", "Ug1", "Ug1.3"])
async def test_a_thread_is_read_with_the_answers_it_does_not_show(native_id: str) -> None:
    client = Answering(youtube.SOURCE, commented(PAGES), "context")
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
    client = Answering(youtube.SOURCE, commented(PAGES), "context")
    pages = [page async for page in youtube.context(client, options, "videovideo1")]
    assert not any(
        youtube.parse(page, OPTIONS).tables.get("thread_read", {"is_complete": [False]})["is_complete"][0]
        for page in pages
    )


@pytest.mark.parametrize("told", [(403, TURNED_OFF), answer()])
async def test_no_comments_is_an_answer_whether_turned_off_or_unwritten(told: Any) -> None:
    client = Answering(youtube.SOURCE, lambda *_: told, "context")
    (page,) = [page async for page in youtube.context(client, OPTIONS, "videovideo1")]
    found = youtube.parse(page, OPTIONS)
    check_outcomes(youtube.SOURCE, page, found)
    assert found.malformed.is_empty()
    assert found.tables["thread_read"].select("root_id", "replies_read", "is_complete").rows() == [
        ("youtube:videovideo1", 0, True)
    ]


async def test_a_video_that_is_gone_has_no_thread_and_another_refusal_is_an_error() -> None:
    for gone in ("videovideo1", "Ug1"):
        client = Answering(youtube.SOURCE, lambda *_: (404, TURNED_OFF), "context")
        assert [page async for page in youtube.context(client, OPTIONS, gone)] == []
    client = Answering(youtube.SOURCE, lambda *_: (403, QUOTA), "context")
    with pytest.raises(SourceError, match="quotaExceeded"):
        [page async for page in youtube.context(client, OPTIONS, "videovideo1")]


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


def test_quotas_are_two_and_full_again_at_midnight_of_california() -> None:
    searches, units = youtube.SOURCE.rates
    assert (searches.requests, units.requests) == (100, 10_000)
    assert {rate.day_of for rate in youtube.SOURCE.rates} == {"America/Los_Angeles"}
    assert youtube.credentials(OPTIONS, {"api_key": "k"}).params == {"key": "k"}


def test_fields_that_are_not_known_are_counted_and_harm_nothing() -> None:
    found = parsed(answer({**video("a"), "unheard_of": 1}))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert len(found.tables["mention"]) == 1


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of(youtube.SOURCE, PAGES[""], "context")
    assert youtube.items(page_of(youtube.SOURCE, youtube.wrap(page, youtube.items(page)))) == youtube.items(page)


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
        page = page_of(youtube.SOURCE, body, verb, request=request)
        check_any_payload(youtube.SOURCE, OPTIONS, page)


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
            client = Answering(youtube.SOURCE, lambda *_, told=told: (403, told), "context")
            with pytest.raises(SourceError):
                [page async for page in youtube.context(client, OPTIONS, "videovideo1")]
    assert read > 20


def check_file(name: str, body: dict[str, Any]) -> int:
    parsed_page = parsed(body)
    check_outcomes(youtube.SOURCE, page_of(youtube.SOURCE, body, "refresh"), parsed_page)
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

    def answers(path: str, _query: dict[str, str]) -> Any:
        kind = path.rpartition("/")[2]
        return {"channels": answer(channel), "videos": answer()}.get(kind, answer(*found))

    client = Answering(youtube.SOURCE, answers)
    if is_search:
        [page async for page in youtube.discover(client, OPTIONS, Topic("acme", "acme"), wide)]
        expected = [item["id"]["videoId"] for item in found if "videoId" in item["id"]]
    else:
        [page async for page in youtube.timeline(client, OPTIONS, "acme", wide)]
        expected = [item["contentDetails"]["videoId"] for item in found if "videoId" in item.get("contentDetails", {})]
    asked = [query["id"].split(",") for path, query in client.asked if path.endswith("/videos")]
    assert asked == ([list(dict.fromkeys(expected))] if expected else [])
