"""What the operator decides: `soundings.toml`, checked whole before anything runs, and the environment.

The only room that reads the environment. Secrets come from there and from nowhere else.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, create_model, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.credentials import Access, access, wanted
from flows.errors import ConfigError
from flows.mistakes import explain, misplaced, nearest
from flows.sections import (
    Account,
    Department,
    Entity,
    Http,
    Kpis,
    Message,
    Project,
    Publish,
    Reporting,
    Retention,
    Routing,
    Schedule,
    Section,
    Site,
    Storage,
    Target,
    Weights,
)
from flows.sources import AnyOptions
from warehouse.mask import KEY_BYTES

__all__ = ["REPOSITORY", "Settings", "access_of", "apply", "config_path", "load", "mask_key", "prefect_environment"]

E = TypeVar("E", bound=BaseSettings)
REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(Section):
    """One `soundings.toml`, and what the environment adds to it."""

    project: Project
    reporting: Reporting = Reporting()
    schedule: Schedule = Schedule()
    weights: Weights = Weights()
    kpis: Kpis = Kpis()
    http: Http = Http()
    storage: Storage = Storage()
    publish: Publish = Publish()
    retention: Retention = Retention()
    entities: tuple[Entity, ...] = Field(min_length=1)
    accounts: tuple[Account, ...] = ()
    departments: tuple[Department, ...] = ()
    routing: tuple[Routing, ...] = ()
    messages: tuple[Message, ...] = ()
    targets: tuple[Target, ...] = ()
    sites: tuple[Site, ...] = ()
    sources: tuple[AnyOptions, ...] = Field(min_length=1)
    path: Path = Field(exclude=True)
    data_dir: Path = Field(exclude=True)
    mask_key: SecretStr | None = Field(default=None, exclude=True)
    prefect_api_url: str | None = Field(default=None, exclude=True)  # a Prefect server of the operator's own
    secrets: dict[str, SecretStr] = Field(default={}, exclude=True)  # of the sources, by environment variable

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        _unique("entities", [entity.id for entity in self.entities])
        _unique("sources", [source.name for source in self.sources])
        _unique("messages", [message.id for message in self.messages])
        _unique("departments", [department.id for department in self.departments])
        _unique("sources' secrets", [variable for source in self.sources for variable in wanted(source)])
        _unique("targets", [f"{t.metric} of {t.entity} in {t.month:%Y-%m}" for t in self.targets])
        _unique("sites", [site.name for site in self.sites])
        entities = {entity.id for entity in self.entities}
        departments = {department.id for department in self.departments}
        for where, name in (
            [(f"entities[{i}].parent", e.parent) for i, e in enumerate(self.entities)]
            + [(f"accounts[{i}].entity", a.entity) for i, a in enumerate(self.accounts)]
            + [(f"routing[{i}].entity", r.entity) for i, r in enumerate(self.routing)]
            + [(f"messages[{i}].entity", m.entity) for i, m in enumerate(self.messages)]
            + [(f"targets[{i}].entity", t.entity) for i, t in enumerate(self.targets)]
            + [(f"sites[{i}].entity", s.entity) for i, s in enumerate(self.sites)]
        ):
            _known(where, name, entities, "entities")
        for where, name in [(f"accounts[{i}].department", a.department) for i, a in enumerate(self.accounts)] + [
            (f"routing[{i}].department", r.department) for i, r in enumerate(self.routing)
        ]:
            _known(where, name, departments, "departments")
        return self

    @model_validator(mode="after")
    def _something_is_read(self) -> Settings:
        if not any(source.enabled for source in self.sources):
            raise ValueError("sources: all are disabled, so that nothing would be read; enable one")
        return self


def _hex_key(key: SecretStr) -> SecretStr:
    try:
        size = len(bytes.fromhex(key.get_secret_value().strip()))
    except ValueError:
        size = 0
    if size != KEY_BYTES:
        raise ValueError(
            f"is not {KEY_BYTES} bytes in hex ({2 * KEY_BYTES} digits); make one with: openssl rand -hex 32"
        )
    return key


class _Variables(BaseSettings):
    """What comes from the process's environment, else from the `.env` file beside the configuration."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)


class Environment(_Variables):
    """Variables of Soundings itself; those of the sources are named by the sources."""

    data_dir: Path | None = Field(default=None, validation_alias="SOUNDINGS_DATA_DIR")
    mask_key: Annotated[SecretStr, AfterValidator(_hex_key)] | None = Field(
        default=None, validation_alias="SOUNDINGS_MASK_KEY"
    )
    prefect_api_url: str | None = Field(default=None, validation_alias="PREFECT_API_URL")


def config_path(given: Path | None = None) -> Path:
    """Where the configuration is: as given, else as SOUNDINGS_CONFIG of the process says, else in this folder."""
    return given or Path(os.environ.get("SOUNDINGS_CONFIG") or "soundings.toml")


def load(path: Path | None = None, data_dir: Path | None = None) -> Settings:
    """Read and check the configuration. Raises ConfigError that lists everything wrong, by key, with the fix."""
    path = config_path(path).resolve()
    raw = _read(path)
    environment = _environment(path.parent / ".env")
    project = raw.get("project")
    kept = project.get("data_dir", Project.model_fields["data_dir"].default) if isinstance(project, dict) else "."
    data = data_dir or environment.data_dir or path.parent / str(kept)
    wrong = misplaced(raw)
    ours = {**environment.model_dump(include={"mask_key", "prefect_api_url"}), "path": path, "data_dir": data.resolve()}
    try:
        settings = Settings.model_validate({**raw, **ours})
    except ValidationError as error:
        wrong += explain(error, Settings)
    if wrong:
        raise ConfigError("\n".join(f"{path.name}: {line}" for line in wrong))
    return settings.model_copy(update={"secrets": _secrets(settings.sources, path.parent / ".env")})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        hint = 'make one with: soundings init --brand "Your Brand" --query \'"your brand" OR @yourbrand\''
        raise ConfigError(f"{path}: there is no such file; {hint}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; name the file in it") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as TOML: {error}") from None


def _environment(file: Path) -> Environment:
    return _from_environment(Environment, file)


def _from_environment(kind: type[E], file: Path) -> E:
    try:
        return kind(_env_file=file)  # a setting of pydantic's, no field
    except ValidationError as error:
        raise ConfigError("\n".join(f"environment or {file}: {line}" for line in explain(error, kind))) from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8: {error}") from None


def _secrets(sources: Sequence[AnyOptions], file: Path) -> dict[str, SecretStr]:
    """What the environment tells of the sources' secrets."""
    names = [variable for options in sources for variable in wanted(options)]
    fields: dict[str, Any] = {
        f"secret_{n}": (SecretStr | None, Field(default=None, validation_alias=name)) for n, name in enumerate(names)
    }
    told = _from_environment(create_model("Secrets", __base__=_Variables, **fields), file)
    given = {name: getattr(told, f"secret_{n}") for n, name in enumerate(names)}
    return {name: secret for name, secret in given.items() if secret is not None and secret.get_secret_value().strip()}


def access_of(settings: Settings, options: AnyOptions) -> Access:
    """How a source proves itself, as far as the environment tells."""
    return access(options, settings.secrets)


def mask_key(settings: Settings) -> str | None:
    """The HMAC key of the public audience, where the environment gives one; else it is made once in the data folder."""
    return settings.mask_key.get_secret_value() if settings.mask_key else None


def prefect_environment(data_dir: Path, api_url: str | None = None, *, is_quiet: bool = False) -> dict[str, str]:
    """Where Prefect keeps its state and that it keeps to itself; what the operator has set wins.

    `is_quiet` leaves its warnings only. A logger's level would not do: Prefect sets it anew when it is imported.

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
        **({"PREFECT_API_URL": api_url} if api_url else {}),
        **({"PREFECT_LOGGING_LEVEL": "WARNING"} if is_quiet else {}),
    }
    return {name: os.environ.get(name) or value for name, value in wanted.items()}


def apply(variables: dict[str, str]) -> None:
    """Set variables for libraries that read the environment when they are imported."""
    os.environ.update(variables)


def _unique(key: str, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{key}: {name!r} stands twice; give each its own")


def _known(where: str, name: str | None, known: set[str], key: str) -> None:
    if name is not None and name not in known:
        raise ValueError(f"{where}: {name!r} is not among the {key}{nearest(name, known)}")
