"""Every source in one soundings.toml over one small world, ten entities, and nights through the real flow.

Time passes only when a client waits, for each platform by itself, so that the vendors' rates hold and cost no time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import polars as pl

from flows import runs
from flows.http import HttpClient
from flows.runs import RunStatus
from flows.sandbox.demo import write_configuration
from flows.sandbox.export import write_export
from flows.sandbox.faults import Fault
from flows.sandbox.platforms import FACADES
from flows.sandbox.platforms.facade import Facade
from flows.sandbox.server import Sandbox
from flows.sandbox.streams import epoch
from flows.sandbox.world import World
from tests.flows.sources.staged_nights import Hours

FIRST_DAYS = 1
FURTHER = (
    ("nimbus", "Nimbus Airlines", "brand", False, None, '"nimbus airlines"'),
    ("fryers", "Acme Fryers", "brand", False, None, '"air fryer"'),  # what a search for Acme Air brings as noise
    ("skybed", "Globex SkyBed", "product", False, "globex", "skybed"),
    ("paperplane", "Initech PaperPlane", "product", False, "initech", '"paper plane" NEAR/3 initech'),
    ("acmewinter", "Acme Winter", "campaign", True, "acme", "#acmewinter"),
)
"""Entities besides the world's five: most find nothing."""


def world_of(seed: int, end: datetime) -> World:
    """Four days in which nothing is edited, so that a text finds its post again."""
    world = World.make(seed, 4, 0.08, end=end)
    never = pl.lit(epoch(datetime.max))  # noqa: DTZ901 - UTC without zone, as all our times
    return replace(world, posts=world.posts.with_columns(edited_s=never))


def variables() -> dict[str, str]:
    """The environment variables of all credentials, each as its platform accepts it."""
    told = [
        (f"SOUNDINGS_{name}_{secret}", value) for name in FACADES for secret, value in FACADES[name].secrets.items()
    ]
    return {name.upper(): value for name, value in told}


def configure(folder: Path, url: str, world: World, **changes: dict[str, Any]) -> Path:
    """Write soundings.toml for the sandbox at `url`; `changes` are further settings of a source, by its name."""
    path = write_configuration(folder, url, world)
    text = path.read_text().replace(f"first_days = {world.days + 1}", f"first_days = {FIRST_DAYS}")
    text = text.replace("[weights]", "[http]\nattempts = 2\nfirst_backoff = 0.01\n[weights]")
    tables = [_entity(*each) for each in FURTHER]
    tables += [each for name in FACADES for each in _account(name, url)]
    tables += [("sources", _options(name, url) | changes.get(name, {})) for name in FACADES]
    path.write_text(text + "".join(f"[[{kind}]]\n{_lines(table)}" for kind, table in tables))
    return path


def _options(name: str, url: str) -> dict[str, Any]:
    told = json.loads(json.dumps(dict(FACADES[name].options)).replace("{url}", f"{url}/platforms/{name}"))
    return {"name": name, "type": name, "allow_private": True, **told}


def _account(name: str, url: str) -> list[tuple[str, dict[str, Any]]]:
    """Acme's own account there; none where the platform names no authors."""
    if (write := FACADES[name].handle) is None:
        return []
    handle = write("acmeair").replace("{url}", f"{url.partition('://')[2]}/platforms/{name}")
    return [("accounts", {"platform": name, "handle": handle, "role": "owned", "entity": "acme"})]


@dataclass(frozen=True)
class Night:
    """How a run ended and what its release said; a later run may drop the release, to forget what was deleted."""

    status: RunStatus
    coverage: pl.DataFrame  # marts.kpi_coverage
    days: pl.DataFrame  # marts.kpi_entity_daily
    platform_days: pl.DataFrame  # marts.kpi_entity_platform_daily


@dataclass
class House:
    """A data folder that all sources fill."""

    folder: Path
    url: str
    sandbox: Sandbox
    first_asked: datetime
    hours: dict[str, Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, hosted in self.sandbox.hosted.items():
            hours = self.hours[name] = Hours(self.sandbox)
            hosted.wall_clock = hours.now
            for limit in hosted.limiter.limits:
                limit.clock = hours.seconds
        self.hours |= {name: Hours(self.sandbox) for name in ("hackernews", "microblog")}

    def configure(self, **changes: dict[str, Any]) -> None:
        self.config = configure(self.folder, self.url, self.sandbox.world, **changes)

    def night(self, as_of: datetime, *faults: Fault) -> Night:
        """One run of the flow."""
        from flows.nightly import nightly

        self.sandbox.now = as_of
        self.sandbox.faults.set(list(faults))
        for hours in self.hours.values():
            hours.pass_a_day()
        write_export(self.sandbox.world, self.folder / "exports", as_of)
        with patch("flows.extract.HttpClient", self._client):
            nightly(self.config, None, as_of, return_state=True)
        status = runs.latest(self.folder / "data")
        assert status is not None
        assert status.release == status.run_id, status.error
        release = self.folder / f"data/releases/{status.release}/bi.duckdb"
        marts = ("kpi_coverage", "kpi_entity_daily", "kpi_entity_platform_daily")
        return Night(status, *(_read(release, f"from marts.{mart}") for mart in marts))

    def _client(self, platform: str, **more: Any) -> HttpClient:
        return HttpClient(platform, clock=self.hours[platform].clock, **more)

    def raw(self, sql: str) -> pl.DataFrame:
        return _read(self.folder / "data/soundings.duckdb", sql)

    def told(self, now: datetime) -> pl.DataFrame:
        """What stands at `now` and names an entity of the world: platform, text, published_at, as mentions tell it."""
        parts = [self._told_by(facade, now) for facade in FACADES.values() if facade.mentions]
        return pl.concat(parts).filter(pl.col("published_at") >= self.first_asked)

    def _told_by(self, facade: Facade, now: datetime) -> pl.DataFrame:
        stage = self.sandbox.hosted[facade.platform].stage
        masks = stage.world.posts["mask"].to_list()[-stage.size :]
        posts = stage.tell([row for row in stage.within(None, None, now) if masks[row]], now)
        seen = [each for each in posts if each.parent is None or facade.finds_replies]
        said = [(facade.platform, facade.said(each), facade.dated(each)) for each in seen]
        return pl.DataFrame(said, schema=["platform", "text", "published_at"], orient="row")

    def listed(self, now: datetime) -> list[str]:
        """The same of Hacker News and of the export files that are there by then, as mention_ids."""
        posts = self.sandbox.world.posts.hstack(self.sandbox.world.at(now).select("is_indexed"))
        in_files = pl.col("published_at") < now - timedelta(days=1)  # a day's file is written at two the next night
        is_there = pl.when(pl.col("platform") == "hackernews").then("is_indexed").otherwise(in_files)
        is_live = (pl.col("deleted_s") > epoch(now)) & (pl.col("published_at") >= self.first_asked)
        return posts.filter((pl.col("mask") > 0) & is_live & is_there)["mention_id"].to_list()


def _read(path: Path, sql: str) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as con:
        found: pl.DataFrame = con.sql(sql).pl()
        return found


def _entity(id_: str, name: str, kind: str, own: bool, parent: str | None, query: str) -> tuple[str, dict[str, Any]]:
    table = {"id": id_, "name": name, "kind": kind, "own": own, "set": "airlines", "query": query}
    return "entities", table | ({"parent": parent} if parent else {})


def _lines(table: dict[str, Any]) -> str:
    """Keys and values as TOML, of which JSON's strings, numbers, booleans and lists are a part."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_value(each)}' for key, each in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
