"""Videos, comments and threads as YouTube tells them."""

from __future__ import annotations

from typing import Any

from flows.sources import youtube
from flows.sources.base import Parsed, Verb
from tests.flows.sources.scripted import page_of

OPTIONS = youtube.Options(name="youtube", type="youtube")


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
    return youtube.parse(page_of("youtube", body, verb, request=request), OPTIONS)


PAGES = {
    "": answer(thread("Ug1", 2, comment("Ug1.3", parentId="Ug1")), more="b"),
    "b": answer(thread("Ug2", 1, comment("Ug2.1", parentId="Ug2"))),
}
