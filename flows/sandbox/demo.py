"""What the demo needs on disk: a soundings.toml that points at the sandbox, and the microblog's export files."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from flows.sandbox import phrases
from flows.sandbox.export import write_export
from flows.sandbox.world import World

BUDGET = 9_000.0  # of the campaign, in euros
_HEAD = """\
# The demo's configuration. Everything it collects is synthetic: invented brands, people and posts, made by
# flows/sandbox with seed {seed}.
[project]
name = "Acme Air (synthetic)"
data_dir = "data"
[reporting]
timezone = "UTC"
[schedule]
cron = "0 2 * * *"
first_days = {days}
overlap_hours = 48
[weights]
likes = 1.0
replies = 1.0
shares = 1.0
upvotes = 1.0
"""
_SERVICE = """\
[[departments]]
id = "service"
name = "Service"
sla_hours = 8.0
timezone = "UTC"
workdays = [1, 2, 3, 4, 5, 6, 7]
opens = 08:00:00
closes = 20:00:00
[[routing]]
department = "service"
[[messages]]
id = "fly-lighter"
entity = "acme"
hashtag = "#FlyLighter"
"""
_SOURCES = """\
[[sources]]
name = "hackernews"
type = "hackernews"
base_url = "{url}/api/v1"
items_url = "{url}/v0"
allow_private = true
[[sources]]
name = "microblog"
type = "file"
platform = "microblog"
path = "exports/*.ndjson.gz"
format = "ndjson"
time_format = "iso"
timezone = "UTC"
[sources.columns]
native_id = "id"
text = "text"
published_at = "created_at"
edited_at = "edited_at"
author_id = "author_id"
author_handle = "author"
author_followers = "author_followers"
likes = "likes"
replies = "replies"
reposts = "reposts"
quotes = "quotes"
views = "views"
parent_id = "in_reply_to"
root_id = "root"
url = "url"
language = "language"
captured_at = "captured_at"
"""


def write_configuration(folder: Path, base_url: str, world: World) -> Path:
    """Write `folder`/soundings.toml for the sandbox at `base_url`; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "soundings.toml"
    parts = [
        _HEAD.format(seed=world.seed, days=world.days + 1),  # a run begins a little after the world's end
        *(_entity(entity, world) for entity in phrases.ENTITIES),
        *_accounts(world),
        _SERVICE,
        _SOURCES.format(url=base_url),
    ]
    path.write_text("".join(parts), encoding="utf-8")
    return path


def write_demo(folder: Path, base_url: str, world: World, now: datetime) -> Path:
    """The configuration and, in `folder`/exports, the files that exist at `now`."""
    write_export(world, folder / "exports", now)
    return write_configuration(folder, base_url, world)


def _entity(entity: phrases.Entity, world: World) -> str:
    parent = "" if entity.kind == "brand" else f"parent = {_quoted(phrases.ENTITIES[0].entity_id)}\n"
    return (
        f"[[entities]]\nid = {_quoted(entity.entity_id)}\nname = {_quoted(entity.name)}\n"
        f"kind = {_quoted(entity.kind)}\n"
        f'own = {str(entity.own).lower()}\nset = "airlines"\n{parent}query = {_quoted(entity.query)}\n'
        + _days(entity, world)
    )


def _days(entity: phrases.Entity, world: World) -> str:
    """When a campaign runs, and for how much; nothing for others."""
    if entity.kind != "campaign":
        return ""
    event = next(event for event in world.events if event.entity_id == entity.entity_id)
    last = event.end - timedelta(days=1)
    return f'starts_on = {event.start:%Y-%m-%d}\nends_on = {last:%Y-%m-%d}\nbudget = {BUDGET}\ncurrency = "EUR"\n'


def _accounts(world: World) -> list[str]:
    tracked = world.accounts.filter(world.accounts["role"] != "public")
    return [
        f"[[accounts]]\nplatform = {_quoted(platform)}\nhandle = {_quoted(handle)}\nrole = {_quoted(role)}\n"
        + (f"entity = {_quoted(entity)}\n" if entity else "")
        for platform, handle, role, entity in tracked.select("platform", "handle", "role", "entity_id").rows()
    ]


def _quoted(text: str) -> str:
    """A TOML string: literal where it holds double quotes, else basic (JSON's escapes are a subset of TOML's)."""
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)
