"""Lemmy: posts and comments of all communities that one server knows, with its own counts.

API v3: https://lemmy.readme.io; limits: migrations of the table local_site_rate_limit of LemmyNet/lemmy, which each
server may set otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from pydantic import HttpUrl

from flows import records, topics
from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.access import RateLimit
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Topic, Window, parse_items
from flows.sources.lemmy_view import FIELDS, PLATFORM, records_of
from flows.sources.moments import utc
from flows.sources.threads import with_thread
from flows.sources.wording import worded

PAGE = 50  # the most that the API gives
MOST_PAGES = 2_000
LONGEST_QUERY = 200
GONE = (400, 404)  # where the error says that too; older servers say most of their errors with 400
TOO_MANY = b'"rate_limit_error"'  # told with 400, without a word on how long
A_SEARCH = 10.0  # seconds until the limit of searches lets one more through


class Options(SourceOptions):
    """One server."""

    type: Literal["lemmy"]
    base_url: HttpUrl = HttpUrl("https://lemmy.world")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Posts, then comments of the window that hold the longest word of an alternative.

    The search looks for words in the order in which they are asked, so one alone finds more and never less.
    """
    alternatives = worded(PLATFORM, topic.query, _operand, longest=LONGEST_QUERY)
    for words in dict.fromkeys(max(alternative, key=len) for alternative in alternatives):
        for kind in ("Posts", "Comments"):
            asked: Params = {"q": words, "type_": kind, "sort": "New", "listing_type": "All"}
            async for page in _walk(client, options, "search", asked, window):
                yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """What one person wrote in the window."""
    async for page in _walk(client, options, "user", {"username": account, "sort": "New"}, window):
        yield page


async def _walk(client: Client, options: Options, method: str, asked: Params, window: Window) -> AsyncIterator[Page]:
    """Pages with something of the window, newest first, until one has nothing newer than its start."""
    is_past, number = False, 0

    async def fetch(token: str | None) -> Page:
        return await _get(client, options, method, {**asked, "limit": PAGE, "page": int(token or 1)})

    def following(page: Page) -> str | None:
        answer = page.json(_Answer)
        is_full = max(len(answer.posts), len(answer.comments)) >= PAGE
        return None if is_past or not is_full else str(number + 1)

    async for page in paginate.follow(fetch, following, lambda page: [page.body], max_pages=MOST_PAGES):
        number += 1
        times = [moment for moment in map(_moment, items(page)) if moment]
        is_past = bool(times) and max(times) < window.start
        if not times or (min(times) < window.end and not is_past):
            yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts and edits of known posts and comments, one request each; deleted ones are not found."""
    for native_id in ids:
        page = await _get(client, options, "resolve_object", {"q": native_id}, GONE)
        if page.status == 200:
            yield page


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """All comments of a post, then the post: its page says that the thread was read to its end."""
    page = await _get(client, options, "resolve_object", {"q": native_id}, GONE)
    if page.status != 200:
        return
    found = page.json(_Resolved)
    if found.post is None and found.comment is None:
        return
    post_id = found.post.post.id if found.post else found.comment.post.id if found.comment else 0
    async for comments in _comments(client, options, post_id):
        yield comments
    whole = await _get(client, options, "post", {"id": post_id}, GONE)
    if whole.status == 200:
        yield whole


async def _comments(client: Client, options: Options, post_id: int) -> AsyncIterator[Page]:
    for number in range(1, MOST_PAGES + 1):
        asked: Params = {"post_id": post_id, "type_": "All", "sort": "Old", "limit": PAGE, "page": number}
        page = await _get(client, options, "comment/list", asked)
        yield page
        if len(items(page)) < PAGE:
            return
    raise SourceError(PLATFORM, f"a post has more than {MOST_PAGES * PAGE:,} comments: its thread is not read whole")


async def _get(client: Client, options: Options, method: str, params: Params, allow: Sequence[int] = ()) -> Page:
    page = await client.get(f"{str(options.base_url).rstrip('/')}/api/v3/{method}", params, allow_status=allow)
    error = page.json(_Refusal).error if page.status != 200 else ""
    if error and not error.startswith("couldnt_find"):
        raise SourceError(PLATFORM, f"{page.request} is refused: {error[:60]}")
    return page


class _Refusal(msgspec.Struct):
    error: str = "no reason told"


class _Numbered(msgspec.Struct):
    id: int


class _View(msgspec.Struct):
    post: _Numbered


class _Resolved(msgspec.Struct):
    post: _View | None = None
    comment: _View | None = None


class _Answer(msgspec.Struct):
    """Lists of views, or single ones; they stay as they are."""

    posts: list[msgspec.Raw] = []
    comments: list[msgspec.Raw] = []
    post_view: Any = None
    person_view: Any = None
    post: Any = None
    comment: Any = None


def items(page: Page) -> Sequence[bytes]:
    """The person, posts and comments of an answer."""
    answer: _Answer = page.json(_Answer)
    single = [answer.person_view, answer.post_view, answer.post, answer.comment]
    return [
        *(msgspec.json.encode(view) for view in single if view is not None),
        *(bytes(view) for view in (*answer.posts, *answer.comments)),
    ]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """These items as a list of posts: each tells itself what it is."""
    return b'{"posts":[' + b",".join(found) + b"]}"


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, counts, accounts, edges and deletions of one page, and how far a thread was read."""
    found = items(page)
    views = [view for view in map(_decoded, found) if isinstance(view, dict)]
    parsed = parse_items(page, found, functools.partial(_records, _addresses(views)), FIELDS)
    posts = [view["post"] for view in views if isinstance(view.get("post"), dict)]
    if page.verb != "context" or not posts or not isinstance(posts[0].get("ap_id"), str):
        return parsed
    is_whole = page.json(_Answer).post_view is not None
    # Of another server's community this one may know only what came since someone here followed it.
    is_ours = isinstance(community := views[0].get("community"), dict) and community.get("local") is True
    root, replies = f"{PLATFORM}:{posts[0]['ap_id']}", sum("comment" in view for view in views)
    return with_thread(parsed, page, root_id=root, replies_read=replies, is_complete=is_whole and is_ours)


def _records(addresses: Mapping[int, str], view: Mapping[str, Any], page: Page) -> Sequence[records.Record]:
    return records_of(view, page, addresses)


def _addresses(views: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Addresses of the comments of a page, by the numbers that paths are made of."""
    comments = [view["comment"] for view in views if isinstance(view.get("comment"), dict)]
    told = [(comment.get("id"), comment.get("ap_id")) for comment in comments]
    return {number: address for number, address in told if isinstance(number, int) and isinstance(address, str)}


def _decoded(item: bytes) -> Any:
    try:
        return msgspec.json.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # parsing it will tell why


def _moment(item: bytes) -> datetime | None:
    view = _decoded(item)
    inner = (view.get("comment") or view.get("post")) if isinstance(view, dict) else None
    try:
        return utc(inner["published"]) if isinstance(inner, dict) else None
    except (KeyError, ValueError):
        return None


def _operand(term: topics.Term) -> str:
    """As it stands in a text, without sigil: the search compares letters, and knows no words."""
    return term.text


def pause(body: bytes) -> float | None:
    """Seconds that a refusal asks us to wait, as far as can be known."""
    return A_SEARCH if len(body) < 200 and TOO_MANY in body else None


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(180, 60), RateLimit(60, 600, counts=r"/api/v3/search\?")),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=25,
    pause=pause,
    wrap=wrap,
    tells_deletions=True,
)
