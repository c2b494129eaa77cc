"""How often a platform may be asked, and what it wants to know of who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RateLimit:
    """`requests` in any `seconds`, by the vendor's page; answers' headers may only lower it."""

    requests: int
    seconds: float
    counts: str = ""  # a regex searched in "GET /path?query": only requests that it finds count; "" finds all
    day_of: str | None = None  # a daily quota: the IANA zone at whose midnight it is full again; kept between runs


@dataclass(frozen=True)
class Secret:
    """One thing that only the operator knows. It comes from SOUNDINGS_<NAME OF THE SOURCE>_<NAME>, upper case."""

    name: str
    what: str  # what it is and where to get it: told where it is missing
    is_required: bool = True


@dataclass(frozen=True)
class Login:
    """A request that gives a token, which then goes along as `Authorization: <scheme> <token>` until it expires."""

    url: str
    body: Mapping[str, str] = field(repr=False)
    as_form: bool = True
    basic: tuple[str, str] | None = field(default=None, repr=False)  # HTTP basic authentication of the client
    token: str = "access_token"  # noqa: S105 - where it stands in the answer
    expires_in: str | None = "expires_in"  # where its seconds stand; None: one token a run
    scheme: str = "Bearer"


@dataclass(frozen=True)
class Credentials:
    """What goes to the configured hosts with every request, and nowhere else; never written down."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)  # joins the body of a POST that is a form
    login: Login | None = None
    rates: tuple[RateLimit, ...] = ()  # that hold with these credentials instead of the source's

    def values(self) -> list[str]:
        """All that must never be written down."""
        body = self.login.body if self.login else {}
        basic = self.login.basic if self.login and self.login.basic else ()
        pairs = [pair for given in (self.headers, self.params, self.form, body) for pair in given.items()]
        return [*(value for name, value in pairs if name.lower() not in _NO_SECRET), *basic]


_NO_SECRET = frozenset(
    {"accept", "api-username", "content-type", "duration", "grant_type", "response_type", "scope", "user-agent"}
)
"""Names of headers and of a login's fields that everyone may read."""
