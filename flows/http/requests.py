"""What a source asks, as it goes over the wire: to hosts of the settings with its credentials, to others without."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from flows.http.answers import Redirect
from flows.sources.access import Credentials
from flows.sources.base import Params


@dataclass(frozen=True)
class Body:
    """What a POST carries."""

    fields: Mapping[str, Any] = field(repr=False)
    as_form: bool

    def encode(self, secret: Mapping[str, str]) -> tuple[str, bytes]:
        """Content type and bytes; secret fields join a form."""
        if self.as_form:
            return "application/x-www-form-urlencoded", urlencode({**self.fields, **secret}, doseq=True).encode()
        return "application/json", msgspec.json.encode(self.fields)


@dataclass(frozen=True)
class Ask:
    """One request of a source: nothing in it but what the source gave."""

    url: httpx.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    is_login: bool = False

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"

    @property
    def line(self) -> str:
        """What rate limits look at."""
        return f"{self.method} {self.url.raw_path.decode('ascii')}"

    def seal(
        self, usual: Mapping[str, str], secret: Credentials, token: Mapping[str, str], timeout: httpx.Timeout
    ) -> httpx.Request:
        """The request as it goes, with the credentials in it."""
        kind, content = self.body.encode(secret.form) if self.body else ("", None)
        told = (usual, self.headers, secret.headers, token, {"Content-Type": kind} if kind else {})
        named = {name.lower(): (name, value) for each in told for name, value in each.items()}  # the last one counts
        return httpx.Request(
            self.method,
            with_params(self.url, secret.params),
            headers=[*named.values()],
            content=content,
            extensions={"timeout": timeout.as_dict()},
        )


def with_params(url: httpx.URL, params: Params | None) -> httpx.URL:
    """The address with further parameters; a sequence stands as often as it has members."""
    if not params:
        return url
    return url.copy_merge_params(_plain(params))


def asked(url: str, params: Params | None) -> httpx.URL | None:
    """The address with its parameters, or None, as `parse`; read once where it had none yet: httpx takes its time."""
    if not params or "?" in url:
        target = parse(url)
        return with_params(target, params) if target else None
    return parse(url, params=params)


def parse(url: str, base: httpx.URL | None = None, params: Params | None = None) -> httpx.URL | None:
    """The address, or None: httpx's message would repeat parts of it, secrets too."""
    try:
        parsed = base.join(url) if base else httpx.URL(url, **({"params": _plain(params)} if params else {}))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return None
    return parsed if parsed.port is None or 0 < parsed.port < 65536 else None


def _plain(params: Params) -> dict[str, str | int | list[str]]:
    return {name: value if isinstance(value, str | int) else list(value) for name, value in params.items()}


def keeps_method(redirect: Redirect) -> bool:
    """Whether a POST goes on as a POST (RFC 9110)."""
    return redirect.status in {307, 308}


def is_json(accept: str) -> bool:
    """Whether nothing but JSON was asked for."""
    kinds: Collection[str] = [part.partition(";")[0].strip() for part in accept.split(",")]
    return all(kind.endswith("json") for kind in kinds)
