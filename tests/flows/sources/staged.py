"""One platform of the sandbox with a data folder of its own: nights through the real steps, and what is true.

Time passes only when a client waits, for the client and for the façade's limits alike, so that the vendors' rates hold
and cost no time.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from staged_nights import Hours, Killed, Night, NotingClient
from staged_worlds import SPOILED_AT, TOPICS

from flows import extract, ingest
from flows import plan as planning
from flows.run import Run, opened
from flows.sandbox import phrases
from flows.sandbox.platforms import FACADES
from flows.sandbox.platforms.facade import Facade, Hosted
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage
from flows.sandbox.server import Sandbox
from flows.sandbox.streams import epoch
from flows.sources import SOURCES
from flows.sources.base import Source
from warehouse.connection import connect

LONGEST_WAIT = 900.0
COUNTS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")


@dataclass
class Bed:
    """A platform, the one source that reads it, and its warehouse."""

    folder: Path
    sandbox: Sandbox
    url: str
    platform: str
    topics: tuple[str, ...] = TOPICS
    first_days: int = 2
    secrets: dict[str, str] | None = None  # None: those that the façade takes

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hours = Hours(self.sandbox)
        self._truths: dict[datetime, pl.DataFrame] = {}
        for limit in self.hosted.limiter.limits:
            limit.clock = self.hours.seconds
        self.hosted.wall_clock = self.hours.now
        self._configure()

    @property
    def facade(self) -> Facade:
        return FACADES[self.platform]

    @property
    def hosted(self) -> Hosted:
        return self.sandbox.hosted[self.platform]

    @property
    def stage(self) -> Stage:
        return self.hosted.stage

    @property
    def waited_out(self) -> list[Limit]:
        """The limits that are full again so soon that a run waits for them."""
        return [limit for limit in self.hosted.limiter.limits if limit.seconds <= LONGEST_WAIT]

    @property
    def source(self) -> Source:
        return source_of(self.platform)

    def _configure(self) -> None:
        entities = [entity for entity in phrases.ENTITIES if entity.entity_id in self.topics]
        tables: list[tuple[str, dict[str, Any]]] = [
            ("[project]", {"name": "Contract", "data_dir": "data"}),
            ("[schedule]", {"first_days": self.first_days}),
            ("[http]", {"attempts": 3, "first_backoff": 0.001}),
            *(("[[entities]]", _entity(entity)) for entity in entities),
            *(("[[accounts]]", dict(account)) for account in self.tracked()),
            ("[[sources]]", self._options()),
        ]
        lines = [f"{head}\n{_lines(table)}" for head, table in tables]
        (self.folder / "soundings.toml").write_text("".join(lines), encoding="utf-8")
        secrets = self.facade.secrets if self.secrets is None else self.secrets
        told = [f"SOUNDINGS_{self.platform}_{name}".upper() + f"='{value}'\n" for name, value in secrets.items()]
        (self.folder / ".env").write_text("".join(told))

    def _options(self) -> dict[str, Any]:
        root = f"{self.url}/platforms/{self.platform}"
        told = json.loads(json.dumps(dict(self.facade.options)).replace("{url}", root))
        return {"name": self.platform, "type": self.platform, "allow_private": True, **told}

    def tracked(self) -> list[dict[str, str]]:
        """The accounts that the configuration names, as it does; none where the platform names no authors."""
        accounts = self.stage.world.accounts
        ours = accounts.filter((accounts["role"] != "public") & (accounts["platform"] == "microblog"))
        if self.facade.handle is None:
            return []
        rows = ours.select("handle", "role", "entity_id").rows()
        told = [{"handle": self._written(handle), "role": role, "entity": entity} for handle, role, entity in rows]
        asked = [each for each in told if each["entity"] in (None, *self.topics)]
        return [{"platform": self.platform, **{k: v for k, v in each.items() if v}} for each in asked]

    def night(
        self, as_of: datetime, *, killed_at: int | None = None, used_up_for: float = 0, loads: bool = True
    ) -> Night:
        """One run: plan, extract and, where it `loads`, ingest. `killed_at`: its process ends with that request.

        `used_up_for`: others have left nothing of the limits, for so many seconds.
        """
        self.sandbox.now = as_of
        self.hours.pass_a_day()
        for limit in self.waited_out if used_up_for else ():
            limit.use_up(used_up_for)
        told, refused_before = Night(as_of), self.hosted.limiter.refused
        try:
            with (
                patch("flows.extract.HttpClient", functools.partial(NotingClient, self.hours.clock, told, killed_at)),
                opened(self.folder / "soundings.toml", None, "nightly", as_of=as_of) as run,
            ):
                self._steps(run, told, loads=loads)
        except Killed:
            told.was_killed = True
        finally:
            told.waited = self.hours.waited_tonight
            told.refused = self.hosted.limiter.refused - refused_before
        return told

    def _steps(self, run: Run, told: Night, *, loads: bool) -> None:
        con = connect(run.warehouse, settings=run.storage)
        try:
            for plan in planning.plan(run, con):
                job = run.job(plan.options)
                told.outcomes = extract.extract(job, plan.asks, lambda _done, _all: None)
                if loads:
                    ingest.ingest(job, told.outcomes, con, lambda: None)
                run.status.source(plan.options.name).state = "completed"
            told.tables = {name: con.sql(f"from raw.{name}").pl() for name in _TABLES}
            for name in ("load", "collection"):
                told.tables[name] = told.tables[name].filter(pl.col("run_id") == run.status.run_id)
        finally:
            con.close()

    def planted(self, name: str) -> list[int]:
        """Rows of the posts that were `deleted_s` or `edited_s` after the first night on purpose."""
        moments = self.stage.world.posts[name].to_list()[-self.stage.size :]
        return [row for row, moment in enumerate(moments) if moment == epoch(SPOILED_AT)]

    def asked_from(self, as_of: datetime) -> datetime:
        """The first moment that a first night asks for."""
        return as_of - timedelta(days=self.first_days)

    def truth(self, now: datetime) -> pl.DataFrame:
        """All that can be seen at `now`, as a mention of this platform tells it; `mask` says whom the text names."""
        if now not in self._truths:
            self._truths[now] = self._truth(now)
        return self._truths[now]

    def _truth(self, now: datetime) -> pl.DataFrame:
        rows = self.stage.within(None, None, now)
        masks = self.stage.world.at(now)["mask"].to_list()[-self.stage.size :]
        asked = sum(1 << bit for bit, entity in enumerate(phrases.ENTITIES) if entity.entity_id in self.topics)
        tracked = {account["handle"] for account in self.tracked()}
        told = [
            {
                "row": each.row, "text": self.facade.said(each), "published_at": self.facade.dated(each),
                "handle": self._signed(each), "is_tracked": self._written(each.author.handle) in tracked,
                "followers": each.author.followers, "parent": each.parent, "root": each.root,
                "mask": masks[each.row] & asked,
                **self._counts(each),
            }
            for each in self.stage.tell(rows, now)
        ]  # fmt: skip
        return pl.DataFrame(told, infer_schema_length=None)

    def _signed(self, told: Any) -> str | None:
        """The handle beside a post; None where the platform tells none."""
        is_signed = told.parent is None or self.facade.signs_replies
        return self._written(told.author.handle).lower() if is_signed else None

    def _written(self, handle: str) -> str:
        """A handle of the stage as the platform writes it."""
        write = self.facade.handle or (lambda _handle: "")
        return write(handle).replace("{url}", f"{self.url.partition('://')[2]}/platforms/{self.platform}")

    def _counts(self, told: Any) -> dict[str, int | None]:
        of_replies = self.facade.tells_of_replies
        names = self.facade.tells if told.parent is None or of_replies is None else of_replies
        known = {name: count if isinstance(count, int) else getattr(told, count) for name, count in names.items()}
        return {name: known.get(name) for name in COUNTS}


_TABLES = (
    "mention", "mention_entity", "engagement_snapshot", "account", "account_snapshot", "interaction", "thread_read",
    "collection", "load", "quarantine", "tombstone", "referral_daily",
)  # fmt: skip


def source_of(platform: str) -> Source:
    return next(source for source in SOURCES if source.platform == platform)


def _entity(entity: phrases.Entity) -> dict[str, Any]:
    parent = {} if entity.kind == "brand" else {"parent": phrases.ENTITIES[0].entity_id}
    return {
        "id": entity.entity_id, "name": entity.name, "kind": entity.kind, "own": entity.own, "query": entity.query,
        **parent,
    }  # fmt: skip


def _lines(table: dict[str, Any]) -> str:
    """Keys and values as TOML, of which JSON's strings, numbers, booleans and lists are a part."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_value(each)}' for key, each in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
