"""Attempts at windows of a source, and a network that hands out their pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from flows.errors import SourceError
from flows.http import Answer
from flows.landing import Attempt, LandingClient, request_key
from flows.sources.base import Page
from flows.sources.paginate import follow

NIGHT = datetime.fromisoformat("2026-03-02T02:00:00")
URL = "https://api.example.org/search"


def items_of(page: Page) -> list[bytes]:
    return [msgspec.json.encode(item) for item in page.json()["items"]]


def attempt_at(root: Path, run_id: str = "run1", as_of: datetime = NIGHT, **more: Any) -> Attempt:
    asked = {"source": "hn", "platform": "hackernews", "verb": "discover", "topic_id": "acme", "window_id": "acme-w1"}
    options = {**asked, "run_id": run_id, "as_of": as_of, "max_age": timedelta(hours=12), **more}
    return Attempt.open(root, **options)


def put(attempt: Attempt, number: int, body: bytes = b'{"items": []}') -> Page:
    key = request_key("GET", URL, {"page": number})
    return attempt.put(key, body, request=f"GET {URL}?page={number}", fetched_at=NIGHT, headers={"etag": "x"})


def end(attempt: Attempt, pages: Collection[str] = (), **more: Any) -> None:
    attempt.finish(list(pages), **{"is_covered": True, "rate_limited": 0, "lost_items": 0, "error": None, **more})


class Network:
    """Answers page after page until it breaks; counts what it was asked."""

    def __init__(self, pages: int, breaks_at: int | None = None) -> None:
        self.pages, self.breaks_at = pages, breaks_at
        self.asked: list[int] = []

    async def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        allow_status: Collection[int] = (),  # noqa: ARG002 - the client's interface
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Answer:
        number = int((params or {}).get("page", 0))
        if number == self.breaks_at:
            raise SourceError("hackernews", "the network is gone", retryable=True)
        self.asked.append(number)
        following = str(number + 1) if number + 1 < self.pages else None
        body = msgspec.json.encode({"items": [number], "next": following})
        return Answer(f"GET {url}?page={number}", 200, {"content-type": "application/json"}, body, NIGHT)


async def read_all(client: LandingClient) -> AsyncIterator[Page]:
    async def fetch(token: str | None) -> Page:
        return await client.get(URL, {"page": token or 0})

    async for page in follow(fetch, lambda page: page.json()["next"], items_of, max_pages=50):
        yield page
