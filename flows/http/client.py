"""One source's client: asks, follows redirects, and asks again where that may help.

The retry owner of a single request is here; the flow retries whole sources.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx
import stamina

from flows.errors import ConfigError, SourceError
from flows.http.addresses import AddressRefusedError, GuardedTransport, Resolve, origin, resolve
from flows.http.answers import Answer, Question, Redirect, receive
from flows.http.connections import open_client, open_transport, silence_libraries
from flows.http.pacing import Budget, Clock
from flows.http.redaction import Redactor, is_secret, redact_url
from flows.sources.base import RateLimit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Bounds of one request; times in seconds."""

    attempts: int = 6
    request_seconds: float = 1800  # all attempts and waits together
    attempt_seconds: float = 120  # one answer, however slowly it drips
    connect_seconds: float = 10
    read_seconds: float = 30  # between two pieces
    body_bytes: int = 20 * 1024 * 1024
    redirects: int = 5
    longest_wait: float = 900  # what a platform may ask us to wait before the source gives up
    first_backoff: float = 1
    longest_backoff: float = 60


@dataclass(frozen=True)
class Credentials:
    """Headers and query parameters that go to the configured hosts and nowhere else."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)

    def values(self) -> list[str]:
        """All that must never be written down."""
        return [*self.headers.values(), *self.params.values()]


@dataclass
class Counts:
    """What a client did so far."""

    requests: int = 0
    rate_limited: int = 0  # answers 429
    retries: int = 0
    bytes: int = 0  # of bodies, unpacked
    seconds_waited: float = 0.0


class HttpClient:
    """An httpx client and a budget for each host that a source talks to. Lives within one event loop."""

    def __init__(
        self,
        platform: str,
        *,
        rate: RateLimit,
        base_urls: Collection[str] = (),
        allow_private: bool = False,
        credentials: Credentials | None = None,
        contact: str = "",
        accept: str = "application/json",
        limits: Limits | None = None,
        clock: Clock | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """`base_urls` are the configured ones: only they get the credentials, and may be private if that is allowed."""
        self.counts = Counts()
        self._platform, self._rate, self._resolve = platform, rate, resolve
        self._contact, self._accept = contact, accept
        self._limits, self._clock = limits or Limits(), clock or Clock()
        self._credentials = credentials or Credentials()
        if not all(value.isascii() and value.isprintable() for value in self._credentials.values()):
            raise ConfigError(f"{platform}: a credential holds characters that HTTP cannot carry; copy it again")
        self._home = frozenset(_origin_of(platform, url) for url in base_urls)
        self._private = self._home if allow_private else frozenset()
        self._clients: dict[tuple[str, str, int], httpx.AsyncClient] = {}
        self._budgets: dict[str, Budget] = {}
        silence_libraries()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def get(
        self, url: str, params: Mapping[str, str | int] | None = None, allow_status: Collection[int] = ()
    ) -> Answer:
        """GET. Answers are 2xx and `allow_status`; else raises SourceError: what was asked, what came, what to do."""
        target, question = self._question(url, params, allow_status)
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                return await self._ask_often(target, question)
        except TimeoutError:
            log.info("%s: %s takes too long", self._platform, question.text)
        within = f"{self._limits.request_seconds:g} s, waits and attempts included"
        raise question.error(f"had no whole answer within {within}", retryable=True)

    def _question(
        self, url: str, params: Mapping[str, str | int] | None, allow_status: Collection[int]
    ) -> tuple[httpx.URL, Question]:
        target = _parse(url)
        if target is None:
            raise SourceError(self._platform, "an address of this source cannot be read; check base_url")
        target = target.copy_merge_params(dict(params)) if params else target
        secrets = [value for name, value in target.params.multi_items() if is_secret(name)]
        redact = Redactor([*self._credentials.values(), *secrets])
        text = f"GET {redact(redact_url(target))}"[:1000]
        question = Question(self._platform, text, redact, "json" in self._accept, frozenset(allow_status))
        _check(target, question)
        return target, question

    async def _ask_often(self, target: httpx.URL, question: Question) -> Answer:
        limits, failed_at = self._limits, 0.0
        retries = stamina.retry_context(
            on=lambda error: isinstance(error, SourceError) and error.retryable,
            attempts=limits.attempts,
            timeout=None,  # the caller's covers the waits of the budget too
            wait_initial=limits.first_backoff,
            wait_max=limits.longest_backoff,
            wait_jitter=limits.first_backoff,
        )
        async for attempt in retries:
            with attempt:
                if attempt.num > 1:
                    self.counts.retries += 1
                    self.counts.seconds_waited += self._clock.monotonic() - failed_at
                try:
                    return await self._ask(target, question)
                except SourceError as error:
                    failed_at = self._clock.monotonic()
                    log.info("%s (attempt %d of %d)", error, attempt.num, limits.attempts)
                    raise
        raise AssertionError("stamina raises the last failure")

    async def _ask(self, url: httpx.URL, question: Question) -> Answer:
        """One attempt: the request and its redirects, each hop checked anew."""
        is_trusted = True
        for _ in range(self._limits.redirects + 1):
            is_trusted = is_trusted and origin(url) in self._home  # once elsewhere, the credentials stay away
            answer = await self._send(url, question, is_trusted=is_trusted)
            if isinstance(answer, Answer):
                return answer
            url = _next(url, answer, question)
        raise question.error(f"redirects more than {self._limits.redirects} times; check base_url")

    async def _send(self, url: httpx.URL, question: Question, *, is_trusted: bool) -> Answer | Redirect:
        budget = self._budgets.setdefault(
            origin(url)[0], Budget(self._platform, self._rate, self._clock, self._limits.longest_wait)
        )
        self.counts.seconds_waited += await budget.turn()
        self.counts.requests += 1
        secret = self._credentials if is_trusted else Credentials()
        url = url.copy_merge_params(dict(secret.params)) if secret.params else url
        is_final = False
        try:
            async with (
                asyncio.timeout(self._limits.attempt_seconds),
                self._client(url).stream("GET", url, headers=dict(secret.headers)) as response,
            ):
                self.counts.rate_limited += response.status_code == 429
                budget.heed(response.headers, response.status_code)
                answer = await receive(response, question, self._limits.body_bytes, self._clock.now())
        except AddressRefusedError as error:
            reason, is_final = question.redact(str(error)), True
        except TimeoutError:
            reason = f"no whole answer within {self._limits.attempt_seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"{type(error).__name__} {question.redact(str(error))[:200]}".strip()
        else:
            size = len(answer.body) if isinstance(answer, Answer) else 0
            self.counts.bytes += size
            log.debug("%s: %s: %d bytes", self._platform, question.text, size)
            return answer
        # Outside of the except: httpx's own error would travel along with the whole address in it.
        raise question.error(f"failed: {reason}", retryable=not is_final)

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        key = (url.scheme, *origin(url))
        if key not in self._clients:
            limits = self._limits
            self._clients[key] = open_client(
                GuardedTransport(open_transport(), private=self._private, resolve=self._resolve),
                contact=self._contact,
                accept=self._accept,
                timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds, pool=limits.attempt_seconds),
            )
        return self._clients[key]


def _parse(url: str, base: httpx.URL | None = None) -> httpx.URL | None:
    try:
        parsed = base.join(url) if base else httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return None  # httpx's message repeats parts of the address, secrets too
    return parsed if parsed.port is None or 0 < parsed.port < 65536 else None


def _origin_of(platform: str, base_url: str) -> tuple[str, int]:
    url = _parse(base_url)
    if url is None or url.scheme not in {"http", "https"} or not url.raw_host:
        raise ConfigError(f"{platform}: base_url is no http or https address; write one like 'https://api.example.org'")
    return origin(url)


def _check(url: httpx.URL, question: Question, where: str = "") -> None:
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise question.error(f"{where}is refused: only http and https addresses are fetched")
    if url.userinfo:
        raise question.error(f"{where}is refused: a user name or password in an address; give it in the environment")


def _next(url: httpx.URL, redirect: Redirect, question: Question) -> httpx.URL:
    """Where a redirect leads; to another host go no values that we know as secret."""
    following = _parse(redirect.location, url)
    if following is None:
        raise question.error("redirects to an address that cannot be read")
    where = f"redirects to {question.redact(redact_url(following))[:300]}, which "
    _check(following, question, where)
    if url.scheme == "https" and following.scheme == "http":
        raise question.error(f"{where}is refused: from https to http is not followed")
    pairs = following.params.multi_items()
    kept = [pair for pair in pairs if not question.redact.holds(pair[1] + " " + pair[1].replace(" ", "+"))]
    if origin(following) == origin(url) or len(kept) == len(pairs):
        return following
    return following.copy_with(params=kept)
