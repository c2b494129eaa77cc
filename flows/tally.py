"""What a window gave, counted while its pages are parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from flows.landing import Entry, Outcome
from flows.sources.base import Parsed

EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - UTC without zone, as all our times
COLLECTION = pl.Schema(
    {
        "run_id": pl.String(), "source": pl.String(), "platform": pl.String(), "verb": pl.String(),
        "topic_id": pl.String(), "window_id": pl.String(), "window_start": pl.Datetime("us"),
        "window_end": pl.Datetime("us"), "asked_at": pl.Datetime("us"), "is_covered": pl.Boolean(),
        "pages": pl.Int64(), "items": pl.Int64(), "rejected": pl.Int64(), "lost_items": pl.Int64(),
        "rate_limited": pl.Int64(), "error": pl.String(),
    }
)  # fmt: skip
ABSENCE = pl.Schema({"mention_id": pl.String(), "platform": pl.String(), "absent_at": pl.Datetime("us")})
ASKED = pl.Schema({"mention_id": pl.String(), "asked_at": pl.Datetime("us")})
_TELLING = {"mention", "engagement_snapshot", "deletion"}


@dataclass
class Tally:
    """What one window has given so far: the word on it for `raw.collection`, and who did not answer."""

    window: Outcome
    items: int = 0
    rejected: int = 0
    errors: list[str] = field(default_factory=list)
    first: datetime | None = None  # publication times, for windows that have no bounds of their own
    last: datetime | None = None
    covered_from: datetime | None = None  # nothing older was to be had
    told: set[str] = field(default_factory=set)  # mentions that a refresh has told of
    named: set[Entry] = field(default_factory=set)  # mentions that its pages name
    has_nameless: bool = False  # an item that cannot be read, and might be any of those asked for

    def add(self, parsed: Parsed, as_of: datetime) -> None:
        """Count a page's items, and take in the days they lie on: clocks that lie do not make a file cover an era."""
        self.items += parsed.item_count
        if self.window.ids:
            for table in _TELLING:
                self.told.update(parsed.tables.column(table, "mention_id"))
            self.told.update(parsed.malformed["mention_id"].drop_nulls())
            self.has_nameless |= parsed.malformed["mention_id"].null_count() > 0
        told_from = [moment for moment in (self.covered_from, parsed.covered_from) if moment]
        self.covered_from = min(told_from, default=None)
        if told := [time for time in parsed.tables.column("mention", "published_at") if EARLIEST <= time <= as_of]:
            self.first = min(told) if self.first is None else min(self.first, *told)
            self.last = max(told) if self.last is None else max(self.last, *told)

    def absent(self, platform: str) -> list[str]:
        """Mentions that a refresh asked for and was not told of; none where not all of its answers could be read."""
        window = self.window
        if not window.is_covered or window.lost_items or self.errors or self.has_nameless:
            return []
        asked = (f"{platform}:{native_id}" for native_id in dict.fromkeys(window.ids))
        return [mention_id for mention_id in asked if mention_id not in self.told]

    def asked(self, platform: str) -> list[str]:
        """Mentions that a refresh asked for and that was answered; of one that failed, those that it had told of."""
        window = self.window
        named = [f"{platform}:{native_id}" for native_id in dict.fromkeys(window.ids)]
        is_whole = window.is_covered and not self.errors
        return named if is_whole else [mention_id for mention_id in named if mention_id in self.told]

    def rows(self, run_id: str, source: str, platform: str) -> list[dict[str, object]]:
        """The window's rows of COLLECTION: one, and another of the time that could not be had any more."""
        start, end = self.window.window_start or self.first, self.window.window_end
        if end is None and self.last is not None:  # a file covers the days that it holds
            end = self.last.replace(microsecond=0) + (datetime.resolution * 1_000_000)
        whole = self._row(run_id, source, platform) | {"window_start": start, "window_end": end}
        if start is None or end is None or self.covered_from is None or self.covered_from <= start:
            return [whole]
        reached = min(self.covered_from, end)
        nothing = {"is_covered": False, "pages": 0, "items": 0, "rejected": 0, "lost_items": 0, "rate_limited": 0}
        gap = whole | nothing | {"window_id": f"{self.window.window_id}-gap", "window_end": reached, "error": None}
        return [whole | {"window_start": reached}, gap]

    def _row(self, run_id: str, source: str, platform: str) -> dict[str, object]:
        window = self.window
        errors = [error for error in (window.error, *self.errors[:3]) if error]
        return {
            "run_id": run_id,
            "source": source,
            "platform": platform,
            "verb": window.verb,
            "topic_id": window.topic_id,
            "window_id": window.window_id,
            "asked_at": window.as_of,
            "is_covered": window.is_covered and not self.errors,
            "pages": len(window.pages),
            "items": self.items,
            "rejected": self.rejected,
            "lost_items": window.lost_items,
            "rate_limited": window.rate_limited,
            "error": "; ".join(errors) or None,
        }
