"""One source's client: asks, follows redirects, and asks again where that may help.

The retry owner of a single request is here; the flow retries whole sources.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from flows.errors import ConfigError, CredentialError, SourceError
from flows.http.addresses import AddressRefusedError, GuardedTransport, Resolve, origin, resolve
from flows.http.answers import Answer, Question, Redirect, receive
from flows.http.connections import open_transport, silence_libraries, usual_headers
from flows.http.limits import Counts, Limits
from flows.http.login import Session, basic
from flows.http.pacing import TOO_MANY, Budgets, Clock
from flows.http.redaction import Redactor, is_secret, redact_url
from flows.http.requests import Ask, Body, asked, is_json
from flows.http.targets import check, following, origin_of
from flows.http.turns import Turns
from flows.sources.access import Credentials, Login, RateLimit
from flows.sources.base import Params

log = logging.getLogger(__name__)


class HttpClient:
    """Connections and a budget for each host that a source talks to. Lives within one event loop."""

    def __init__(
        self,
        platform: str,
        *,
        rates: Sequence[RateLimit],
        requests_per_minute: int | None = None,
        base_urls: Collection[str] = (),
        allow_private: bool = False,
        credentials: Credentials | None = None,
        mend: str = "check the credentials in the environment",
        contact: str = "",
        accept: str = "application/json",
        pause: Callable[[bytes], float | None] | None = None,
        limits: Limits | None = None,
        budgets: Budgets | None = None,
        clock: Clock | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """`base_urls` are the configured ones: only they get the credentials, and may be private if that is allowed.

        `mend` says which settings hold the credentials; `budgets` are those of the run, shared with other clients.
        """
        self.counts = Counts()
        self._platform, self._resolve = platform, resolve
        self._usual, self._accept, self._pause = usual_headers(contact=contact, accept=accept), accept, pause
        self._limits, self._clock = limits or Limits(), clock or Clock()
        self._timeout = httpx.Timeout(
            self._limits.read_seconds, connect=self._limits.connect_seconds, pool=self._limits.attempt_seconds
        )
        self._credentials = credentials or Credentials()
        if not all(value.isascii() and value.isprintable() for value in self._credentials.headers.values()):
            raise ConfigError(
                f"{platform}: a credential holds characters that HTTP cannot carry; copy it again: {mend}"
            )
        self._turns = Turns(
            platform,
            self._credentials.rates or rates,
            requests_per_minute=requests_per_minute,
            credential=self._credentials.values(),
            budgets=budgets or Budgets(),
            clock=self._clock,
            longest_wait=self._limits.longest_wait,
        )
        self._redact, self._mend = Redactor(self._credentials.values()), mend
        self._session = self._session_of(self._credentials.login) if self._credentials.login else None
        self._home = frozenset(origin_of(platform, url) for url in base_urls)
        self._private = self._home if allow_private else frozenset()
        self._transports: dict[tuple[str, str, int], GuardedTransport] = {}
        silence_libraries()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    async def get(
        self,
        url: str,
        params: Params | None = None,
        allow_status: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET. Answers are 2xx and `allow_status`; else raises SourceError: what was asked, what came, what to do."""
        return await self._answer(Ask(self._url(url, params), headers or {}), allow_status)

    async def post(
        self,
        url: str,
        body: Mapping[str, Any],
        params: Params | None = None,
        allow_status: Collection[int] = (),
        *,
        as_form: bool = False,
    ) -> Answer:
        """A question asked by POST, as `get`. The body is told to nobody else."""
        return await self._answer(Ask(self._url(url, params), body=Body(body, as_form)), allow_status)

    def _url(self, url: str, params: Params | None) -> httpx.URL:
        target = asked(url, params)
        if target is None:
            raise SourceError(self._platform, "an address of this source cannot be read; check base_url")
        return target

    async def _answer(self, ask: Ask, allow_status: Collection[int]) -> Answer:
        question = self._question(ask, allow_status)
        check(ask.url, question)
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                return await self._ask_often(ask, question)
        except TimeoutError:
            log.info("%s: %s takes too long", self._platform, question.text)
        within = f"{self._limits.request_seconds:g} s, waits and attempts included"
        raise question.error(f"had no whole answer within {within}", retryable=True)

    def _question(self, ask: Ask, allow_status: Collection[int]) -> Question:
        params = ask.url.params.multi_items()
        secrets = [value for name, value in params if is_secret(name)]
        redact = Redactor(secrets, self._redact) if secrets else self._redact
        return Question(
            platform=self._platform,
            text=f"{ask.method} {redact(redact_url(ask.url, params))}"[:1000],
            redact=redact,
            is_json=ask.is_login or is_json(self._accept),
            allow_status=frozenset(allow_status),
            mend=self._mend,
            heed=lambda body: self._turns.hold(origin(ask.url), self._pause(body) if self._pause else None),
        )

    async def _ask_often(self, ask: Ask, question: Question) -> Answer:
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
                    return await self._ask_as_ourselves(ask, question)
                except SourceError as error:
                    failed_at = self._clock.monotonic()
                    log.info("%s (attempt %d of %d)", error, attempt.num, limits.attempts)
                    raise
        raise AssertionError("stamina raises the last failure")

    async def _ask_as_ourselves(self, ask: Ask, question: Question) -> Answer:
        """One attempt; where the token of a login is refused, another with a new one."""
        if self._session is None or ask.is_login:
            return await self._ask(ask, question, {})
        token = await self._session.header()
        try:
            return await self._ask(ask, question, token)
        except CredentialError as error:
            if not error.is_certain:
                raise
            self._session.forget(token)
        return await self._ask(ask, question, await self._session.header())

    async def _ask(self, ask: Ask, question: Question, token: Mapping[str, str]) -> Answer:
        """One attempt: the request and its redirects, each hop checked anew."""
        is_trusted = not ask.is_login
        for _ in range(self._limits.redirects + 1):
            is_trusted = is_trusted and origin(ask.url) in self._home  # once elsewhere, the credentials stay away
            answer = await self._send(ask, question, token if is_trusted else None)
            if isinstance(answer, Answer):
                return answer
            ask = following(ask, answer, question)
        raise question.error(f"redirects more than {self._limits.redirects} times; check base_url")

    async def _send(self, ask: Ask, question: Question, token: Mapping[str, str] | None) -> Answer | Redirect:
        """One request, with the credentials where there is a token, be it an empty one."""
        host, limits = origin(ask.url), self._limits
        self.counts.seconds_waited += await self._turns.take(host, ask.line)
        self.counts.requests += 1
        transport = self._transport(ask.url)
        secret = Credentials() if token is None else self._credentials
        is_final = False
        try:
            async with asyncio.timeout(limits.attempt_seconds):
                request = ask.seal(self._usual, secret, token or {}, self._timeout)
                response = await transport.handle_async_request(request)
                try:
                    self.counts.rate_limited += response.status_code in TOO_MANY
                    self._turns.heed(host, response.headers, response.status_code)
                    answer = await receive(response, question, limits.body_bytes, self._clock.now())
                finally:
                    await response.aclose()
        except AddressRefusedError as error:
            reason, is_final = question.redact(str(error)), True
        except TimeoutError:
            reason = f"no whole answer within {limits.attempt_seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"{type(error).__name__} {question.redact(str(error))[:200]}".strip()
        else:
            size = len(answer.body) if isinstance(answer, Answer) else 0
            self.counts.bytes += size
            log.debug("%s: %s: %d bytes", self._platform, question.text, size)
            return answer
        # Outside of the except: httpx's own error would travel along with the whole address in it.
        raise question.error(f"failed: {reason}", retryable=not is_final)

    def _transport(self, url: httpx.URL) -> GuardedTransport:
        key = (url.scheme, *origin(url))
        if key not in self._transports:
            inner = open_transport()
            self._transports[key] = GuardedTransport(inner, private=self._private, resolve=self._resolve)
        return self._transports[key]

    def _session_of(self, login: Login) -> Session:
        async def ask() -> Answer:
            body = Body(login.body, login.as_form)
            request = Ask(
                self._url(login.url, None), {**basic(login), "Accept": "application/json"}, body, is_login=True
            )
            question = self._question(request, ())
            check(request.url, question)
            return await self._ask(request, question, {})

        return Session(
            self._platform, login, ask, monotonic=self._clock.monotonic, redact=self._redact, mend=self._mend
        )
