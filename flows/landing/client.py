"""The client that sources get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from flows.errors import SourceError
from flows.http import Answer
from flows.landing.attempts import Attempt
from flows.landing.files import request_key
from flows.landing.validators import Validators
from flows.sources.base import Page, Params

LARGEST_WINDOW = 4 * 1024**3  # bytes of bodies; a source that gives more does not end


class Asks(Protocol):
    """Who asks the network: `flows.http.HttpClient`."""

    async def get(
        self,
        url: str,
        params: Params | None = None,
        allow_status: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...

    async def post(
        self,
        url: str,
        body: Mapping[str, Any],
        params: Params | None = None,
        allow_status: Collection[int] = (),
        *,
        as_form: bool = False,
    ) -> Answer: ...


class LandingClient:
    """Answers from what has landed in this attempt, else from the network, landing it before anyone reads it."""

    def __init__(
        self, attempt: Attempt, http: Asks, validators: Validators | None = None, *, largest: int = LARGEST_WINDOW
    ) -> None:
        self._attempt, self._http = attempt, http
        self._validators = validators or Validators()
        self._left = largest

    async def get(
        self,
        url: str,
        params: Params | None = None,
        allow_status: Collection[int] = (),
        *,
        if_changed: bool = False,
    ) -> Page:
        """One landed page. Raises SourceError as the network's client does."""
        key = request_key("GET", url, params)
        if not if_changed:
            return await self._page(key, lambda: self._http.get(url, params, allow_status))
        headers = self._validators.headers(key)
        allowed = {*allow_status, 304} if headers else allow_status
        page = await self._page(key, lambda: self._http.get(url, params, allowed, headers))
        self._attempt.note_validator(key, page)
        return page

    async def post(
        self,
        url: str,
        body: Mapping[str, Any],
        params: Params | None = None,
        allow_status: Collection[int] = (),
        *,
        as_form: bool = False,
    ) -> Page:
        """One landed page, as `get`; known by its body, too."""
        key = request_key("POST", url, params, body)
        return await self._page(key, lambda: self._http.post(url, body, params, allow_status, as_form=as_form))

    async def _page(self, key: str, ask: Callable[[], Awaitable[Answer]]) -> Page:
        page = self._attempt.find(key)
        if page is None:
            answer = await ask()
            page = self._attempt.put(
                key,
                answer.body,
                request=answer.request,
                fetched_at=answer.fetched_at,
                status=answer.status,
                headers=answer.headers,
            )
        self._left -= len(page.body)
        if self._left < 0:
            raise SourceError(page.platform, f"{page.request}: its window gives more than {LARGEST_WINDOW:,} bytes")
        return page
