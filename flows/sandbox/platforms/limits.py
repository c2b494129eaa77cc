"""Limiters as the vendors describe them: they count what comes in and refuse what is too much.

Written from the vendors' pages and apart from the client's pacing, which they are there to judge.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil


@dataclass
class Limit:
    """At most `requests` in any `seconds`, of the requests whose "METHOD path?query" holds `counts`.

    `source` is the vendor's page. What it refuses uses nothing up.
    """

    requests: int
    seconds: float
    source: str
    counts: str = ""
    clock: Callable[[], float] = time.monotonic
    _recent: deque[float] = field(default_factory=deque, repr=False)

    def concerns(self, asked: str) -> bool:
        """Whether the request is of those that count."""
        return re.search(self.counts, asked) is not None

    @property
    def left(self) -> int:
        """How many more it would let through now."""
        self._forget()
        return self.requests - len(self._recent)

    @property
    def resets_in(self) -> int:
        """Whole seconds until the oldest request counts no longer; at least 1."""
        self._forget()
        return ceil(max(1.0, self._recent[0] + self.seconds - self.clock())) if self._recent else 1

    def take(self) -> None:
        """Let one request through."""
        self._recent.append(self.clock())

    def use_up(self, resets_in: float) -> None:
        """Leave nothing for so many seconds, as another client of the same address would."""
        self._forget()
        self._recent.extend([self.clock() - self.seconds + resets_in] * self.left)

    def _forget(self) -> None:
        now = self.clock()
        while self._recent and self._recent[0] <= now - self.seconds:
            self._recent.popleft()


@dataclass
class Limiter:
    """All limits of one platform: a request goes through only if every limit that concerns it has room."""

    limits: list[Limit]
    admitted: int = 0
    refused: int = 0

    def admit(self, asked: str) -> Limit | None:
        """None: it goes through; else the limit that refuses it."""
        concerned = [limit for limit in self.limits if limit.concerns(asked)]
        for limit in concerned:
            if limit.left <= 0:
                self.refused += 1
                return limit
        for limit in concerned:
            limit.take()
        self.admitted += 1
        return None

    def tightest(self, asked: str) -> Limit | None:
        """Of the limits that concern a request the one with the least room: what headers tell of."""
        return min((limit for limit in self.limits if limit.concerns(asked)), key=lambda each: each.left, default=None)
