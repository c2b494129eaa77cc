"""The token of a login: asked for once, sent along until it expires, renewed once where it is refused."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable

import msgspec

from flows.errors import CredentialError, QuotaError, SourceError
from flows.http.answers import Answer
from flows.http.redaction import Redactor
from flows.sources.access import Login

_EARLY = 60.0  # seconds before its end at which a token is renewed, so that it does not expire on its way


class Session:
    """One client's login. `ask` sends the login's request and is the only one to know its secrets."""

    def __init__(
        self,
        platform: str,
        login: Login,
        ask: Callable[[], Awaitable[Answer]],
        *,
        monotonic: Callable[[], float],
        redact: Redactor,
        mend: str,
    ) -> None:
        self._platform, self._login, self._ask = platform, login, ask
        self._monotonic, self._redact, self._mend = monotonic, redact, mend
        self._token: str | None = None
        self._until = float("inf")
        self._turn = asyncio.Lock()

    async def header(self) -> dict[str, str]:
        """`Authorization` with a token that holds. Raises CredentialError where the login is refused."""
        async with self._turn:
            if self._token is None or self._monotonic() >= self._until:
                self._token = await self._renewed()
            return {"Authorization": f"{self._login.scheme} {self._token}"}

    def forget(self, header: dict[str, str]) -> None:
        """The platform refused this one; another that came meanwhile stays."""
        if header.get("Authorization") == f"{self._login.scheme} {self._token}":
            self._token = None

    async def _renewed(self) -> str:
        try:
            answer = await self._ask()
        except SourceError as error:
            if error.retryable or isinstance(error, QuotaError):
                raise
            mend = "" if isinstance(error, CredentialError) else f"; {self._mend}"  # it is told already
            raise CredentialError(self._platform, f"the login failed: {error}{mend}") from None
        try:
            told = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
            token = msgspec.json.decode(told[self._login.token], type=str)
        except (KeyError, msgspec.DecodeError):
            token = ""
        if not (token and token.isascii() and token.isprintable()):
            said = f"{answer.request} answered {answer.status} without {self._login.token!r}"
            raise CredentialError(self._platform, f"the login gave no token: {said}; {self._mend}")
        self._redact.learn([token])
        self._until = self._monotonic() + self._lifetime(told)
        return token

    def _lifetime(self, told: dict[str, msgspec.Raw]) -> float:
        """Seconds for which the token is used; where nothing sensible is told, until it is refused."""
        try:
            seconds = msgspec.json.decode(told[self._login.expires_in or ""], type=float, strict=False)
        except (KeyError, msgspec.DecodeError):
            return float("inf")
        return max(seconds - _EARLY, seconds / 2) if seconds > 0 else float("inf")


def basic(login: Login) -> dict[str, str]:
    """HTTP basic authentication of the client that logs in (RFC 7617)."""
    if login.basic is None:
        return {}
    told = base64.b64encode(":".join(login.basic).encode()).decode()
    return {"Authorization": f"Basic {told}"}
