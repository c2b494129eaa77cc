"""RSS, Atom, CDF and JSON Feed: what a site lists now, whatever the topic. No credentials.

A feed tells only what it still lists, so a window is covered from the oldest entry on. An entry without a time is
published when it is first seen: the loader never moves a mention to after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, HttpUrl

from flows import records
from flows.sources import articles, feed_entries
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Window, parse_items
from flows.sources.feed_entries import Entry, Feed
from flows.sources.moments import utc
from flows.sources.plain_text import read

PLATFORM = "feed"
NOT_MODIFIED = 304
_MEDIA = ("image", "video", "audio")


class Options(SourceOptions):
    """`urls` are the feeds' own addresses, not the pages that link to them."""

    type: Literal["feed"]
    urls: Annotated[list[HttpUrl], Field(min_length=1)]
    kind: Literal["article", "post", "comment"] = "article"  # what the feeds list


def channels(options: Options) -> Sequence[str]:
    """The feeds: each is a window of its own, so that one that fails fails alone."""
    return list(dict.fromkeys(str(url) for url in options.urls))


async def browse(client: Client, _options: Options, channel: str, _window: Window) -> AsyncIterator[Page]:
    """One conditional request: a feed has no other page, and the answer to an unchanged one is empty."""
    yield await client.get(channel, if_changed=True)


def items(page: Page) -> Sequence[bytes]:
    """The entries: of JSON Feed verbatim, of XML as JSON Feed would have them."""
    return [] if page.status == NOT_MODIFIED else feed_entries.read_feed(page).entries


def parse(page: Page, options: Options) -> Parsed:
    """Mentions and their sites, and since when the feed lists all."""
    if page.status == NOT_MODIFIED:
        return parse_items(page, [], lambda _item, _page: [], feed_entries.FIELDS)
    feed = feed_entries.read_feed(page)
    read = partial(_records, feed=feed, shared=_shared(feed), kind=options.kind)
    parsed = parse_items(page, feed.entries, read, feed_entries.FIELDS)
    return replace(parsed, covered_from=_covered_from(parsed, page.as_of))


def _records(item: Any, page: Page, *, feed: Feed, shared: Collection[str], kind: records.Kind) -> list[records.Record]:
    entry = msgspec.convert(item, Entry)
    here = page.request.partition(" ")[2]
    content = read((entry.content_html or "")[: feed_entries.LONGEST_BODY])
    title, body = (entry.title or "").strip(), content.text or entry.content_text or entry.summary or ""
    address = articles.web_address(entry.url or entry.external_url, feed.site or here)
    native_id = _native_id(entry, address, here, shared, body)
    edited_at = utc(entry.date_modified) if entry.date_modified else None
    published_at = utc(entry.date_published) if entry.date_published else edited_at or page.as_of
    media = [each.mime_type or "" for each in entry.attachments or ()]
    site = articles.site_of(address or here)
    account = records.Account(
        account_id=f"{PLATFORM}:{site}", platform=PLATFORM, native_id=site, handle=site, url=f"https://{site}/"
    )
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind=kind,
        author_id=account.account_id,
        text="\n\n".join(part for part in (title, body.strip()) if part),
        url=address,
        language_reported=entry.language or feed.language or None,
        published_at=published_at,
        edited_at=edited_at if edited_at and edited_at > published_at else None,
        links=articles.links_of(content.anchors, address or here),
        media_formats=[form for form in _MEDIA if any(each.startswith(form) for each in media)],
    )
    return [mention, account]


def _native_id(entry: Entry, address: str | None, here: str, shared: Collection[str], body: str) -> str:
    """The article's address, the same in every feed that lists it; else what tells it apart within this feed."""
    if address and articles.key_of(address) not in shared:
        return articles.key_of(address)
    told = ("id", str(entry.id)) if entry.id else ("text", entry.title or "", body, entry.date_published or "")
    return f"{articles.site_of(here)}#{articles.digest(here, *told)}"


def _shared(feed: Feed) -> set[str]:
    """Addresses that tell no entry from another: the feed's own site, and what several entries link to."""
    ids: dict[str, set[str | int | float | None]] = defaultdict(set)
    for item in feed.entries:
        try:
            entry = msgspec.json.decode(item, type=Entry)
        except (ValueError, RecursionError):  # it will be named as malformed
            continue
        if address := articles.web_address(entry.url or entry.external_url, feed.site or ""):
            ids[articles.key_of(address)].add(entry.id or entry.title)
    site = articles.web_address(feed.site)
    return {key for key, found in ids.items() if len(found) > 1} | ({articles.key_of(site)} if site else set())


def _covered_from(parsed: Parsed, as_of: datetime) -> datetime | None:
    """The time of the entry at the feed's older end; None: it lists nothing at all.

    The older end, not the oldest entry: some sites pin an old one to the top. A feed without times proves nothing.
    """
    if not parsed.item_count:
        return None
    times: list[datetime] = [time for time in parsed.tables.column("mention", "published_at") if time != as_of]
    now = as_of - timedelta(seconds=1)
    if not times:
        return now
    falling = sum(later <= earlier for earlier, later in pairwise(times))
    return min(times[-1] if 2 * falling >= len(times) - 1 else times[0], now)


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    wrap=feed_entries.wrap,
    channels=channels,
    browse=browse,
    accept="application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
)
