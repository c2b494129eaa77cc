"""What the operator decides: `soundings.toml`, checked whole before anything runs, and the environment.

The only room that reads the environment. Secrets come from there and from nowhere else.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows import topics
from flows.errors import ConfigError, TopicError
from flows.sources import AnyOptions
from flows.sources.base import Slug

REPOSITORY = Path(__file__).resolve().parent.parent


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone; write one like 'Europe/Vilnius' or 'UTC'") from error
    return name


def _cron(expression: str) -> str:
    try:
        CronSim(expression, datetime(2026, 1, 1))  # noqa: DTZ001 - only the syntax is asked
    except CronSimError as error:
        raise ValueError(f"{expression!r} is no cron line ({error}); '0 2 * * *' is every night at two") from error
    return expression


def _query(query: str) -> str:
    try:
        topics.parse(query)
    except TopicError as error:
        raise ValueError(str(error)) from error
    return query


Zone = Annotated[str, AfterValidator(_zone)]
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


class Routing(Section):
    """The first rule that fits decides the department; what is left out fits everything."""

    department: Slug
    entity: Slug | None = None
    platform: Slug | None = None
    intent: str | None = None
    query: Query | None = None


class Target(Section):
    metric: str
    entity: Slug
    month: date  # its first day
    target: float


class Settings(Section):
    """One `soundings.toml`."""

    project: Project
    reporting: Reporting = Reporting()
    schedule: Schedule = Schedule()
    weights: Weights = Weights()
    http: Http = Http()
    storage: Storage = Storage()
    publish: Publish = Publish()
    retention: Retention = Retention()
    entities: tuple[Entity, ...] = Field(min_length=1)
    accounts: tuple[Account, ...] = ()
    departments: tuple[Department, ...] = ()
    routing: tuple[Routing, ...] = ()
    targets: tuple[Target, ...] = ()
    sources: tuple[AnyOptions, ...] = Field(min_length=1)
    path: Path = Field(exclude=True)
    data_dir: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        _unique("entities", [entity.id for entity in self.entities])
        _unique("sources", [source.name for source in self.sources])
        _unique("departments", [department.id for department in self.departments])
        entities = {entity.id for entity in self.entities}
        departments = {department.id for department in self.departments}
        for where, name in (
            [(f"entities[{i}].parent", e.parent) for i, e in enumerate(self.entities)]
            + [(f"accounts[{i}].entity", a.entity) for i, a in enumerate(self.accounts)]
            + [(f"routing[{i}].entity", r.entity) for i, r in enumerate(self.routing)]
            + [(f"targets[{i}].entity", t.entity) for i, t in enumerate(self.targets)]
        ):
            _known(where, name, entities, "entities")
        for where, name in [(f"accounts[{i}].department", a.department) for i, a in enumerate(self.accounts)] + [
            (f"routing[{i}].department", r.department) for i, r in enumerate(self.routing)
        ]:
            _known(where, name, departments, "departments")
        return self


class Environment(BaseSettings):
    """What comes from the environment or a `.env` file beside the configuration."""

    model_config = SettingsConfigDict(env_prefix="SOUNDINGS_", env_file=".env", extra="ignore")

    config: Path = Path("soundings.toml")
    data_dir: Path | None = None
    mask_key: str | None = None  # hex; where it is not set a key is made once in <data_dir>/keys


def load(path: Path | None = None, data_dir: Path | None = None) -> Settings:
    """Read and check the configuration. Raises ConfigError that lists everything wrong, by key, with the fix."""
    environment = Environment()
    path = (path or environment.config).resolve()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        hint = 'make one with: soundings init --brand "Your Brand" --query \'"your brand" OR @yourbrand\''
        raise ConfigError(f"{path}: there is no such file; {hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as TOML: {error}") from None
    data = (
        data_dir or environment.data_dir or path.parent / str(raw.get("project", {}).get("data_dir", "warehouse/data"))
    )
    try:
        return Settings.model_validate({**raw, "path": path, "data_dir": data.resolve()})
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path.name}: {line}" for line in _explain(error))) from None


def mask_key() -> str | None:
    """The HMAC key of the public audience, where the environment gives one."""
    return Environment().mask_key


def prefect_api_url() -> str | None:
    """A Prefect server of the operator's own."""
    return os.environ.get("PREFECT_API_URL")


def prefect_environment(data_dir: Path) -> dict[str, str]:
    """Where Prefect keeps its state and that it keeps quiet; what the operator has set wins.

    The folder is made here: where its parent is missing, Prefect's server does not start, and does not say why.
    """
    home = data_dir / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    wanted = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    }
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def apply(variables: dict[str, str]) -> None:
    """Set variables for libraries that read the environment when they are imported."""
    os.environ.update(variables)


def _unique(key: str, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{key}: {name!r} stands twice; give each its own")


def _known(where: str, name: str | None, known: set[str], key: str) -> None:
    if name is not None and name not in known:
        raise ValueError(f"{where}: {name!r} is not among the {key}{_nearest(name, known)}")


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f" ({', '.join(sorted(known)) or 'there are none'})"


def _explain(error: ValidationError) -> list[str]:
    """One line for each mistake: key, what is wrong, what to do."""
    lines = []
    for mistake in error.errors(include_url=False):
        if mistake["type"] == "too_short" and mistake["input"]:
            continue  # its items are wrong, and named each by its own line
        key = _key(mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            lines.append(
                f"{key}: there is no such key{_nearest(str(mistake['loc'][-1]), _keys_beside(mistake['loc']))}"
            )
        elif mistake["type"] == "missing":
            lines.append(f"{key}: is required and missing; add it")
        else:
            given = "" if mistake["type"] == "value_error" else f" (it says {mistake['input']!r})"
            lines.append(f"{key}: {mistake['msg'].removeprefix('Value error, ')}{given}".removeprefix(": "))
    return lines


def _key(location: tuple[int | str, ...]) -> str:
    key = ""
    for position, part in enumerate(location):
        if isinstance(part, int):
            key += f"[{part}]"
        elif not (location[0] == "sources" and position == 2):  # the union's tag is not in the file
            key += f".{part}" if key else part
    return key


def _keys_beside(location: tuple[int | str, ...]) -> set[str]:
    """The keys that the table at this place may have, as far as the models tell."""
    model: Any = Settings
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return set()
        annotation = fields[part].annotation
        model = next((a for a in getattr(annotation, "__args__", ()) if isinstance(a, type)), annotation)
    return set(getattr(model, "model_fields", {})) - {"path", "data_dir"}
