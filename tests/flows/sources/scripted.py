"""A client that answers from a script, and the pages it lands."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flows.errors import SourceError
from flows.sources.base import Page, Verb

AS_OF = datetime(2026, 11, 22, 2)
Answer = Any  # a payload, or (status, payload), or (status, payload, headers)


def page_of(
    platform: str, body: Any, verb: Verb = "discover", request: str = "GET", number: int = 1, **more: Any
) -> Page:
    """One landed page; what is no bytes becomes JSON."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page(
        page_id=f"w/a/{number}", source=platform, platform=platform, verb=verb, topic_id="acme", as_of=AS_OF,
        fetched_at=AS_OF, request=request, body=encoded, **{"status": 200, **more},
    )  # fmt: skip


class Scripted:
    """Asks a function of url and query; what it refuses with a status that is not allowed is a SourceError."""

    def __init__(self, platform: str, answer: Callable[[str, dict[str, Any]], Answer], verb: Verb = "discover") -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._platform, self._answer, self._verb = platform, answer, verb

    async def get(
        self,
        url: str,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        allow_status: Collection[int] = (),
        *,
        if_changed: bool = False,
    ) -> Page:
        assert not if_changed
        asked = dict(params or {})
        self.asked.append((url, asked))
        answer = self._answer(url, asked)
        status, body, *headers = answer if isinstance(answer, tuple) else (200, answer)
        request = f"GET {url}?{urlencode(asked, doseq=True)}"
        if status != 200 and status not in allow_status:
            raise SourceError(self._platform, f"{request} answered {status}")
        return page_of(
            self._platform, body, self._verb, request, len(self.asked),
            status=status, headers=headers[0] if headers else {},
        )  # fmt: skip

    async def post(self, *_asked: Any, **_how: Any) -> Page:
        raise AssertionError("this source only reads by GET")
