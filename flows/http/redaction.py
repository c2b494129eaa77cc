"""Addresses and messages without the secrets in them: what logs, errors and landed pages may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

import httpx

HIDDEN = "***"
SECRET_NAMES = frozenset(
    {
        *("access_token", "api_key", "api-key", "apikey", "auth", "auth_token", "authorization", "client_secret"),
        *("id_token", "jwt", "key", "pass", "passwd", "password", "refresh_token", "secret", "session", "sig"),
        *("signature", "token", "token_auth", "x-api-key"),
    }
)
"""Names of query parameters that hold a secret; platforms' page tokens (`next_token`, `cursor`) are none."""

_SHORTEST_SECRET = 4  # a shorter value would blank ordinary words wherever they stand
_NAMES = "|".join(re.escape(name) for name in sorted(SECRET_NAMES, key=len, reverse=True))
_PARAMETER = re.compile(rf"(?i)(?<![\w-])({_NAMES})(=|%3D)[^&\s\"'<>;,]*")
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+")
_USERINFO = re.compile(r"://[^/?#@\s]*@")


def is_secret(name: str) -> bool:
    """Whether a query parameter of this name holds a secret."""
    return name.lower() in SECRET_NAMES


def redact_text(text: str) -> str:
    """A text with the values of secret parameters, credentials and user names of addresses blanked."""
    text = _USERINFO.sub(f"://{HIDDEN}@", text)
    return _PARAMETER.sub(rf"\1\2{HIDDEN}", _SCHEME.sub(rf"\1 {HIDDEN}", text))


def redact_url(url: httpx.URL, params: Sequence[tuple[str, str]] | None = None) -> str:
    """The address without user name, fragment and the values of secret parameters; `params` are its own, once read."""
    told = url.params.multi_items() if params is None else params
    pairs = [(name, HIDDEN if is_secret(name) else value) for name, value in told]
    known = url.copy_with(userinfo=b"") if url.userinfo else url
    bare = str(known).partition("#")[0].partition("?")[0]  # elsewhere both are escaped
    return f"{bare}?{urlencode(pairs, safe='*,:()/')}" if pairs else bare


class Redactor:
    """Blanks known values wherever they stand, in any case, also percent-encoded, and secrets known by their names."""

    def __init__(self, values: Iterable[str], beyond: Redactor | None = None) -> None:
        """`beyond` knows further values, also such as it learns later."""
        self._beyond = beyond
        self._known: set[str] = set()
        self._values: re.Pattern[str] | None = None
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        """Know further values, as a token that a login has given."""
        self._known |= {part for value in values for part in (value, *value.split()) if len(part) >= _SHORTEST_SECRET}
        forms = {form for value in self._known for form in (value, quote(value, safe=""), quote(value))}
        forms |= {quote_plus(value) for value in self._known}
        pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._values = re.compile(pattern, re.IGNORECASE) if pattern else None

    def __call__(self, text: str) -> str:
        return redact_text(self._blank(text))

    def holds(self, text: str) -> bool:
        """Whether one of the known values stands in the text."""
        is_here = self._values is not None and self._values.search(text) is not None
        return is_here or (self._beyond is not None and self._beyond.holds(text))

    def _blank(self, text: str) -> str:
        if self._beyond:
            text = self._beyond._blank(text)
        if self._values:
            text = self._values.sub(HIDDEN, text)
            if self._values.search(decoded := unquote_plus(text)):  # encoded in a way that is not ours
                text = self._values.sub(HIDDEN, decoded)
        return text
