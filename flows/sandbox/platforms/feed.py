"""Three feeds that gather the articles of a stage's authors, each on a site of their own: RSS, Atom and JSON Feed.

From https://www.rssboard.org/rss-specification, RFC 4287, https://www.jsonfeed.org/version/1.1/ and, for conditional
requests, RFC 9110. Each feed lists a third of the first posts, newest first, down to a cap or to the oldest entry of
all. An edit shows as `updated` and `date_modified`; RSS has no word for it. What is deleted is listed no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as Xml

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.facade import Facade, Now
from flows.sandbox.platforms.sites import address, domain, heading, markup
from flows.sandbox.platforms.stage import Stage, Told

SITE = "https://planet.example/"
LISTED = 300  # entries of a feed
FOUNDED = datetime(2020, 1, 1)  # noqa: DTZ001 - UTC without zone, as all our times
FILES = ("rss.xml", "atom.xml", "feed.json")
_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_Entries = Sequence[tuple[str, str, str, datetime, datetime]]
"""Address, title, markup, published and updated times."""


class Planet:
    """The site that gathers them."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now

    async def feed(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in FILES:
            return Response("Not Found", 404)
        write, media = _FORMATS[name]
        entries = self._entries(FILES.index(name))
        body = write(entries)
        changed = max(updated for *_, updated in entries).replace(tzinfo=UTC)
        told = {"ETag": f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'}
        if name == "atom.xml":  # of this server the date alone
            told = {"Last-Modified": format_datetime(changed, usegmt=True)}
        is_known = _is_unchanged(request, told, changed)
        return Response(b"", 304, told) if is_known else Response(body, 200, told, media_type=media)

    def _entries(self, part: int) -> _Entries:
        now = self._now()
        rows = [row for row in self._stage.within(None, None, now) if row % len(FILES) == part]
        told = (each for each in self._stage.tell(rows, now) if each.parent is None)
        entries = [_entry(each) for each in told][: LISTED + 1]
        return (*entries, (SITE, "Welcome", "<p>The first entry of all.</p>", FOUNDED, FOUNDED))[:LISTED]


def _entry(told: Told) -> tuple[str, str, str, datetime, datetime]:
    return address(told), heading(told), markup(told.text), told.published_at, told.edited_at or told.published_at


def _is_unchanged(request: Request, told: dict[str, str], changed: datetime) -> bool:
    """If-None-Match wins over If-Modified-Since (RFC 9110, 13.2.2)."""
    if tag := request.headers.get("If-None-Match"):
        return told.get("ETag") in [each.strip().removeprefix("W/") for each in tag.split(",")]
    since = request.headers.get("If-Modified-Since")
    try:
        return since is not None and "Last-Modified" in told and changed <= parsedate_to_datetime(since)
    except ValueError:  # a date that cannot be read is no condition
        return False


def _rss(entries: _Entries) -> bytes:
    root = Xml.Element("rss", {"version": "2.0", "xmlns:content": _CONTENT})
    channel = Xml.SubElement(root, "channel")
    for name, value in (("title", "Planet"), ("link", SITE), ("description", "What others write")):
        Xml.SubElement(channel, name).text = value
    for url, title, text, published, _ in entries:
        item = Xml.SubElement(channel, "item")
        told = {"title": title, "link": url, "guid": url, "description": title, "content:encoded": text}
        for name, value in {**told, "pubDate": format_datetime(published.replace(tzinfo=UTC), usegmt=True)}.items():
            Xml.SubElement(item, name).text = value
    return bytes(Xml.tostring(root, "utf-8", xml_declaration=True))


def _atom(entries: _Entries) -> bytes:
    root = Xml.Element("feed", {"xmlns": _ATOM})
    Xml.SubElement(root, "title").text = "Planet"
    Xml.SubElement(root, "link", {"href": SITE})
    Xml.SubElement(root, "id").text = SITE
    Xml.SubElement(root, "updated").text = _iso(max(updated for *_, updated in entries))
    for url, title, text, published, updated in entries:
        entry = Xml.SubElement(root, "entry")
        Xml.SubElement(entry, "link", {"rel": "alternate", "href": url})
        for name, value in {"id": url, "title": title, "published": _iso(published), "updated": _iso(updated)}.items():
            Xml.SubElement(entry, name).text = value
        Xml.SubElement(entry, "content", {"type": "html"}).text = text
    return bytes(Xml.tostring(root, "utf-8", xml_declaration=True))


def _json(entries: _Entries) -> bytes:
    items: list[dict[str, Any]] = [
        {
            "id": url, "url": url, "title": title, "content_html": text, "date_published": _iso(published),
            **({"date_modified": _iso(updated)} if updated > published else {}),
        }
        for url, title, text, published, updated in entries
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Planet", "home_page_url": SITE, "items": items}
    return msgspec.json.encode(feed)


_FORMATS: dict[str, tuple[Callable[[_Entries], bytes], str]] = {
    "rss.xml": (_rss, "application/rss+xml"),
    "atom.xml": (_atom, "application/atom+xml"),
    "feed.json": (_json, "application/feed+json"),
}


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def routes(stage: Stage, now: Now) -> list[Route]:
    """The three files."""
    return [Route("/{file}", Planet(stage, now).feed)]


FACADE = Facade(
    platform="feed",
    routes=routes,
    limits=lambda: [],  # a file on a server: none is told
    options={"urls": [f"{{url}}/{name}" for name in FILES]},
    tells={},
    finds_replies=False,
    said=lambda told: f"{heading(told)}\n\n{told.text}",
    handle=domain,
)
