"""The entries of RSS, Atom and CDF (by feedparser) and of JSON Feed, however ill-formed, all as JSON Feed has them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import feedparser
import msgspec

from flows.errors import SourceError
from flows.sources.base import Page
from flows.sources.plain_text import from_html

LARGEST = 4 * 1024 * 1024  # bytes; feedparser reads 1 MB a second of a sound feed, a hostile one seven times slower
LONGEST_TITLE, LONGEST_BODY = 10_000, 100_000  # characters of markup: nested <div>s take quadratic time to read
JSON_FEED = "https://jsonfeed.org/version/"
_CRASHES = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError)
"""What feedparser is known to raise on bytes that are no feed; it fails this page and no other."""
feedparser.api.PREFERRED_XML_PARSERS[:] = ["flows.sources.feed_xml"]  # by name, as xml.sax wants it
_PLAIN = "text/plain"
_BOM = b"\xef\xbb\xbf"
_HTML = b"<html"  # the page that links to the feed, or one that asks for a login


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An item of JSON Feed 1.1: https://www.jsonfeed.org/version/1.1/."""

    id: str | int | float | None = None  # publishers write numbers; a reader makes text of them
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    language: str | None = None
    attachments: list[Attachment] | None = None


class Attachment(msgspec.Struct):
    mime_type: str | None = None


FIELDS = frozenset({*Entry.__struct_fields__, "author", "authors", "banner_image", "image", "tags"})
"""What entries of JSON Feed have, read or left out on purpose; extensions begin with `_`, and are counted."""


class Feed(msgspec.Struct, kw_only=True):
    """A feed's entries, one JSON object each."""

    entries: Sequence[bytes]
    site: str | None = None  # the address that it belongs to
    language: str | None = None


def read_feed(page: Page) -> Feed:
    """The feed that a page holds. Raises SourceError where it holds none, or more than can be read in good time."""
    body = page.body.removeprefix(_BOM).lstrip()
    if len(body) > LARGEST:
        raise SourceError(page.platform, f"{page.request} gave a feed of {len(body):,} bytes; {LARGEST:,} are read")
    if body[:1] == b"{":
        return _json_feed(msgspec.structs.replace(page, body=body))
    headers = {
        "content-type": page.headers.get("content-type", ""),
        "content-location": page.request.partition(" ")[2],  # relative addresses are relative to the feed's
    }
    try:
        found = feedparser.parse(  # a stream: as bytes, a feed could name a file or an address to read instead
            io.BytesIO(page.body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
        entries = [msgspec.json.encode(_entry(entry)) for entry in found.entries]
    except _CRASHES as error:
        raise SourceError(page.platform, f"{page.request} cannot be read as a feed: {type(error).__name__}") from None
    if _HTML in body[:4096].lower() or not (found.get("version") or entries or found.feed):
        raise SourceError(page.platform, f"{page.request} gave no feed; open the address and look for the feed's own")
    return Feed(entries=entries, site=found.feed.get("link"), language=found.feed.get("language"))


def wrap(_page: Page, entries: Sequence[bytes]) -> bytes:
    """A JSON Feed of these entries."""
    return b'{"version":"%s1.1","items":[%s]}' % (JSON_FEED.encode(), b",".join(entries))


def _entry(entry: Any) -> Entry:
    """feedparser's entry; a time that it cannot read stays as it is written, and will be told so."""
    title, body = entry.get("title_detail") or {}, _body(entry)
    heading = (entry.get("title") or "")[:LONGEST_TITLE]
    text = (body.get("value") or "")[:LONGEST_BODY]
    is_plain = body.get("type") == _PLAIN
    updated = _time(entry, "updated")
    attached = [*entry.get("enclosures", ()), *entry.get("media_content", ())]
    return Entry(
        id=entry.get("id"),
        url=entry.get("link"),
        title=heading if title.get("type") == _PLAIN else from_html(heading),
        content_html=None if is_plain else text,
        content_text=text if is_plain else None,
        date_published=_time(entry, "published") or _time(entry, "created") or updated,
        date_modified=updated,
        language=title.get("language") or body.get("language"),
        attachments=[Attachment(str(each["type"])) for each in attached if each.get("type")],
    )


def _body(entry: Any) -> Mapping[str, Any]:
    """Of several bodies the first that is a text, the whole one before the summary."""
    texts = [each for each in entry.get("content", ()) if any(t in each.get("type", "") for t in ("text", "xhtml"))]
    return texts[0] if texts else entry.get("summary_detail") or {}


def _time(entry: Any, name: str) -> str | None:
    if name not in entry:  # asked for directly, feedparser would give another time instead
        return None
    parsed = entry[f"{name}_parsed"] if f"{name}_parsed" in entry else None  # noqa: SIM401 - see above
    if not parsed:
        return str(entry[name]) if entry[name] else None
    year, month, day, hour, minute, second = parsed[:6]
    return f"{datetime(year, month, day, hour, minute, min(second, 59)).isoformat()}Z"  # noqa: DTZ001 - leap seconds


def _json_feed(page: Page) -> Feed:
    found = page.json(_JsonFeed)
    if not found.version.startswith(JSON_FEED):
        raise SourceError(page.platform, f"{page.request} gave JSON that is no JSON Feed (version is not {JSON_FEED}…)")
    site, language = (value if isinstance(value, str) else None for value in (found.home_page_url, found.language))
    return Feed(entries=[bytes(item) for item in found.items], site=site, language=language)


class _JsonFeed(msgspec.Struct):
    version: str
    items: list[msgspec.Raw]
    home_page_url: Any = None
    language: Any = None
