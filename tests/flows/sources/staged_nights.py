"""Nights of the contract: time that passes only when a client waits, and a client that notes what it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from flows.http import Clock, HttpClient
from flows.landing import Outcome
from flows.sandbox.server import Sandbox


class Killed(BaseException):
    """What ends a process without a word."""


class Hours:
    """Time that passes only when someone waits; it begins anew with every night."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.waited, self._began, self._sandbox = 0.0, 0.0, sandbox
        self.clock = Clock(now=self.now, monotonic=self.seconds, sleep=self.sleep)

    def seconds(self) -> float:
        return self.waited

    def now(self) -> datetime:
        return self._sandbox.now + timedelta(seconds=self.waited - self._began)

    async def sleep(self, seconds: float) -> None:
        self.waited += seconds

    @property
    def waited_tonight(self) -> float:
        return self.waited - self._began

    def pass_a_day(self) -> None:
        """No limit of the vendors' looks further back."""
        self.waited = self._began = self.waited + 86_401


@dataclass
class Night:
    """What one run did, and what lay in the warehouse after it."""

    as_of: datetime
    requests: list[str] = field(default_factory=list)
    refused: int = 0  # by the façade's limits
    outcomes: list[Outcome] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    was_killed: bool = False
    waited: float = 0  # seconds

    def ledger(self) -> dict[str, int]:
        """Sums over the batches of this run."""
        names = ("fetched", "loaded", "duplicate", "rejected", "quarantined", "snapshots")
        return {name: int(self.tables["load"][name].sum()) for name in names}


class NotingClient(HttpClient):
    """The real client, in our time; it notes what it is asked, and may die of it."""

    def __init__(self, clock: Clock, night: Night, killed_at: int | None, platform: str, **more: Any) -> None:
        super().__init__(platform, **more, clock=clock)
        self._night, self._killed_at = night, killed_at

    async def get(self, url: str, *args: Any, **more: Any) -> Any:
        self._note(f"GET {url} {args}")
        return await super().get(url, *args, **more)

    async def post(self, url: str, *args: Any, **more: Any) -> Any:
        self._note(f"POST {url} {args}")
        return await super().post(url, *args, **more)

    def _note(self, asked: str) -> None:
        self._night.requests.append(asked)
        if len(self._night.requests) == self._killed_at:
            raise Killed
