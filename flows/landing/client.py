"""The client that sources get."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from flows.http import Answer
from flows.landing.attempts import Attempt
from flows.landing.files import request_key
from flows.sources.base import Page


class Asks(Protocol):
    """Who asks the network: `flows.http.HttpClient`."""

    async def get(
        self, url: str, params: Mapping[str, str | int] | None = None, allow_status: Collection[int] = ()
    ) -> Answer: ...


class LandingClient:
    """Answers from what has landed in this attempt, else from the network, landing it before anyone reads it."""

    def __init__(self, attempt: Attempt, http: Asks) -> None:
        self._attempt, self._http = attempt, http

    async def get(
        self, url: str, params: dict[str, str | int] | None = None, allow_status: Collection[int] = ()
    ) -> Page:
        """One landed page. Raises SourceError as the network's client does."""
        key = request_key("GET", url, params)
        page = self._attempt.find(key)
        if page is not None:
            return page
        answer = await self._http.get(url, params, allow_status)
        return self._attempt.put(
            key,
            answer.body,
            request=answer.request,
            fetched_at=answer.fetched_at,
            status=answer.status,
            headers=answer.headers,
        )
