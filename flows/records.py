"""The rows that sources give and the loader stores: the one definition of schema `raw`.

Every struct is one row of the table named in `TABLES`. Times are UTC without a zone (`TIMESTAMP` in DuckDB).
`None` means "the platform did not say" and stays NULL into the KPIs; 0 means zero.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
import polars as pl

Kind = Literal["post", "comment", "reply", "quote", "repost", "article", "question", "answer", "poll"]
FoundBy = Literal["query", "account", "thread"]
Intent = Literal[
    "question", "complaint", "praise", "thanks", "idea", "purchase_intent", "discovery", "farewell", "job", "employer",
    "leak", "threat", "rumour", "protest", "misuse", "spam", "deflection", "selling",
]  # fmt: skip
"""What a text wants; the last two are a brand's: it sends elsewhere (phone, mail, form), it offers or prices."""
Count = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # BIGINT; a platform's votes may be below zero


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A row on its way to the warehouse; subclasses are the tables."""


class Mention(Record, kw_only=True, frozen=True):
    """One post, comment or article. Grain: mention_id (`platform:native id`)."""

    mention_id: str
    platform: str
    native_id: str
    kind: Kind
    author_id: str | None = None  # platform:native id of the account
    text: str  # plain text: title and body, entities decoded, tags removed
    url: str | None = None
    language_reported: str | None = None  # what the platform says, often wrong
    published_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    parent_id: str | None = None  # mention_id of what it answers
    root_id: str | None = None  # mention_id of the thread's first message
    links: list[str] = []
    hashtags: list[str] = []  # lower case, without '#'
    handles: list[str] = []  # accounts it addresses, lower case, without '@'
    media_formats: list[str] = []  # image, video, audio, link, poll
    found_by: FoundBy = "query"


class MentionEntity(Record, kw_only=True, frozen=True):
    """Which entity's query matched a mention, and where. Grain: mention_id × entity_id."""

    mention_id: str
    entity_id: str
    matched_terms: list[str] = []


class EngagementSnapshot(Record, kw_only=True, frozen=True):
    """Counts as the platform told them at one moment. Grain: mention_id × captured_at."""

    mention_id: str
    captured_at: datetime
    age_hours: float  # captured_at − published_at
    likes: Count | None = None
    replies: Count | None = None
    reposts: Count | None = None
    quotes: Count | None = None
    views: Count | None = None
    bookmarks: Count | None = None
    upvotes: Count | None = None
    downvotes: Count | None = None
    clicks: Count | None = None


class Account(Record, kw_only=True, frozen=True):
    """One account of a platform. Grain: account_id (`platform:native id`)."""

    account_id: str
    platform: str
    native_id: str
    handle: str | None = None  # lower case, without '@'
    display_name: str | None = None
    url: str | None = None
    is_bot: bool | None = None
    created_at: datetime | None = None


class AccountSnapshot(Record, kw_only=True, frozen=True):
    """Followers as told at one moment. Grain: account_id × captured_at."""

    account_id: str
    captured_at: datetime
    followers: Count | None = None
    following: Count | None = None
    posts: Count | None = None


class Interaction(Record, kw_only=True, frozen=True):
    """Who replied to, quoted or reposted whom. Grain: mention_id × kind (the acting mention)."""

    mention_id: str
    kind: Literal["reply", "quote", "repost"]
    actor_id: str | None = None
    target_mention_id: str | None = None
    target_id: str | None = None
    occurred_at: datetime


class ThreadRead(Record, kw_only=True, frozen=True):
    """How far a thread is known. Grain: root_id × read_at; pages of one reading add up."""

    root_id: str
    read_at: datetime
    replies_read: Count  # in this page
    is_complete: bool  # this page was the last, and nothing was cut from the thread


class Deletion(Record, kw_only=True, frozen=True):
    """The platform says that a mention is gone. Grain: mention_id."""

    mention_id: str
    platform: str
    deleted_at: datetime
    reason: Literal["deleted", "removed", "absent"]


class ReferralDaily(Record, kw_only=True, frozen=True):
    """Visits that a platform's posts brought to a site. Grain: site × visit_date × referrer × landing_page."""

    site: str
    visit_date: date  # of the site's own time zone
    referrer: str  # as the analytics tool names it
    platform: str | None = None  # ours, where the referrer is one of them
    landing_page: str
    sessions: Count | None = None
    engaged_sessions: Count | None = None
    conversions: Count | None = None
    captured_at: datetime  # a day is told again while the vendor restates it: the newest reading counts


class TextSignal(Record, kw_only=True, frozen=True):
    """What a model makes of a text. Grain: mention_id × model_version."""

    mention_id: str
    model_version: str
    scored_at: datetime
    language: str | None = None  # ISO 639-1
    language_confidence: float | None = None
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    sentiment_confidence: float | None = None
    intents: list[Intent] = []
    intent_confidences: list[float] = []  # as many as intents
    terms: list[str] = []  # words and bigrams that carry meaning, lower case, as often as they stand in the text


class AccountRank(Record, kw_only=True, frozen=True):
    """Weighted PageRank among those who talk of an entity. Grain: account_id × entity_id × ranked_at."""

    account_id: str
    entity_id: str
    ranked_at: datetime
    pagerank: float


class Correction(Record, kw_only=True, frozen=True):
    """What an analyst says instead of a model. Grain: mention_id × entity_id × field; the newest counts."""

    mention_id: str
    entity_id: str | None = None  # for all entities where it is not told
    field: Literal["irrelevant", "sentiment", "intents", "language"]
    value: str  # intents: several, with commas
    corrected_at: datetime


TABLES: dict[str, type[Record]] = {
    "mention": Mention,
    "mention_entity": MentionEntity,
    "engagement_snapshot": EngagementSnapshot,
    "account": Account,
    "account_snapshot": AccountSnapshot,
    "interaction": Interaction,
    "thread_read": ThreadRead,
    "referral_daily": ReferralDaily,
}
"""Tables that a source's pages may fill, in the order in which they are loaded."""

STAGED: dict[str, type[Record]] = {**TABLES, "deletion": Deletion}
"""What a page may say: rows for the tables, and what is gone."""

SIGNALS: dict[str, type[Record]] = {"text_signal": TextSignal, "account_rank": AccountRank, "correction": Correction}
"""Tables that no page fills: models and analysts do."""

LINEAGE: dict[str, pl.DataType] = {"page_id": pl.String(), "item_no": pl.Int64()}
"""Columns that every staged row carries besides its record: the page and the item (from 0) it came from."""

_POLARS: dict[object, pl.DataType] = {
    str: pl.String(),
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    datetime: pl.Datetime("us"),
    date: pl.Date(),
}


def _polars_type(annotation: object) -> pl.DataType:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Literal:
        return pl.String()
    if origin in (types.UnionType, typing.Union):
        return _polars_type(next(a for a in arguments if a is not type(None)))
    if origin is list:
        return pl.List(_polars_type(arguments[0]))
    return _POLARS[annotation]


@functools.cache
def schema(record: type[Record], *, lineage: bool = False) -> pl.Schema:
    """The record's columns as polars types; with `lineage`, page_id and item_no first."""
    hints = typing.get_type_hints(record)
    columns = {name: _polars_type(hints[name]) for name in record.__struct_fields__}
    return pl.Schema({**LINEAGE, **columns} if lineage else columns)


_AS_DICT, _CONVERT, _ENCODE = msgspec.structs.asdict, msgspec.convert, msgspec.msgpack.Encoder().encode


def check(rows: Sequence[Record]) -> None:
    """Raises a ValueError where a value is not of its column's type, too large for it, or a text that is no Unicode."""
    for row in rows:
        _CONVERT(_AS_DICT(row), type(row))
    _ENCODE(rows)  # half a surrogate pair is a Python text, and no column's


def frame(record: type[Record], rows: Iterable[tuple[str, int, Record]]) -> pl.DataFrame:
    """Rows of (page_id, item_no, record) as one frame with lineage; strict: a wrong type raises."""
    flat = [(page_id, item_no, *msgspec.structs.astuple(row)) for page_id, item_no, row in rows]
    return pl.DataFrame(flat, schema=schema(record, lineage=True), orient="row")
