"""Bluesky: search, author feeds, posts and threads of the AT protocol's app view, asked through one's own PDS.

Search without a session is switched off again and again, and pages of it are refused: give an app password.
Lexicons: https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky/feed;
limits: https://docs.bsky.app/docs/advanced-guides/rate-limits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from pydantic import HttpUrl

from flows.errors import ConfigError, SourceError
from flows.sources import paginate
from flows.sources.access import Credentials, Login, RateLimit, Secret
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Topic, Window, parse_items
from flows.sources.bluesky_post import FIELDS, PLATFORM, records_of
from flows.sources.bluesky_search import PAGE, REACHABLE, Reach, cursor_of, iso, listed, listed_in, moment_of, operand
from flows.sources.bluesky_thread import Thread, thread
from flows.sources.threads import with_thread
from flows.sources.wording import worded

MOST_PAGES = 2_000
LONGEST_QUERY = 500  # no limit is told; addresses of 2,000 characters are carried everywhere
MOST_RESTARTS = 100
DEEPEST = 200  # levels of a thread; the vendor gives 1000, which no JSON reader follows


class Options(SourceOptions):
    """`identifier` is the handle that asks; without it `public_url` answers: all but search."""

    type: Literal["bluesky"]
    identifier: str | None = None
    base_url: HttpUrl = HttpUrl("https://bsky.social")  # the account's own server (PDS)
    public_url: HttpUrl = HttpUrl("https://public.api.bsky.app")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Posts of the window that may match: each alternative of the topic is a search of its own."""
    for words in worded(PLATFORM, topic.query, operand, longest=LONGEST_QUERY):
        async for page in _search(client, options, " ".join(words), window):
            yield page


async def _search(client: Client, options: Options, words: str, window: Window) -> AsyncIterator[Page]:
    """Newest first; where the cursor ends for lack of reach, the search starts again below the oldest post it gave."""
    until = window.end
    for _ in range(MOST_RESTARTS):
        asked: Params = {"q": words, "sort": "latest", "since": iso(window.start), "until": iso(until), "limit": PAGE}
        reach = Reach(until)
        async for page in _pages(client, options, "searchPosts", asked, reach.following):
            yield reach.take(page)
        if not reach.is_cut or reach.below <= window.start:
            return
        until = reach.below
    raise SourceError(PLATFORM, f"one day has more than {MOST_RESTARTS} x {REACHABLE:,} posts: make the topic narrower")


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """The account's profile, then what it wrote and reposted, back to the window's start."""
    yield await _get(client, options, "app.bsky.actor.getProfile", {"actor": account})
    is_past = False

    def following(page: Page) -> str | None:
        return None if is_past else cursor_of(page)

    asked: Params = {"actor": account, "filter": "posts_with_replies", "limit": PAGE}
    async for page in _pages(client, options, "getAuthorFeed", asked, following):
        times = [moment for moment in map(moment_of, listed(page)) if moment]
        is_past = bool(times) and max(times) < window.start  # all of them: a pinned post stands first, however old
        if not is_past and (not times or min(times) < window.end):
            yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts of known posts, those that are gone left out, and how many follow their authors."""
    page = await _get(client, options, "app.bsky.feed.getPosts", {"uris": list(ids)})
    yield page
    uris = [post.get("uri") for post in listed(page) if isinstance(post, dict)]
    authors = list(dict.fromkeys(uri.split("/")[2] for uri in uris if isinstance(uri, str) and uri.count("/") >= 2))
    if authors:
        yield await _get(client, options, "app.bsky.actor.getProfiles", {"actors": authors})


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """The whole thread in which a post stands, read from its root while that stands; nothing where the post is gone."""
    post = await _post(client, options, native_id)
    if post is None:
        return
    root = post.record.reply.root.uri if post.record.reply else native_id
    if root != native_id and await _post(client, options, root) is None:
        root = native_id
    asked: Params = {"uri": root, "depth": DEEPEST, "parentHeight": DEEPEST}
    yield await _get(client, options, "app.bsky.feed.getPostThread", asked)


async def _post(client: Client, options: Options, uri: str) -> _Post | None:
    """A thread that is not there is refused as a broken request is: so its post is looked for first."""
    page = await _get(client, options, "app.bsky.feed.getPosts", {"uris": [uri]})
    return next(iter(page.json(_Posts).posts), None)


class _Root(msgspec.Struct):
    uri: str


class _Reply(msgspec.Struct):
    root: _Root


class _Record(msgspec.Struct):
    reply: _Reply | None = None


class _Post(msgspec.Struct):
    record: _Record


class _Posts(msgspec.Struct):
    posts: list[_Post]


async def _pages(client: Client, options: Options, method: str, asked: Params, following: Any) -> AsyncIterator[Page]:
    async def fetch(cursor: str | None) -> Page:
        params = {**asked, "cursor": cursor} if cursor else asked
        return await _get(client, options, f"app.bsky.feed.{method}", params)

    # A page may be empty, all its posts hidden, and not be the last: so the whole page is what must not come twice.
    async for page in paginate.follow(fetch, following, lambda page: [page.body], max_pages=MOST_PAGES):
        yield page


async def _get(client: Client, options: Options, method: str, params: Params) -> Page:
    root = options.base_url if options.identifier else options.public_url
    return await client.get(f"{str(root).rstrip('/')}/xrpc/{method}", params)


def items(page: Page) -> Sequence[bytes]:
    """Posts, feed entries or profiles of an answer; of a thread the ancestors, the post and all replies below it."""
    told, _ = _told(page)
    return [entry if isinstance(entry, bytes) else msgspec.json.encode(entry) for entry in told]


def _told(page: Page) -> tuple[list[Any], Thread | None]:
    answer = page.json()
    if isinstance(answer, dict) and "did" in answer:
        return [page.body], None
    found = thread(answer)
    return found.posts if found else listed_in(answer, page), found


def wrap(page: Page, found: Sequence[bytes]) -> bytes:
    """An answer of these items: a profile is its own, all others are read from a list of posts."""
    answer = page.json()
    is_profile = isinstance(answer, dict) and "did" in answer and len(found) == 1
    return found[0] if is_profile else b'{"posts":[' + b",".join(found) + b"]}"


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, counts, accounts and edges of one page, and how far a thread was read."""
    told, found = _told(page)
    parsed = parse_items(page, told, records_of, FIELDS)
    if not (found and found.root and "mention" in parsed.tables):
        return parsed
    root_id, replies = f"{PLATFORM}:{found.root}", len(found.posts) - 1
    return with_thread(parsed, page, root_id=root_id, replies_read=replies, is_complete=found.is_whole)


def credentials(options: Options, secrets: Mapping[str, str]) -> Credentials:
    """One session a run: the vendor allows 300 a day."""
    password = secrets.get("app_password")
    if not password:
        return Credentials()
    if not options.identifier:
        raise ConfigError(f"source {options.name} has an app password and no identifier: name the account it is of")
    body = {"identifier": options.identifier, "password": password}
    url = f"{str(options.base_url).rstrip('/')}/xrpc/com.atproto.server.createSession"
    return Credentials(login=Login(url, body, as_form=False, token="accessJwt", expires_in=None))  # noqa: S106


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(3_000, 300), RateLimit(30, 300, counts="createSession")),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=25,
    secrets=(
        Secret(
            "app_password",
            "an app password of the account named by `identifier`: bsky.app, Settings, Privacy and security, "
            "App passwords. Search needs it",
            is_required=False,
        ),
    ),
    credentials=credentials,
    most_rechecks=20_000,
    wrap=wrap,
)
