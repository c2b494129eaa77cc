"""What is written when: streams of first posts with a weekly season, and the events that the KPIs must find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from flows.sandbox import phrases
from flows.sandbox.accounts import EMPLOYEE, HACKERNEWS, LOUD, MEDIA, MICROBLOG, OWNED

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_WEEKDAY = np.array([1.05, 1.1, 1.1, 1.05, 1.1, 0.85, 0.75])  # from Monday
_DAY = np.array([3, 2, 2, 2, 2, 3, 5, 7, 9, 10, 10, 10, 10, 9, 9, 9, 10, 11, 11, 11, 10, 9, 7, 5])
_HOUR = _DAY / _DAY.mean()
_SURGE = 2.5


def epoch(moment: datetime) -> int:
    """Seconds since 1970 of a naive UTC time."""
    return round(moment.replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Event:
    """Something that happened [start, end): hidden truth for spikes, campaigns and crises."""

    name: str
    entity_id: str | None
    platform: str | None
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Stream:
    """First posts of one sort: `themes` and `subjects` are weights, `event` limits them to its days."""

    platform: int
    per_day: float
    themes: dict[str, float]
    subjects: tuple[float, float, float] | None = None  # weights of the brands; None: about nobody
    author: int | None = None  # an account's number; None: the public
    owned: bool = False  # written by the subject's own account
    event: str | None = None
    scales: bool = True


_TALK = {"praise": 3.0, "complaint": 4.0, "question": 2.0, "news": 1.0, "purchase": 1.0}
_STORIES = {"story_praise": 1.0, "story_complaint": 1.5, "story_question": 1.0, "story_news": 1.5}
STREAMS = (
    Stream(MICROBLOG, 32, _TALK, (14, 11, 7)),
    Stream(MICROBLOG, 4, {"product_praise": 3, "product_complaint": 2}, (1, 0, 0)),
    Stream(MICROBLOG, 2.5, {"compare": 1}, (1, 1, 1)),
    Stream(MICROBLOG, 5, {"decoy": 1}),
    Stream(MICROBLOG, 8, {"noise": 1}),
    Stream(MICROBLOG, 2.4, {"owned": 1}, (1, 1, 1), owned=True, scales=False),
    Stream(MICROBLOG, 0.5, {"employee": 1}, (1, 0, 0), author=EMPLOYEE, scales=False),
    Stream(MICROBLOG, 0.8, {"media": 1}, (2, 1, 1), author=MEDIA[MICROBLOG], scales=False),
    Stream(MICROBLOG, 18, {"campaign": 1}, (1, 0, 0), event="campaign"),
    Stream(MICROBLOG, 110, {"crisis": 9, "rumour": 1}, (1, 0, 0), event="crisis"),
    Stream(MICROBLOG, 45, {"complaint": 1}, (0, 1, 0), author=LOUD, event="loud author", scales=False),
    Stream(HACKERNEWS, 2.2, _STORIES, (9, 7, 5)),
    Stream(HACKERNEWS, 0.2, {"story_product": 1}, (1, 0, 0)),
    Stream(HACKERNEWS, 0.15, {"story_compare": 1}, (1, 1, 1)),
    Stream(HACKERNEWS, 0.4, {"story_decoy": 1}),
    Stream(HACKERNEWS, 2, {"story_noise": 1}),
    Stream(HACKERNEWS, 0.15, {"story_news": 1}, (1, 1, 1), owned=True, scales=False),
    Stream(HACKERNEWS, 0.1, {"story_news": 1}, (2, 1, 1), author=MEDIA[HACKERNEWS], scales=False),
    Stream(HACKERNEWS, 0.6, {"story_campaign": 1}, (1, 0, 0), event="campaign"),
    Stream(HACKERNEWS, 5, {"story_crisis": 1}, (1, 0, 0), event="crisis"),
)


def events(start: datetime, days: int) -> tuple[Event, ...]:
    """The story of the world, on whole days counted from its start; short worlds have shorter events."""

    def span(name: str, entity: str | None, platform: str | None, share: float, length: int) -> Event:
        begin = start + timedelta(days=int(days * share))
        return Event(name, entity, platform, begin, begin + timedelta(days=min(length, max(1, days // 5))))

    return (
        span("campaign", "flylighter", None, 0.3, 9),
        span("loud author", "globex", "microblog", 0.5, 1),
        span("surge", None, "microblog", 0.6, 1),
        span("crisis", "acme", None, 0.75, 3),
    )


@dataclass(frozen=True)
class Drafts:
    """Posts before they have texts, as columns; `parent` and `root` are rows of the same drafts (-1: none)."""

    platform: Ints
    theme: Ints
    subject: Ints
    published: Ints  # epoch seconds
    account: Ints
    parent: Ints
    root: Ints
    copy_of: Ints

    def take(self, rows: Ints) -> Drafts:
        """These rows in this order; parents and roots are renumbered."""
        place = np.full(len(self.published) + 1, -1)
        place[rows] = np.arange(len(rows))
        kept = {name: column[rows] for name, column in vars(self).items()}
        return Drafts(**{**kept, **{name: place[kept[name]] for name in ("parent", "root", "copy_of")}})


def join(parts: list[Drafts]) -> Drafts:
    """One below the other; their row references already count from the first part's first row."""
    return Drafts(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def choose(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """`size` draws of an index by weight; as quick for a million as for one."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.asarray(np.searchsorted(edges, rng.random(size) * edges[-1], side="right"), dtype=np.int64)


def themes(rng: np.random.Generator, weights: dict[str, float], size: int) -> Ints:
    """`size` theme numbers by weight."""
    numbers = np.array([phrases.THEMES.index(name) for name in weights])
    return np.asarray(numbers[choose(rng, list(weights.values()), size)])


def first_posts(
    rng: np.random.Generator, start: datetime, days: int, scale: float, story: tuple[Event, ...], public: list[Floats]
) -> Drafts:
    """All posts that begin a thread. `public` holds, for each platform, every account's activity."""
    hours = np.arange(days * 24)
    clock = np.array([start + timedelta(hours=int(hour)) for hour in hours])
    season = np.array([_WEEKDAY[each.weekday()] * _HOUR[each.hour] for each in clock]) / 24
    running = {event.name: (clock >= event.start) & (clock < event.end) for event in story}
    parts, offset = [], 0
    for stream in STREAMS:
        rate = season * stream.per_day * (scale if stream.scales else 1)
        if stream.event:
            rate = rate * running[stream.event]
        elif stream.platform == MICROBLOG and stream.scales:
            rate = rate * np.where(running["surge"], _SURGE, 1)
        hour = np.repeat(hours, rng.poisson(rate))
        parts.append(
            _drafts(rng, stream, epoch(start) + hour * 3600 + rng.integers(0, 3600, len(hour)), public, offset)
        )
        offset += len(hour)
    return join(parts)


def _drafts(rng: np.random.Generator, stream: Stream, published: Ints, public: list[Floats], offset: int) -> Drafts:
    size = len(published)
    subject = np.full(size, phrases.NOBODY) if stream.subjects is None else choose(rng, stream.subjects, size)
    if stream.owned:
        account = OWNED[stream.platform, subject]
    elif stream.author is not None:
        account = np.full(size, stream.author)
    else:
        account = choose(rng, public[stream.platform], size)
    none = np.full(size, -1)
    return Drafts(
        platform=np.full(size, stream.platform), theme=themes(rng, stream.themes, size), subject=subject,
        published=published, account=account, parent=none, root=np.arange(offset, offset + size), copy_of=none,
    )  # fmt: skip
