"""What came back: read whole within a bound, also after unpacking, and held to what was asked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
import msgspec

from flows.errors import CredentialError, SourceError
from flows.http.redaction import Redactor

RETRIED = frozenset({420, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_HEADERS = ("content-type", "date", "deprecation", "etag", "last-modified", "link", "retry-after")
_KEPT_PREFIXES = ("ratelimit", "x-ratelimit-", "x-rate-limit-")
_LONGEST_REFUSAL = 8192  # bytes
_GZIP = 31  # zlib's window bits for gzip with its header
_ADVICE = {
    400: "check the query and the source's settings",
    404: "check base_url",
    420: "too many requests; lower requests_per_minute",
    429: "too many requests; lower requests_per_minute",
}
_BAD_KEY = re.compile(r"\bAPI key not valid|`key` doesn't match")  # told with 400 by Google and Stack Exchange
_EXPIRED = frozenset({"expiredtoken", "invalidtoken", "tokenexpired"})  # told with 400 or 403 by some (AT protocol)


@dataclass(frozen=True)
class Question:
    """One request as messages may tell it."""

    platform: str
    text: str  # method and address, without secrets
    redact: Redactor
    is_json: bool
    allow_status: frozenset[int]
    mend: str  # the settings that hold its credentials
    heed: Callable[[bytes], bool]  # told each body: whether it asks us to wait

    def error(self, said: str, *, retryable: bool = False) -> SourceError:
        """The error of this request."""
        return SourceError(self.platform, f"{self.text} {said}", retryable=retryable)

    def refused(self, said: str, *, is_certain: bool = True) -> CredentialError:
        """The platform does not take our credentials."""
        return CredentialError(self.platform, f"{self.text} {said}; {self.mend}", is_certain=is_certain)


@dataclass(frozen=True)
class Answer:
    """One whole answer; `request` and `headers` hold no secret."""

    request: str
    status: int
    headers: dict[str, str]
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True)
class Redirect:
    """The answer lies elsewhere."""

    location: str
    status: int


async def receive(response: httpx.Response, question: Question, limit: int, now: datetime) -> Answer | Redirect:
    """Read and judge one response. Raises SourceError for every status and body that is not what was asked."""
    status = response.status_code
    if status not in question.allow_status:
        if status in _REDIRECTS and "location" in response.headers:
            return Redirect(response.headers["location"], status)
        if not response.is_success:
            raise await _refusal(response, question)
    body = await _read(response, question, limit)
    if question.heed(body) and not response.is_success:
        raise question.error(f"answered {status} and asks us to wait", retryable=True)
    if question.is_json and response.is_success and status != 204:
        _check_json(body, response.headers.get("content-type", ""), question)
    headers = {name: question.redact(value) for name, value in response.headers.items() if _is_kept(name)}
    return Answer(question.text, status, headers, body, now)


def _is_kept(name: str) -> bool:
    return name in _KEPT_HEADERS or name.startswith(_KEPT_PREFIXES)


class _Unpacker:
    """Inflates gzip piece by piece, never more than the room left: a bomb costs no memory."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)
        self._has_begun = False

    def feed(self, data: bytes, room: int) -> bytes:
        """Up to room + 1 bytes of what `data` unpacks to; one byte too many means there is more."""
        pieces: list[bytes] = []
        while data and room >= 0:
            if self._inflate.eof:  # a further member (RFC 1952 allows it)
                self._inflate = zlib.decompressobj(_GZIP)
            piece = self._inflate.decompress(data, room + 1)
            self._has_begun = True
            room -= len(piece)
            pieces.append(piece)
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        return b"".join(pieces)

    @property
    def is_whole(self) -> bool:
        """Whether the stream came to its end; an empty body is one."""
        return self._inflate.eof or not self._has_begun


async def _read(response: httpx.Response, question: Question, limit: int) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip", ""}:
        raise question.error(f"answered packed as {encoding[:40]!r}, which was not asked for")
    too_big = question.error(f"answered more than {limit:,} bytes; ask for smaller pages")
    if int(response.headers.get("content-length", "0")) > limit:
        raise too_big
    unpacker = _Unpacker() if encoding.endswith("gzip") else None
    pieces: list[bytes] = []
    received = size = 0
    async for chunk in response.aiter_raw():
        piece = _unpack(unpacker, chunk, limit - size, question) if unpacker else chunk
        received += len(chunk)
        size += len(piece)
        if max(received, size) > limit:
            raise too_big
        pieces.append(piece)
    if unpacker and not unpacker.is_whole:
        raise question.error("answered a body that is cut short (its gzip has no end)", retryable=True)
    return b"".join(pieces)


def _unpack(unpacker: _Unpacker, chunk: bytes, room: int, question: Question) -> bytes:
    try:
        return unpacker.feed(chunk, room)
    except zlib.error as error:
        raise question.error(f"answered broken gzip ({error})", retryable=True) from None


def _check_json(body: bytes, content_type: str, question: Question) -> None:
    """HTML will not become JSON by asking again; half a JSON may."""
    if content_type.lower().startswith("text/html") or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise question.error(
            f"answered HTML where JSON was asked ({len(body):,} bytes): a login wall, a captcha or an error page; "
            "open the address in a browser, and check base_url and credentials"
        )
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()  # Raw looks at the syntax alone
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
    else:
        return
    # Outside of the except: a decoding error would carry the whole body along.
    raise question.error(f"answered {len(body):,} bytes that are no whole JSON ({reason})", retryable=True)


async def _refusal(response: httpx.Response, question: Question) -> SourceError:
    status = response.status_code
    said, error, is_wait = await _explanation(response, question)
    if is_wait and status not in RETRIED:  # some say 400 for too many requests, and in the body for how long
        return question.error(f"answered {status} and asks us to wait ({said})", retryable=True)
    if status == 401 or (status in {400, 403} and (error in _EXPIRED or _BAD_KEY.search(said))):
        return question.refused(f"answered {status}" + (f" ({said})" if said else ""))
    told = f" ({said})" if said and status not in RETRIED else ""
    if status == 403:
        closed = "; the credentials do not allow this, or the platform has closed it"
        return question.refused(f"answered {status}{told}{closed}", is_certain=False)
    advice = _ADVICE.get(status, "the platform is in trouble" if response.is_server_error else "")
    return question.error(f"answered {status}{told}" + (f"; {advice}" if advice else ""), retryable=status in RETRIED)


async def _explanation(response: httpx.Response, question: Question) -> tuple[str, str, bool]:
    """What a refusal's JSON says of itself, its error's name, and whether it asks us to wait.

    Nothing else of a body ever goes into a message.
    """
    if "json" not in response.headers.get("content-type", ""):
        return "", "", False
    try:
        body = await _read(response, question, _LONGEST_REFUSAL)
        is_wait = question.heed(body)
        refusal = msgspec.json.decode(body)
    except (SourceError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", "", False
    name = refusal.get("error") if isinstance(refusal, dict) else None
    if isinstance(name, dict):
        refusal, name = name, None
    error = re.sub(r"[^a-z]", "", name.lower()) if isinstance(name, str) else ""
    for key in ("error_description", "message", "detail", "error_message", "error"):
        if isinstance(refusal, dict) and isinstance(refusal.get(key), str):
            told = "".join(c for c in " ".join(refusal[key].split()) if c.isprintable())
            return question.redact(told)[:200], error, is_wait
    return "", error, is_wait
