"""What a source is: a frozen description and plain functions. Nothing to inherit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

from flows import records
from flows.errors import SourceError
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.lenient_json import decoded
from flows.sources.tables import TABLE_OF, Row, Tables

Verb = Literal["discover", "browse", "timeline", "refresh", "context", "read"]
FOUND_BY: dict[Verb, records.FoundBy] = {
    "discover": "query",
    "browse": "query",
    "read": "query",
    "timeline": "account",
    "context": "thread",
    "refresh": "thread",  # the weakest: the loader keeps what is stored
}


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone; write one like 'Europe/Vilnius' or 'UTC'") from error
    return name


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Zone = Annotated[str, AfterValidator(_zone)]
_OFFSET = re.compile(r"(?:\(byte|position) ([0-9]+)")


class SourceOptions(BaseModel):
    """What every `[[sources]]` table may say; a source adds its own keys and its `type`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Slug
    enabled: bool = True
    allow_private: bool = False  # let base_url name a private address (a server of your own)
    requests_per_minute: int | None = Field(default=None, ge=1)  # below the platform's own limit
    max_minutes: float = Field(default=360, gt=0)  # that extracting it may take in one run; the next run goes on
    recheck_days: int | None = Field(default=None, ge=1, le=366)  # None: as the source says, by its platform's terms
    most_rechecks: int | None = Field(default=None, ge=0)  # a run, of what is past the ages at which counts are read


def root(url: HttpUrl) -> str:
    """A configured address as paths are put behind it: without its last slash."""
    return str(url).rstrip("/")


@dataclass(frozen=True)
class Window:
    """Half-open span of publication times [start, end), UTC without zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Topic:
    """One entity's boolean query, in our grammar (`flows/topics.py`); topic_id equals the entity's id."""

    topic_id: str
    query: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, verbatim, with all that parsing may know of it. `as_of` is the run's only clock."""

    page_id: str  # <window_id>/<attempt>/<number>-<key>: unique, and the same when the window is resumed
    source: str
    platform: str
    verb: Verb
    topic_id: str | None
    as_of: datetime
    fetched_at: datetime
    request: str  # method and url without secrets
    status: int
    headers: dict[str, str] = {}
    lost_items: int = 0  # items that the platform has and will not give (a cap that cannot be split)
    is_scrubbed: bool = False  # items that were deleted at the platform have been taken out
    body: bytes

    @property
    def is_emptied(self) -> bool:
        """Whether all that it held was deleted at the platform."""
        return self.is_scrubbed and not self.body

    def json(self, shape: Any = Any) -> Any:
        """The decoded body. Raises SourceError, without a word of the body, where it is not JSON of that shape."""
        try:
            return decoded(self.body, shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            said = type(error).__name__
            if isinstance(error, msgspec.ValidationError):
                said = str(error)  # names types and our own fields
            elif offset := _OFFSET.search(str(error)):
                said += f" at byte {offset[1]}"
            raise SourceError(
                self.platform, f"{self.request} answered no JSON as it should: {said} of {len(self.body):,} bytes"
            ) from error


Params = Mapping[str, str | int | Sequence[str]]
"""Query of a request; a sequence stands as often as it has members (`id[]=1&id[]=2`)."""


class Client(Protocol):
    """What a source may do with the world: one question, answered by the network or by what has landed already.

    `allow_status` names refusals that are answers to this source (404: the mention is gone); others raise SourceError.
    """

    async def get(
        self,
        url: str,
        params: Params | None = None,
        allow_status: Collection[int] = (),
        *,
        if_changed: bool = False,
    ) -> Page:
        """GET. `if_changed`: with the validators of the last answer that was loaded; then status may be 304."""
        ...

    async def post(
        self,
        url: str,
        body: Mapping[str, Any],
        params: Params | None = None,
        allow_status: Collection[int] = (),
        *,
        as_form: bool = False,
    ) -> Page:
        """A question asked by POST: a JSON body, or a form. It is asked again after a failure, so it must only read."""
        ...


@dataclass(frozen=True)
class Parsed:
    """One page's rows. `tables` holds records with lineage; `malformed` has the columns of MALFORMED.

    A malformed item tells its mention_id where it can: so one that stands there twice is told from two.
    """

    item_count: int
    tables: Tables
    malformed: pl.DataFrame
    unmapped_fields: dict[str, int] | None = None  # field → items with it; None: the source lists no fields
    covered_from: datetime | None = None  # nothing older is to be had here: the window's time before is not covered


MALFORMED = pl.Schema({**records.LINEAGE, "mention_id": pl.String(), "reason": pl.String()})
NONE_MALFORMED = pl.DataFrame(schema=MALFORMED)
NOTHING = Parsed(0, Tables(), NONE_MALFORMED)


@dataclass(frozen=True)
class Source:
    """One platform: its options, its limits, and up to four verbs; `files` and `read` are for what lies on disk,
    `channels` and `browse` for what cannot be asked about a topic: feeds, the visits of a site.

    Every verb gets the source's own options; `parse` gets them too, for what only they can tell (a file's columns).
    """

    platform: str
    options: type[SourceOptions]
    items: Callable[[Page], Sequence[bytes]]  # the page's items, verbatim, in order
    parse: Callable[[Page, Any], Parsed]
    rates: tuple[RateLimit, ...] = (RateLimit(60, 60),)  # all of them hold
    discover: Callable[[Client, Any, Topic, Window], AsyncIterator[Page]] | None = None
    channels: Callable[[Any], Sequence[str]] | None = None  # what is browsed, one by one
    browse: Callable[[Client, Any, str, Window], AsyncIterator[Page]] | None = None  # all of a channel, no overlap
    timeline: Callable[[Client, Any, str, Window], AsyncIterator[Page]] | None = None
    refresh: Callable[[Client, Any, Sequence[str]], AsyncIterator[Page]] | None = None
    context: Callable[[Client, Any, str], AsyncIterator[Page]] | None = None
    files: Callable[[Any, Path], Sequence[Path]] | None = None  # what lies on disk, oldest name first
    read: Callable[[Any, Path], Iterator[bytes]] | None = None  # one file as bodies of pages
    reach: timedelta | None = None  # how far back `discover` can be asked, less the time that a run takes
    refresh_batch: int = 100  # ids a call
    secrets: tuple[Secret, ...] = ()
    credentials: Callable[[Any, Mapping[str, str]], Credentials] | None = None  # from options and secrets by name
    pause: Callable[[bytes], float | None] | None = None  # seconds that an answer's body asks us to wait
    absence_is_deletion: bool = True  # an id that two refreshes, an hour and a run apart, do not answer is gone
    tells_deletions: bool = False  # its answers say themselves what is gone, for the table of sources
    refreshes_uncounted: bool = False  # a refresh tells deletions and edits of mentions of which no count was ever told
    recheck_days: int = 30  # a mention is asked for again, as long as we keep it, when nobody has for so long
    most_rechecks: int = 2_000  # a run; what is left over is told, and first in the next
    landing_days: int | None = None  # that its answers may be kept by its terms, if that is less than the operator's
    wrap: Callable[[Page, Sequence[bytes]], bytes] | None = None  # items as a page's body again: what `items` undoes
    accept: str = "application/json"
    cost: str = "free"  # what the vendor takes, for the table of sources


def parse_items(
    page: Page,
    items: Sequence[Any],
    parse: Callable[[Any, Page], Sequence[records.Record]],
    known: frozenset[str] | None = None,
    inside: str | None = None,
) -> Parsed:
    """Parse a page item by item; an item that cannot be read is named with its reason and loses no other.

    Items are JSON, or what was read of it: a source that has read its page whole need not write it down again.
    `known` are its fields, mapped or left out on purpose; others are counted. `inside`: the field where they stand.
    """
    rows: dict[str, list[Row]] = {name: [] for name in records.STAGED}
    malformed: list[tuple[str, int, str | None, str]] = []
    unmapped: Counter[str] = Counter()
    for item_no, item in enumerate(items):
        try:
            told = msgspec.json.decode(item) if isinstance(item, bytes) else item
            fields = told.get(inside) if inside and isinstance(told, dict) else told
            if known is not None and isinstance(fields, dict) and not known.issuperset(fields):
                unmapped.update(fields.keys() - known)
            parsed = parse(told, page)
            records.check(parsed)
        except KeyError as error:
            malformed.append((page.page_id, item_no, None, f"required field {error.args[0]!r} is missing"))
            continue
        except (ValueError, TypeError, LookupError, OverflowError, AttributeError, OSError, RecursionError) as error:
            malformed.append((page.page_id, item_no, None, f"{type(error).__name__}: {error}"[:300]))
            continue
        for record in parsed:
            rows[TABLE_OF[type(record)]].append((page.page_id, item_no, record))
    refused = pl.DataFrame(malformed, schema=MALFORMED, orient="row") if malformed else NONE_MALFORMED
    return Parsed(len(items), Tables(rows), refused, None if known is None else dict(unmapped))
