"""The tables of a `soundings.toml`: what each may say, and what holds where it says nothing."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from flows import records, topics
from flows.errors import TopicError
from flows.sources.base import Slug, Zone


def _cron(expression: str) -> str:
    """What both CronSim (the night that was missed) and Prefect (the schedule) read, and read alike."""
    fields = expression.upper().split()
    try:
        CronSim(expression, datetime(2026, 1, 1))  # noqa: DTZ001 - only the syntax is asked
        if len(fields) != 5:
            raise CronSimError(f"{len(fields)} fields instead of 5: seconds cannot be told")
        if "W" in fields[2] or "L" in fields[4]:  # no day's name has an L
            raise CronSimError("Prefect reads neither W nor a weekday's L")
    except CronSimError as error:
        raise ValueError(f"{expression!r} is no cron line ({error}); '0 2 * * *' is every night at two") from error
    return " ".join(expression.split())


def _query(query: str) -> str:
    try:
        topics.parse(query)
    except TopicError as error:
        raise ValueError(str(error)) from error
    return query


Metric = Literal[
    "mentions", "ugc_mentions", "interactions", "views", "ugc_ratio", "share_of_voice_mentions",
    "share_of_voice_interactions", "net_sentiment", "response_ratio", "answered_1h_ratio", "answered_24h_ratio",
    "sla_ratio", "sla_business_ratio", "resolution_ratio", "recovery_ratio", "deflection_ratio",
    "median_response_hours", "workplace_net_sentiment", "cost_per_interaction", "cost_per_mention", "sessions",
    "conversions", "engaged_ratio",
]  # fmt: skip
"""What may be a target: counts that add up over a month and rates with both parts (sql/macros/targets.sql)."""
Cron = Annotated[str, AfterValidator(_cron)]
Query = Annotated[str, AfterValidator(_query)]


class Section(BaseModel):
    """A table of the file: unknown keys are refused, so that a typing error is never silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Project(Section):
    name: str = Field(min_length=1)
    data_dir: Path = Path("warehouse/data")  # relative to the file
    contact: str = ""  # a URL or address that platforms may write to; part of the User-Agent


class Reporting(Section):
    timezone: Zone = "UTC"


class Schedule(Section):
    cron: Cron = "0 2 * * *"
    timezone: Zone = "UTC"
    first_days: int = Field(default=7, ge=1, le=366)  # how far the first run looks back
    overlap_hours: int = Field(default=48, ge=48, le=24 * 30)  # platforms index late: each run asks again this far
    resume_hours: float = Field(default=12, gt=0, le=48)  # an interrupted run is taken up again within this time


class Weights(Section):
    """How much one interaction of each kind counts in E."""

    likes: float = Field(default=1, ge=0, le=1000)
    replies: float = Field(default=1, ge=0, le=1000)
    shares: float = Field(default=1, ge=0, le=1000)
    upvotes: float = Field(default=1, ge=0, le=1000)


class Http(Section):
    """How long one request may trouble itself; times in seconds."""

    attempts: int = Field(default=6, ge=1, le=20)
    request_seconds: float = Field(default=1800, gt=0)  # all attempts and waits together
    longest_wait: float = Field(default=900, gt=0)  # what Retry-After may ask for before the source gives up
    first_backoff: float = Field(default=1, ge=0)


class Kpis(Section):
    """Constants of definitions, where an operator may have a reason to choose another."""

    overperformance_minimum: float = Field(default=10, gt=0)  # interactions below which a ratio says nothing


class Storage(Section):
    memory_limit: str = Field(default="1GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    threads: int = Field(default=2, ge=1, le=64)


class Publish(Section):
    keep: int = Field(default=14, ge=2, le=400)  # releases


class Retention(Section):
    landing_days: int = Field(default=90, ge=2)  # pages older than this are deleted: they cannot be replayed any more


class Entity(Section):
    id: Slug
    name: str = Field(min_length=1)
    kind: Literal["brand", "product", "campaign"]
    own: bool
    query: Query
    parent: Slug | None = None  # the brand of a product or campaign
    set: Slug = "default"  # competitors of one set share its voice
    starts_on: date | None = None  # of a campaign; both days are within
    ends_on: date | None = None
    budget: float | None = Field(default=None, ge=0)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None

    @model_validator(mode="after")
    def _campaign_has_days(self) -> Entity:
        told = (self.starts_on, self.ends_on, self.budget, self.currency)
        if self.kind != "campaign" and any(value is not None for value in told):
            raise ValueError('starts_on, ends_on, budget and currency are a campaign\'s; say kind = "campaign"')
        if (self.starts_on is None) != (self.ends_on is None):
            raise ValueError("a campaign has both starts_on and ends_on, or neither")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError(f"ends_on {self.ends_on} lies before starts_on {self.starts_on}")
        if self.budget is not None and (self.starts_on is None or self.currency is None):
            raise ValueError("a budget is spread over days: tell starts_on, ends_on and currency too")
        return self


class Account(Section):
    platform: Slug
    handle: str = Field(min_length=1)
    role: Literal["owned", "employee", "media"]
    entity: Slug | None = None
    department: Slug | None = None

    @model_validator(mode="after")
    def _owner_is_named(self) -> Account:
        if self.role != "media" and self.entity is None:
            raise ValueError('an owned or employee account belongs to an entity; add entity = "<an entity\'s id>"')
        return self


class Department(Section):
    id: Slug
    name: str
    sla_hours: float = Field(default=24, gt=0)
    timezone: Zone = "UTC"
    workdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)  # ISO: 1 is Monday
    opens: time = time(9)
    closes: time | None = time(17)  # None: at midnight, the day's end
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Department:
        if self.closes is not None and self.closes <= self.opens:
            raise ValueError(
                f"opens ({self.opens:%H:%M}) is not before closes ({self.closes:%H:%M}); nights are two departments"
            )
        return self


class Message(Section):
    """What owned and employee posts should carry: a phrase of the text, or a hashtag."""

    id: Slug
    entity: Slug
    phrase: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None
    hashtag: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Message:
        if (self.phrase is None) == (self.hashtag is None):
            raise ValueError("a message is a phrase or a hashtag; say one of the two")
        return self


class Routing(Section):
    """The first rule that fits decides the department; what is left out fits everything."""

    department: Slug
    entity: Slug | None = None
    platform: Slug | None = None
    intent: records.Intent | None = None
    query: Query | None = None


def _page(page: str) -> str:
    """As links to it are compared: without the slash at its end."""
    if not page.startswith("/") or not page.rstrip("/"):
        raise ValueError(f"{page!r} is no page of a site; write its path, as '/contact'")
    return page.rstrip("/")


class Site(Section):
    """One of the operator's own web sites, whose visits a source counts."""

    name: str = Field(min_length=1)  # as the source's `sites` name it; its host, if links to it are to be found
    entity: Slug  # whose mentions bring the visits
    contact_pages: tuple[Annotated[str, AfterValidator(_page)], ...] = ()  # where visitors ask for help


class Target(Section):
    """What a month is to bring; `kpi_targets` says how far it is. A share is told between 0 and 1."""

    metric: Metric
    entity: Slug
    month: date  # its first day
    target: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_one_that_can_be_met(self) -> Target:
        if self.month.day != 1:
            raise ValueError(f"month {self.month} is a day; write the month's first, {self.month.replace(day=1)}")
        is_share = self.metric.endswith("_ratio") or self.metric.startswith("share_of_")
        if is_share and not 0 <= self.target <= 1:
            raise ValueError(f"{self.metric} is a share between 0 and 1, not {self.target:g}; write 0.9 for 90 %")
        return self
