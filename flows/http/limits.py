"""Bounds of a client, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one request; times in seconds."""

    attempts: int = 6
    request_seconds: float = 1800  # all attempts and waits together
    attempt_seconds: float = 120  # one answer, however slowly it drips
    connect_seconds: float = 10
    read_seconds: float = 30  # between two pieces
    body_bytes: int = 20 * 1024 * 1024
    redirects: int = 5
    longest_wait: float = 900  # what a platform may ask us to wait before the source gives up
    first_backoff: float = 1
    longest_backoff: float = 60


@dataclass
class Counts:
    """What a client did so far."""

    requests: int = 0
    rate_limited: int = 0  # answers 429 and 420
    retries: int = 0
    bytes: int = 0  # of bodies, unpacked
    seconds_waited: float = 0.0
