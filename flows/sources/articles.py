"""What articles of the open web have in common: addresses that many lists repeat, sites that speak, links."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

from flows.sources.plain_text import Attributes

LONGEST_KEY = 300  # characters of an address that is an id; longer ones are hashed
MOST_LINKS = 100  # of one article
_TRACKING = re.compile(
    r"^(?:utm_\w+|at_\w+|mc_[ce]id|fbclid|gclid|yclid|igshid|ref_src|cmpid|ocid|_ga)$", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_PLAIN = re.compile(r"https?://[a-zA-Z0-9][a-zA-Z0-9.-]*(?:[/?#][\x21-\x7e]*)?")  # most are: they need no second look
_PORTS = {"http": 80, "https": 443}


def web_address(url: str | None, base: str = "") -> str | None:
    """The whole http(s) address; None where it is no such thing (`javascript:`, a broken one, a control character)."""
    if url and _PLAIN.fullmatch(url):
        return url
    try:
        whole = urljoin(base, url.strip().replace(" ", "%20")) if url else ""
        parts = urlsplit(whole)
        is_web = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return whole if is_web and not _CONTROL.search(whole) else None


def key_of(address: str) -> str:
    """One id for all ways to write an article's address: without scheme, `www.`, fragment, tracking, last slash."""
    parts = urlsplit(address)
    told = parse_qsl(parts.query, keep_blank_values=True) if parts.query else ()
    query = [pair for pair in told if not _TRACKING.match(pair[0])]
    key = _site(parts) + parts.path.rstrip("/") + (f"?{urlencode(query)}" if query else "")
    return key if len(key) <= LONGEST_KEY else f"{_site(parts)}#{digest(key)}"


def site_of(address: str) -> str:
    """Who speaks: the host, without `www.`."""
    return _site(urlsplit(address))


def links_of(anchors: Iterable[Attributes], base: str = "") -> list[str]:
    """Where anchors lead, each address once, in order."""
    addresses = (web_address(anchor["href"], base) for anchor in anchors)
    return list(dict.fromkeys(filter(None, addresses)))[:MOST_LINKS]


def digest(*parts: str) -> str:
    """A short id of what is too long, or too much in common, to be one."""
    return hashlib.blake2b("\x00".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _site(parts: SplitResult) -> str:
    host = (parts.hostname or "").removeprefix("www.")
    return host if parts.port in (None, _PORTS.get(parts.scheme)) else f"{host}:{parts.port}"
