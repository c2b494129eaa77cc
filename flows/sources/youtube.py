"""YouTube: search, uploads, videos, channels and comments of the Data API v3, by an API key.

A hundred searches a day have a bucket of their own; all else costs one of 10,000 units a request. So search finds ids
alone, and fifty of them are read whole by one request. https://developers.google.com/youtube/v3/determine_quota_cost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from pydantic import Field, HttpUrl

from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Topic, Window, root
from flows.sources.losses import unread
from flows.sources.moments import utc
from flows.sources.wording import packed, quoted, worded
from flows.sources.youtube_comments import items_of, parse_page, read_thread
from flows.sources.youtube_items import PLATFORM, at, listed, next_token

PAGE = 50  # results of a search, and ids of one look-up
REACHABLE = 500  # results of one search, whatever totalResults says
LONGEST_QUERY = 500  # not documented; a sane length of an address
MOST_UPLOADS = 400  # pages: a playlist shows 20,000


class Options(SourceOptions):
    """`searches_per_window` keeps one busy topic from the searches of the others: 100 a day are all there are."""

    type: Literal["youtube"]
    searches_per_window: int = Field(default=10, ge=1, le=100)
    thread_pages: int = Field(default=20, ge=1)  # of 100 comments each with their answers, of one video a reading
    base_url: HttpUrl = HttpUrl("https://www.googleapis.com/youtube/v3")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Videos of the window that may match: single words share a search, as far as the length allows."""
    found = worded(PLATFORM, topic.query, quoted, longest=LONGEST_QUERY)
    alone = packed([words[0] for words in found if len(words) == 1], "|", longest=LONGEST_QUERY)
    together = [" ".join(words) for words in found if len(words) > 1]  # how | and the blank bind is not documented
    for query in [*("|".join(group) for group in alone), *together]:
        async for page in _search(client, options, query, window):
            yield page


async def _search(client: Client, options: Options, query: str, window: Window) -> AsyncIterator[Page]:
    """Newest first; where one search ends for lack of reach, the next begins below the oldest that it gave."""
    until, left, seen = window.end, options.searches_per_window, 0
    newest: datetime | None = None
    while left > 0 and until > window.start:
        oldest, is_cut = until, False
        asked = {"part": "snippet", "type": "video", "order": "date", "q": query, "maxResults": PAGE}
        asked |= {"publishedAfter": _iso(window.start), "publishedBefore": _iso(until)}
        async for page in _pages(client, options, "search", asked, most=min(left, REACHABLE // PAGE)):
            results = listed(page)
            times = [moment for moment in map(_moment, results) if moment]
            newest, oldest = newest or max(times, default=None), min([oldest, *times])
            left, seen, is_cut = left - 1, seen + len(results), next_token(page) is not None
            lost = unread(seen, newest or until, oldest, window) if is_cut and left == 0 else 0
            ids = [at(result, "id", "videoId") for result in results]
            async for videos in _videos(client, options, ids):
                yield msgspec.structs.replace(videos, lost_items=lost)
        if not is_cut:
            return
        until = min(oldest + timedelta(seconds=1), until - timedelta(seconds=1))


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """A channel with its subscribers, then its uploads of the window; search would cost a hundred times as much."""
    who = {"id": account} if account.startswith("UC") and len(account) == 24 else {"forHandle": f"@{account}"}
    channel = await _get(client, options, "channels", {"part": "snippet,statistics,contentDetails", **who})
    if not listed(channel):
        raise SourceError(PLATFORM, f"there is no channel {account!r}; write its handle or its id (UC…)")
    yield channel
    playlist = at(listed(channel)[0], "contentDetails", "relatedPlaylists", "uploads")
    if not isinstance(playlist, str):
        return
    asked = {"part": "contentDetails", "playlistId": playlist, "maxResults": PAGE}
    async for page in _pages(client, options, "playlistItems", asked, most=MOST_UPLOADS, since=window.start):
        fresh = [each for each in listed(page) if (moment := _moment(each)) and window.start <= moment < window.end]
        async for videos in _videos(client, options, [at(each, "contentDetails", "videoId") for each in fresh]):
            yield videos


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts of known videos and comments, and the subscribers of the videos' channels."""
    videos = [native_id for native_id in ids if len(native_id) == 11]
    async for page in _videos(client, options, videos):
        yield page
        channels = {at(video, "snippet", "channelId") for video in listed(page)}
        if known := sorted(each for each in channels if isinstance(each, str)):
            yield await _get(client, options, "channels", {"part": "snippet,statistics", "id": ",".join(known)})
    if comments := [native_id for native_id in ids if len(native_id) != 11]:
        yield await _get(
            client, options, "comments", {"part": "snippet", "id": ",".join(comments), "textFormat": "plainText"}
        )


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """All comments below the video that is, or that holds, this mention."""
    async for page in read_thread(client, root(options.base_url), native_id, most_pages=options.thread_pages):
        yield page


async def _videos(client: Client, options: Options, ids: Sequence[object]) -> AsyncIterator[Page]:
    known = [native_id for native_id in dict.fromkeys(ids) if isinstance(native_id, str)]
    if known:
        yield await _get(client, options, "videos", {"part": "snippet,statistics", "id": ",".join(known)})


async def _pages(
    client: Client, options: Options, method: str, asked: Mapping[str, Any], *, most: int, since: datetime | None = None
) -> AsyncIterator[Page]:
    """At most so many pages, newest first, down to the first whose last item is older than `since`."""
    number = 0

    async def fetch(token: str | None) -> Page:
        return await _get(client, options, method, {**asked, **({"pageToken": token} if token else {})})

    def following(page: Page) -> str | None:
        last = _moment(listed(page)[-1]) if since else None
        is_past = last is not None and since is not None and last < since
        return None if is_past or number >= most else next_token(page)

    async for page in paginate.follow(fetch, following, lambda page: list(map(msgspec.json.encode, listed(page))),
                                      max_pages=most):  # fmt: skip
        number += 1
        yield page


async def _get(client: Client, options: Options, method: str, params: Mapping[str, Any]) -> Page:
    gone = (404,) if method == "playlistItems" else ()  # of a channel that has uploaded nothing
    return await client.get(f"{root(options.base_url)}/{method}", params, allow_status=gone)


def _moment(item: Any) -> datetime | None:
    """When a result of a search or a playlist was published; None where that cannot be read."""
    told = at(item, "contentDetails", "videoPublishedAt") or at(item, "snippet", "publishedAt")
    try:
        return utc(told)
    except ValueError:
        return None


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"


def items(page: Page) -> Sequence[bytes]:
    """Videos, channels or comments; a thread of comments is as many items as it has comments."""
    return items_of(page)


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """An answer with these items."""
    return b'{"items":[' + b",".join(found) + b"]}"


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, counts, accounts and edges of one page, and how far a thread was read."""
    return parse_page(page)


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """The key goes along as a parameter."""
    return Credentials(params={"key": secrets.get("api_key", "")})


PACIFIC = "America/Los_Angeles"
SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(
        RateLimit(100, 86_400, counts=r"/search\?", day_of=PACIFIC),
        RateLimit(10_000, 86_400, counts=r"/(videos|channels|playlistItems|commentThreads|comments)\?", day_of=PACIFIC),
    ),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=PAGE,
    secrets=(
        Secret(
            "api_key", "an API key of a Google Cloud project with the YouTube Data API v3: console.cloud.google.com"
        ),
    ),
    credentials=credentials,
    recheck_days=25,  # stored data are to be refreshed or deleted within 30 days: five nights to spare
    most_rechecks=20_000,
    landing_days=30,
    wrap=wrap,
    cost="free: 100 searches and 10,000 other requests a day",
)
