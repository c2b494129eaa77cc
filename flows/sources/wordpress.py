"""WordPress sites: posts that are new or edited, and comments, by the REST API that every site has. No credentials.

A site's posts of a night are few, so all are read and our own matcher decides: a search for each topic would ask more
of the site and find less. API: https://developer.wordpress.org/rest-api/reference/.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from pydantic import Field, HttpUrl

from flows.errors import SourceError
from flows.sources import articles, paginate
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Window, parse_items
from flows.sources.moments import utc
from flows.sources.threads import with_thread
from flows.sources.wordpress_items import PLATFORM, parse_comment, parse_post

PER_PAGE = 100
MAX_PAGES = 1_000
NO_SUCH_PAGE = 400  # rest_post_invalid_page_number
_PAGE = re.compile(r"[?&]page=(\d+)")
_POST = re.compile(r"[?&]post=(\d+)")
_FIELDS = {
    "posts": "id,date_gmt,modified_gmt,link,title,content,excerpt,author,featured_media",
    "comments": "id,post,parent,author,author_name,author_url,date_gmt,link,content,type",
}
KNOWN = frozenset(",".join(_FIELDS.values()).split(","))
"""What items have: no more is asked for, but sites may hold that for advice."""


class Options(SourceOptions):
    """`urls` are the sites' addresses; one that holds `/wp/v2` is the API's own (sites at wordpress.com)."""

    type: Literal["wordpress"]
    urls: Annotated[list[HttpUrl], Field(min_length=1)]
    comments: bool = True  # off for sites that keep them to themselves


def channels(options: Options) -> Sequence[str]:
    """The sites: each is a window of its own, so that one that fails fails alone."""
    return list(dict.fromkeys(str(url) for url in options.urls))


async def browse(client: Client, options: Options, channel: str, window: Window) -> AsyncIterator[Page]:
    """Posts published or edited in the window, the latest first, then comments."""
    async for page in _posts(client, channel, window):
        yield page
    if options.comments:
        since = {"after": _iso(window.start - timedelta(seconds=1)), "before": _iso(window.end), "order": "asc"}
        async for page in _pages(client, channel, "comments", since):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """All posts of one site; its account is its host."""
    channel = _sites(options).get(account.lower(), f"https://{account}")
    async for page in _posts(client, channel, window):
        yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Edits of known posts and comments; what a site does not give any more is gone.

    Raises SourceError at the end for those of sites that are no longer configured: they are not gone.
    """
    sites, unknown = _sites(options), set()
    asked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for native_id in ids:
        site, _, local = native_id.rpartition("#")
        kind = "comments" if local.startswith("comment-") else "posts"
        if site in sites:
            asked[sites[site], kind].append(local.removeprefix("comment-"))
        else:
            unknown.add(site)
    for (channel, kind), found in asked.items():
        async for page in _pages(client, channel, kind, {"include": ",".join(found)}):
            yield page
    if unknown:
        raise SourceError(PLATFORM, f"{', '.join(sorted(unknown)[:5])}: not in sources.urls; add them, or forget them")


async def context(client: Client, options: Options, root: str) -> AsyncIterator[Page]:
    """All comments of one post."""
    site, _, local = root.rpartition("#")
    if site not in _sites(options):
        raise SourceError(PLATFORM, f"{site}: not in sources.urls; add it to read its threads")
    async for page in _pages(client, _sites(options)[site], "comments", {"post": local, "order": "asc"}):
        yield page


def items(page: Page) -> Sequence[bytes]:
    """The posts or comments; none beyond the last page."""
    if page.status == NO_SUCH_PAGE:
        return []
    found: list[msgspec.Raw] = page.json(list[msgspec.Raw])
    return [bytes(item) for item in found]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """A page of these items."""
    return b"[%s]" % b",".join(found)


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, who wrote them, and reply edges; of a post's comments also how far they are known."""
    site, kind = _place(page)
    read = parse_comment if kind == "comments" else parse_post
    parsed = parse_items(page, items(page), lambda item, page: read(item, page, site), KNOWN)
    post = _POST.search(page.request)
    if page.verb != "context" or post is None:
        return parsed
    root_id, count = f"{PLATFORM}:{site}#{post[1]}", parsed.item_count
    return with_thread(parsed, page, root_id=root_id, replies_read=count, is_complete=_next_page(page) is None)


async def _posts(client: Client, channel: str, window: Window) -> AsyncIterator[Page]:
    """Sites older than WordPress 5.7 do not know `modified_after` and give all: so it ends where the window begins."""
    asked = {"orderby": "modified", "order": "desc", "modified_after": _iso(window.start - timedelta(seconds=1))}

    def is_before(page: Page) -> bool:
        edited_at = [_modified(item) for item in items(page)[-1:]]
        return any(moment and moment < window.start for moment in edited_at)

    async for page in _pages(client, channel, "posts", asked, is_before):
        yield page


def _pages(
    client: Client, channel: str, kind: str, asked: Params, is_last: Callable[[Page], bool] = lambda _page: False
) -> AsyncIterator[Page]:
    async def fetch(token: str | None) -> Page:
        allowed: Collection[int] = (NO_SUCH_PAGE,) if token else ()
        params = {**asked, "per_page": PER_PAGE, "page": int(token or 1), "_fields": _FIELDS[kind]}
        return await client.get(f"{_api(channel)}/{kind}", params, allow_status=allowed)

    def next_token(page: Page) -> str | None:
        return None if is_last(page) else _next_page(page)

    return paginate.follow(fetch, next_token, items, max_pages=MAX_PAGES)


def _next_page(page: Page) -> str | None:
    """By the Link header; some caches drop it, then a full page has a next one."""
    here = _PAGE.search(page.request)
    link = next((value for name, value in page.headers.items() if name.lower() == "link"), None)
    has_next = 'rel="next"' in link if link else len(items(page)) >= PER_PAGE
    return str(int(here[1]) + 1) if here and has_next else None


def _modified(item: bytes) -> datetime | None:
    try:
        return utc(msgspec.json.decode(item)["modified_gmt"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _sites(options: Options) -> dict[str, str]:
    return {_site(_api(channel)): channel for channel in channels(options)}


def _api(channel: str) -> str:
    root = channel.rstrip("/")
    return root if "/wp/v2" in root else f"{root}/wp-json/wp/v2"


def _site(api: str) -> str:
    return articles.key_of(api.removesuffix("/wp-json/wp/v2"))


def _place(page: Page) -> tuple[str, str]:
    """The site, and what was asked of it."""
    api, _, kind = page.request.partition(" ")[2].partition("?")[0].rpartition("/")
    return _site(api), kind


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    most_rechecks=20_000,
    wrap=wrap,
    channels=channels,
    browse=browse,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refreshes_uncounted=True,  # the REST API tells no counts at all
)
