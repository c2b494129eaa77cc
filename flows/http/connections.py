"""How a connection is opened: TLS, no cookies, no proxies, and libraries that keep quiet.

Requests go to a transport itself: `httpx.AsyncClient` around it would keep cookies and read `.netrc` unless told not
to, and takes a fifth of the time of a request for that.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import ssl

import httpx

_TALKATIVE = ("httpx", "stamina", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))
_CONNECTIONS = 8  # at once to one host; rate limits are far below


class _Silence(logging.Filter):
    """Drops every line, at whatever level: they hold whole addresses and headers. The client's own stand for them."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the interface of logging
        return False


_SILENCE = _Silence()


def silence_libraries() -> None:
    """Keep httpx, httpcore and stamina from logging addresses, headers and errors; may be called again and again."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_SILENCE)


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reads 300 certificates: once a process


@functools.cache
def _version() -> str:
    return importlib.metadata.version("soundings")  # reads a file of ours


def open_transport() -> httpx.AsyncHTTPTransport:
    """Connections to one host."""
    return httpx.AsyncHTTPTransport(verify=_tls(), limits=httpx.Limits(max_connections=_CONNECTIONS))


def usual_headers(*, contact: str, accept: str) -> dict[str, str]:
    """What every request says of us."""
    who = user_agent(contact)
    return {"User-Agent": who, "Accept": accept, "Accept-Encoding": "gzip", "Connection": "keep-alive"}


def user_agent(contact: str) -> str:
    """How we name ourselves to platforms, with where to write to."""
    version = _version()
    where = "".join(c for c in contact if " " <= c <= "~")
    return f"soundings/{version} (+{where})" if where else f"soundings/{version}"
