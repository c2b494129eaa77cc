"""Daily quotas: what was asked since the platform's midnight, kept in a file, so that the next run knows it too."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from flows.errors import QuotaError
from flows.sources.access import RateLimit

log = logging.getLogger(__name__)


class Used(msgspec.Struct):
    """How much of one quota was used on a day of its zone."""

    day: date
    requests: int


class Quotas:
    """The daily quotas of one credential at one host. A request is counted before it is sent, even if we are killed."""

    def __init__(
        self,
        platform: str,
        rates: Sequence[RateLimit],
        host: tuple[str, int],
        credential: Sequence[str],
        folder: Path | None,
    ) -> None:
        # Four bytes: enough to tell an operator's credentials apart, too few to tell a guessed one from others.
        whose = hashlib.blake2b("\n".join([f"{host[0]}:{host[1]}", *credential]).encode(), digest_size=4).hexdigest()
        self._platform = platform
        self._rates = [(_name(rate), re.compile(rate.counts), ZoneInfo(rate.day_of or "UTC"), rate) for rate in rates]
        self._path = folder / f"{platform}-{whose}.json" if folder else None
        self._lock = threading.Lock()
        self._used = self._load()

    def spend(self, line: str, now: datetime) -> None:
        """Count one request against every quota that it falls under. Raises QuotaError where one is used up."""
        with self._lock:
            hit = [(name, zone, rate) for name, counts, zone, rate in self._rates if counts.search(line)]
            for name, zone, rate in hit:
                used = self._of_today(name, zone, now)
                if used.requests >= rate.requests:
                    raise QuotaError(self._platform, self._refusal(name, zone, used.day))
            for name, zone, _ in hit:
                self._used[name] = Used(today := _day(zone, now), self._of_today(name, zone, now).requests + 1)
                log.debug("%s: %s: request %d of %s", self._platform, name, self._used[name].requests, today)
            if hit:
                self._save()

    def _of_today(self, name: str, zone: ZoneInfo, now: datetime) -> Used:
        today = _day(zone, now)
        known = self._used.get(name)
        return known if known and known.day == today else Used(today, 0)

    def _refusal(self, name: str, zone: ZoneInfo, day: date) -> str:
        full = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        return (
            f"its quota of {name} is used up, and full again at {full:%Y-%m-%d %H:%M} UTC; "
            "what is left over is asked by the first run after that"
        )

    def _load(self) -> dict[str, Used]:
        if self._path is None:
            return {}
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Used])
        except FileNotFoundError:
            return {}
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.warning("%s is damaged (%s): today's requests are counted anew", self._path, error)
            return {}

    def _save(self) -> None:
        """Whole or not at all, also after a kill; a power cut may forget the last requests, a refusal tells them."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".writing")
        unfinished.write_bytes(msgspec.json.encode(self._used))
        unfinished.replace(self._path)


def _name(rate: RateLimit) -> str:
    which = f" like {rate.counts}" if rate.counts else ""
    return f"{rate.requests:,} requests{which} a day ({rate.day_of})"


def _day(zone: ZoneInfo, now: datetime) -> date:
    return now.replace(tzinfo=UTC).astimezone(zone).date()
