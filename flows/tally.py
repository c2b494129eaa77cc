"""What a window gave, counted while its pages are parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
ONE_WINDOW = pl.col("window_id").str.replace("^(read-[0-9a-f]+)-[0-9]+$", "$1")
"""The window of a row of COLLECTION; a file with holes has a row for each of its spans."""

_TELLING = {"mention", "engagement_snapshot", "deletion"}
_SPANS = pl.Schema({"first": pl.Datetime("us"), "last": pl.Datetime("us"), "posts": pl.Int64()})


@dataclass
class Tally:
    """What one window has given so far: the word on it for `raw.collection`, and who did not answer."""

    window: Outcome
    longest_silence: timedelta | None = None  # of a file: what is longer between two of its posts is a hole
    items: int = 0
    rejected: int = 0
    errors: list[str] = field(default_factory=list)
    spans: pl.DataFrame = field(default_factory=_SPANS.to_frame)  # of posts, where the window has no bounds of its own
    covered_from: datetime | None = None  # nothing older was to be had
    told: set[str] = field(default_factory=set)  # mentions that a refresh has told of
    named: set[Entry] = field(default_factory=set)  # mentions that its pages name
    has_nameless: bool = False  # an item that cannot be read, and might be any of those asked for

    def add(self, parsed: Parsed, as_of: datetime) -> None:
        """Count a page's items, and take in when they were published."""
        self.items += parsed.item_count
        if self.window.ids:
            for table in _TELLING:
                self.told.update(parsed.tables.column(table, "mention_id"))
            self.told.update(parsed.malformed["mention_id"].drop_nulls())
            self.has_nameless |= parsed.malformed["mention_id"].null_count() > 0
        told_from = [moment for moment in (self.covered_from, parsed.covered_from) if moment]
        self.covered_from = min(told_from, default=None)
        if self.window.window_start is None and "mention" in parsed.tables:
            self._take_in(parsed.tables.series("mention", "published_at"), as_of)

    def _take_in(self, times: pl.Series, as_of: datetime) -> None:
        """Widen and join the spans by some posts; clocks that lie do not make a file cover an era."""
        sound = times.filter(times.is_between(EARLIEST, as_of))
        posts = pl.DataFrame({"first": sound, "last": sound}).with_columns(posts=pl.lit(1, pl.Int64))
        self.spans = _joined(pl.concat([self.spans, posts]), self.longest_silence)

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
        """The window's rows of COLLECTION: one, and others of the time that could not be had any more, or that a file
        covers apart; all counts stand in the first."""
        start, end = self.window.window_start, self.window.window_end
        whole = self._row(run_id, source, platform) | {"window_start": start, "window_end": end}
        if start is None or end is None:
            return self._rows_of_spans(whole)
        if self.covered_from is None or self.covered_from <= start:
            return [whole]
        reached = min(self.covered_from, end)
        gap = self._besides(whole, "gap") | {"is_covered": False, "window_end": reached}
        return [whole | {"window_start": reached}, gap]

    def _rows_of_spans(self, whole: dict[str, object]) -> list[dict[str, object]]:
        """A row for each span of posts, the fullest first. Whoever asks for the days between them finds no window."""
        spans = self.spans.sort("posts", descending=True, maintain_order=True)
        bounds = [
            {"window_start": first, "window_end": last.replace(microsecond=0) + timedelta(seconds=1)}
            for first, last, _ in spans.iter_rows()
        ]
        rows = [whole, *(self._besides(whole, str(number)) for number in range(2, len(bounds) + 1))]
        return [row | bound for row, bound in zip(rows, bounds, strict=True)] if bounds else rows

    def _besides(self, whole: dict[str, object], name: str) -> dict[str, object]:
        """A further row of the window, that counts nothing a second time."""
        nothing = {"pages": 0, "items": 0, "rejected": 0, "lost_items": 0, "rate_limited": 0, "error": None}
        return whole | nothing | {"window_id": f"{self.window.window_id}-{name}"}

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


def _joined(spans: pl.DataFrame, longest_silence: timedelta | None) -> pl.DataFrame:
    """The spans in their order, made one where the silence between them is no longer than that; NULL: however long."""
    silence = pl.col("first") - pl.col("last").shift().cum_max()
    is_apart = pl.lit(value=False) if longest_silence is None else (silence > longest_silence).fill_null(value=False)
    joined = spans.sort("first").group_by(is_apart.cum_sum().alias("span"), maintain_order=True)
    return joined.agg(pl.min("first"), pl.max("last"), pl.sum("posts")).select(_SPANS.names())
