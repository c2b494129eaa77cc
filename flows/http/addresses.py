"""Which addresses may be fetched: public ones only, checked once a name is resolved, and connected to as checked.

The check and the connection use the same address, so a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to addresses, the best first. Raises OSError where the name is not known."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RESERVED = tuple(
    ipaddress.ip_network(block)  # of IANA's special-purpose registries, what older Pythons call global
    for block in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20", "5f00::/16", "fec0::/10")
)
_REMEMBERED_SECONDS = 60.0  # how long a name's checked addresses are used
_MOST_TRIED = 4  # addresses of one name, before the attempt counts as failed


class AddressRefusedError(httpx.ConnectError):
    """The host lies where we do not fetch."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, as itself and as the IPv4 address inside it."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
    if any(ip.version == block.version and ip in block for block in _RESERVED):
        return False
    return ip.is_global and not (ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_link_local)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def origin(url: httpx.URL) -> tuple[str, int]:
    """Host and port that an address leads to."""
    return url.raw_host.decode("ascii").lower().rstrip("."), url.port or (443 if url.scheme == "https" else 80)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects only to addresses that were checked; `private` origins (of the settings) may lie anywhere."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        private: frozenset[tuple[str, int]] = frozenset(),
        resolve: Resolve = resolve,
    ) -> None:
        self._inner = inner
        self._private = private
        self._resolve = resolve
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send to the first address of the host that takes the connection."""
        host, port = origin(request.url)
        addresses = await self._addresses(host, port)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                self._known.pop((host, port), None)
        return await self._inner.handle_async_request(_pinned(request, host, addresses[-1]))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _addresses(self, host: str, port: int) -> list[str]:
        now = asyncio.get_running_loop().time()
        until, addresses = self._known.get((host, port), (now, []))
        if until <= now:
            addresses = await self._look_up(host, port)
            self._known[host, port] = (now + _REMEMBERED_SECONDS, addresses)
        return addresses

    async def _look_up(self, host: str, port: int) -> list[str]:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"the host {host} is not found: {error}") from None
        allowed = [address for address in found if (host, port) in self._private or is_public(address)]
        if allowed:
            return allowed[:_MOST_TRIED]
        where = f"{host}:{port} is at {', '.join(found[:_MOST_TRIED]) or 'no address'}"
        raise AddressRefusedError(
            f"{where}: private and reserved addresses are not fetched; if this is your own server, set "
            "allow_private = true for this source and name it in its base_url"
        )


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """The same request to one address; the Host header and the name that TLS checks stay the host's."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
