"""How a connection is opened: TLS, timeouts, no cookies, no proxies, and libraries that keep quiet."""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

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


def open_client(
    transport: httpx.AsyncBaseTransport, *, contact: str, accept: str, timeout: httpx.Timeout
) -> httpx.AsyncClient:
    """A client for one host. It keeps no cookies and reads no proxies or `.netrc`: only the settings say where to."""
    return httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": user_agent(contact), "Accept": accept, "Accept-Encoding": "gzip"},
        timeout=timeout,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
    )


def user_agent(contact: str) -> str:
    """How we name ourselves to platforms, with where to write to."""
    version = _version()
    where = "".join(c for c in contact if " " <= c <= "~")
    return f"soundings/{version} (+{where})" if where else f"soundings/{version}"
