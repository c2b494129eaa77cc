"""X: recent search, posts, users and conversations of API v2, by an app's bearer token. Each post read costs money.

https://docs.x.com/x-api/getting-started/pricing: $0.005 a post and $0.010 a user, once a UTC day each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from pydantic import Field, HttpUrl, PrivateAttr

from flows import topics
from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Topic, Window, parse_items
from flows.sources.threads import with_thread
from flows.sources.wording import packed, quoted, worded
from flows.sources.x_answers import (
    CONVERSATION,
    FIELDS,
    KNOWN,
    answer_of,
    beside,
    conversation_of,
    items,
    next_of,
    wrap,
)
from flows.sources.x_posts import PLATFORM, records_of, time_of_id

PAGE = 100
LONGEST_QUERY = 512
MOST_PAGES = 1_000
OR = " OR "
NO_REPOSTS = " -is:retweet"
REACH = timedelta(days=7)  # of recent search
SETTLES = timedelta(seconds=30)  # the newest posts cannot be asked for


@dataclass
class _Spent:
    """Posts that were read in the run of this `as_of`, over all its windows."""

    as_of: datetime | None = None
    posts: int = 0

    def add(self, page: Page) -> int:
        """Count a page; returns the posts of the run so far."""
        if page.as_of != self.as_of:
            self.as_of, self.posts = page.as_of, 0
        self.posts += len(answer_of(page).listed)
        return self.posts


class Options(SourceOptions):
    """`max_posts_per_night` bounds what searches of one run may cost; what it leaves unread is counted as lost."""

    type: Literal["x"]
    max_posts_per_night: int = Field(default=2_000, ge=10)
    reposts: bool = False  # read reposts too: each costs as much as a post, and its original and author as well
    base_url: HttpUrl = HttpUrl("https://api.x.com/2")
    _spent: _Spent = PrivateAttr(default_factory=_Spent)


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Posts of the window that may match; it must lie within the last seven days."""
    suffix = "" if options.reposts else NO_REPOSTS
    longest = LONGEST_QUERY - len(suffix) - len("()")
    found = worded(PLATFORM, topic.query, _operand, longest=longest - len("()"))
    parts = [f"({' '.join(words)})" if len(words) > 1 else words[0] for words in found]
    for group in packed(parts, OR, longest=longest):
        query = f"({OR.join(group)}){suffix}" if len(group) > 1 else f"{group[0]}{suffix}"
        async for page in _search(client, options, query, window):
            yield page


async def _search(client: Client, options: Options, query: str, window: Window) -> AsyncIterator[Page]:
    """Counted first, which costs as much as one post; then read, newest first, as far as the night's bound allows."""
    counted, asked = await _counted(client, options, query, window)
    left, read, is_cut = options.max_posts_per_night - options._spent.add(counted), 0, False
    if left > 0:
        reading: Params = {**asked, **_expanded(options), "max_results": min(PAGE, max(10, left))}
        async for page in _pages(client, options, "tweets/search/recent", reading, is_bounded=True):
            read += len(answer_of(page).listed)
            is_cut = next_of(page) is not None
            yield page
    total = answer_of(counted).meta.total_tweet_count or 0
    if (is_cut or left <= 0) and total > read:
        yield msgspec.structs.replace(counted, lost_items=total - read)


async def _counted(client: Client, options: Options, query: str, window: Window) -> tuple[Page, dict[str, str]]:
    """How many posts the window holds, and how it may be asked for: a window that ends with the run's clock ends a
    little earlier."""
    end = window.end
    for _ in range(2):
        asked = {"query": query, "start_time": _iso(window.start), "end_time": _iso(end)}
        page = await _get(client, options, "tweets/counts/recent", {**asked, "granularity": "day"}, allow=(400,))
        if page.status == 200:
            return page, asked
        end = min(end, page.as_of - SETTLES)
        if window.start < page.fetched_at - REACH or end <= window.start:
            break
    reason = f"recent search reaches seven days back, and the window begins at {window.start:%Y-%m-%d %H:%M}"
    if window.start >= page.fetched_at - REACH:
        reason = "check the topic: X cannot read its query"
    raise SourceError(PLATFORM, f"{page.request} is refused: {reason}")


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """A user with its followers, then what it posted in the window: at most the last 3,200 posts are shown."""
    user = await _get(client, options, f"users/by/username/{account}", {"user.fields": FIELDS["user.fields"]})
    found = answer_of(user).data
    if not (isinstance(found, dict) and isinstance(found.get("id"), str)):
        raise SourceError(PLATFORM, f"there is no account {account!r}, or it does not show itself; check its name")
    yield user
    end = min(window.end, user.as_of - SETTLES)
    asked: Params = {"start_time": _iso(window.start), "end_time": _iso(end), "tweet.fields": FIELDS["tweet.fields"]}
    kept: Params = {} if options.reposts else {"exclude": "retweets"}
    path = f"users/{found['id']}/tweets"
    async for page in _pages(client, options, path, {**asked, **kept, "max_results": PAGE}, is_bounded=False):
        yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts of known posts and what became of those that are gone; an edited post is read in its newest version."""
    wanted = list(dict.fromkeys(ids))
    for _ in range(2):
        if not wanted:
            return
        page = await _get(client, options, "tweets", {"ids": ",".join(wanted), **_expanded(options)})
        yield page
        versions = [post.get("edit_history_tweet_ids") for post in answer_of(page).listed if isinstance(post, dict)]
        newest = [found[-1] for found in versions if isinstance(found, list) and found and isinstance(found[-1], str)]
        wanted = [native_id for native_id in dict.fromkeys(newest) if native_id not in {*wanted, *ids}]


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """The conversation of a post: its first post, and what recent search still finds of the rest."""
    page = await _get(client, options, "tweets", {"ids": native_id, **_expanded(options)})
    root = next((post.get("conversation_id") for post in answer_of(page).listed if isinstance(post, dict)), None)
    if not isinstance(root, str):
        return
    yield page if root == native_id else await _get(client, options, "tweets", {"ids": root, **_expanded(options)})
    if options._spent.add(page) >= options.max_posts_per_night:
        return
    asked: Params = {"query": f"{CONVERSATION}{root}", **_expanded(options), "max_results": PAGE}
    async for found in _pages(client, options, "tweets/search/recent", asked, is_bounded=True):
        yield found


async def _pages(
    client: Client, options: Options, path: str, asked: Params, *, is_bounded: bool
) -> AsyncIterator[Page]:
    """Pages to the last, or to that which spends what a night may cost."""
    name = "next_token" if "search" in path else "pagination_token"
    posts = 0

    async def fetch(token: str | None) -> Page:
        return await _get(client, options, path, {**asked, **({name: token} if token else {})})

    def following(page: Page) -> str | None:
        return next_of(page) if not is_bounded or posts < options.max_posts_per_night else None

    async for page in paginate.follow(fetch, following, lambda page: [page.body], max_pages=MOST_PAGES):
        posts = options._spent.add(page)
        yield page


async def _get(client: Client, options: Options, path: str, params: Params, allow: tuple[int, ...] = ()) -> Page:
    return await client.get(f"{str(options.base_url).rstrip('/')}/{path}", params, allow_status=allow)


def _expanded(options: Options) -> dict[str, str]:
    """Authors tell their followers; the originals of reposts, their whole text."""
    return {**FIELDS, "expansions": "author_id,referenced_tweets.id" if options.reposts else "author_id"}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"


def _operand(term: topics.Term) -> str:
    if term.kind == "domain":
        return f'url:"{term.text}"'
    return {"handle": "@", "tag": "#"}.get(term.kind, "") + (
        term.text if term.kind in ("handle", "tag") else quoted(term)
    )


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, counts, accounts and edges of one page, and how far a conversation was read."""
    answer, root = answer_of(page), conversation_of(page)
    around, posts = beside(answer), answer.listed
    silence = [page.body] if root is not None and not posts else []
    parsed = parse_items(
        page, posts or silence, lambda item, page: [] if silence else records_of(item, page, around), KNOWN
    )
    if root is None:
        return parsed
    began = time_of_id(root)
    is_reached = began is not None and began > page.fetched_at - REACH
    return with_thread(
        parsed,
        page,
        root_id=f"{PLATFORM}:{root}",
        replies_read=len(posts),
        is_complete=is_reached and answer.meta.next_token is None,
    )


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """The app's own token; it reads what is public."""
    return Credentials(headers={"Authorization": f"Bearer {secrets.get('bearer_token', '')}"})


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(
        RateLimit(450, 900, counts=r"/tweets/search/recent"),
        RateLimit(300, 900, counts=r"/tweets/counts/recent|/users/by/"),
        RateLimit(3_500, 900, counts=r"/2/tweets\?"),
        RateLimit(10_000, 900, counts=r"/users/[0-9]+/tweets"),
    ),
    discover=discover,
    reach=REACH - timedelta(hours=1),
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=PAGE,
    secrets=(Secret("bearer_token", "the bearer token of an app with credits: https://console.x.com"),),
    credentials=credentials,
    most_rechecks=200,  # at most $3 a night
    wrap=wrap,
    cost="$0.005 a post and $0.010 an author read; at most max_posts_per_night",
    tells_deletions=True,
)
