"""What only the operator knows, and what the sources make of it: names of variables, what is missing, whom we are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from flows.errors import ConfigError, CredentialError
from flows.sources import AnyOptions, source_of
from flows.sources.access import Credentials, Secret
from flows.sources.base import Source, SourceOptions


@dataclass(frozen=True)
class Access:
    """How one source proves itself: its secrets by name, and the variables that hold them or should."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    missing: Mapping[str, str] = field(default_factory=dict)  # variable → what it is and where to get it
    mend: str = "this source has no credentials to mend; the platform may have closed what it reads"


def variable(source: str, secret: str) -> str:
    """The environment variable of a source's secret, by the name that the operator gave the source."""
    return f"SOUNDINGS_{source}_{secret}".upper().replace("-", "_")


def wanted(options: AnyOptions) -> dict[str, Secret]:
    """All secrets that a source may use, by environment variable."""
    return {variable(options.name, secret.name): secret for secret in source_of(options).secrets}


def access(options: AnyOptions, told: Mapping[str, SecretStr]) -> Access:
    """What the environment tells of a source's secrets; `told` is by variable."""
    known = wanted(options)
    given = {name: told[name].get_secret_value().strip() for name in known if name in told}
    missing = {name: secret.what for name, secret in known.items() if secret.is_required and name not in given}
    secrets = {known[name].name: value for name, value in given.items()}
    mend = "check " + ", ".join(f"{name} ({secret.what})" for name, secret in known.items())
    return Access(secrets, missing, mend) if known else Access()


def refusal(platform: str, missing: Mapping[str, str]) -> CredentialError:
    """The error of a source that cannot be asked for want of credentials."""
    told = "; ".join(f"set {name} in the environment or in .env: {what}" for name, what in missing.items())
    return CredentialError(platform, f"its credentials are missing: {told}")


def credentials(source: Source, options: SourceOptions, given: Access) -> Credentials:
    """What goes along with every request. Raises ConfigError, without the secret, where the source cannot use it."""
    if source.credentials is None:
        return Credentials()
    try:
        return source.credentials(options, given.secrets)
    except (ValueError, TypeError, LookupError) as error:
        unlike = type(error).__name__
    raise ConfigError(f"{options.name}: its credentials cannot be used ({unlike}); {given.mend}")
