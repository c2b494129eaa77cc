"""NodeBB forums: search where it is allowed and reaches far enough, else all newest posts.

API: https://docs.nodebb.org/api/read and /write. No limits of requests are told. The usual search plugin finds at most
500 posts (nodebb-plugin-dbsearch, `postLimit`) before it sorts them: then the window is read post by post instead.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from pydantic import HttpUrl

from flows import records, topics
from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Topic, Window, parse_items, root
from flows.sources.nodebb_post import FIELDS, PLATFORM, Forum, posted_at, records_of
from flows.sources.threads import with_thread
from flows.sources.wording import worded

REACHABLE = 500  # posts that a search finds
MOST_PAGES = 5_000
LONGEST_QUERY = 200
GONE = (404, 410)
OF_USER = ("uid", "username", "userslug", "displayname", "joindateISO", "followerCount", "followingCount", "postcount")
OF_TOPIC = ("tid", "title", "mainPid", "viewcount", "tags", "pagination")


class Options(SourceOptions):
    """One forum."""

    type: Literal["nodebb"]
    base_url: HttpUrl


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Posts of the window that hold all words of an alternative; or all posts, where search does not tell them all."""
    alternatives = worded(PLATFORM, topic.query, _operand, longest=LONGEST_QUERY)
    asked: Params = {"in": "titlesposts", "matchWords": "all", "sortBy": "timestamp", "sortDirection": "desc"}
    for words in alternatives:
        search = {**asked, "term": " ".join(words)}
        first = await _get(client, options, "search", {**search, "page": 1}, (401, 403))
        if first.status != 200 or first.json(_Found).count >= REACHABLE:
            async for page in _walk(client, options, "recent/posts/alltime", {}, window):
                yield page
            return
        async for page in _walk(client, options, "search", search, window):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """The user's page, then what they wrote in the window."""
    slug = quote(account.lower(), safe="")
    yield await _get(client, options, f"user/{slug}", {})
    async for page in _walk(client, options, f"user/{slug}/posts", {}, window):
        yield page


async def _walk(client: Client, options: Options, path: str, asked: Params, window: Window) -> AsyncIterator[Page]:
    """Pages with a post of the window, newest first, until one has none that is newer than its start."""
    is_past, number = False, 0

    async def fetch(token: str | None) -> Page:
        return await _get(client, options, path, {**asked, "page": int(token or 1)})

    def following(page: Page) -> str | None:
        is_last = is_past or not _posts(page) or number >= _page_count(page)
        return None if is_last else str(number + 1)

    async for page in paginate.follow(fetch, following, lambda page: [page.body], max_pages=MOST_PAGES):
        number += 1
        times = [moment for moment in map(_moment, _posts(page)) if moment]
        is_past = bool(times) and max(times) < window.start
        if not times or (min(times) < window.end and not is_past):
            yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Votes, edits and deletions of known posts, one request each."""
    for native_id in ids:
        page = await _summary(client, options, native_id)
        if page.status == 200:
            yield page


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """All pages of the topic in which a post stands; nothing where it is gone."""
    page = await _summary(client, options, native_id)
    topic_id = page.json(_Summary).response.tid if page.status == 200 else None
    last, number = float(topic_id is not None), 1
    while number <= min(last, MOST_PAGES):
        page = await _get(client, options, f"topic/{quote(str(topic_id), safe='')}", {"page": number}, GONE)
        if page.status != 200:
            return
        yield page
        last, number = _page_count(page), number + 1


async def _summary(client: Client, options: Options, native_id: str) -> Page:
    pid = native_id.removeprefix(f"{_forum(options)}/post/")
    return await _get(client, options, f"v3/posts/{quote(pid, safe='')}/summary", {}, GONE)


async def _get(client: Client, options: Options, path: str, asked: Params, allow: Sequence[int] = ()) -> Page:
    return await client.get(f"{root(options.base_url)}/api/{path}", asked, allow_status=allow)


class _Found(msgspec.Struct):
    count: int = msgspec.field(name="matchCount", default=0)


class _Numbered(msgspec.Struct):
    tid: int | str | None = None


class _Summary(msgspec.Struct):
    response: _Numbered


def _page_count(page: Page) -> float:
    """How many pages there are; lists that do not tell it end with an empty one."""
    answer = page.json()
    paging = answer.get("pagination") if isinstance(answer, dict) else None
    count = paging.get("pageCount") if isinstance(paging, dict) else None
    return count if isinstance(count, int) else float("inf")


def _posts(page: Page) -> list[Any]:
    return _posts_in(page.json(), page)


def _posts_in(answer: Any, page: Page) -> list[Any]:
    found = answer.get("posts") if isinstance(answer, dict) else answer
    if not isinstance(found, list):
        raise SourceError(PLATFORM, f"{page.request} answered no list of posts")
    return found


def items(page: Page) -> Sequence[bytes]:
    """The posts of an answer, and before them the user whose page it is."""
    return [msgspec.json.encode(item) for item in _told(page.json(), page)]


def _told(answer: Any, page: Page) -> list[Any]:
    if isinstance(answer, dict) and isinstance(answer.get("response"), dict):
        return [answer["response"]]
    told = [{name: answer[name] for name in OF_USER if name in answer}] if _is_user(answer) else []
    return told if told and "posts" not in answer else [*told, *_posts_in(answer, page)]


def _is_user(answer: Any) -> bool:
    return isinstance(answer, dict) and "userslug" in answer


def wrap(page: Page, found: Sequence[bytes]) -> bytes:
    """These items as a list of posts, with what a topic's page tells once for all."""
    answer = page.json()
    kept = {name: answer[name] for name in OF_TOPIC if name in answer} if isinstance(answer, dict) else {}
    return msgspec.json.encode({**kept, "posts": [msgspec.Raw(item) for item in found]})


def parse(page: Page, options: Options) -> Parsed:
    """Mentions, counts, accounts, edges and deletions of one page, and how far a topic was read."""
    answer = page.json()
    is_topic = isinstance(answer, dict) and "mainPid" in answer and "posts" in answer
    forum = Forum(_forum(options), root(options.base_url), answer if is_topic else {})
    parsed = parse_items(page, _told(answer, page), functools.partial(_records, forum), FIELDS)
    if page.verb != "context" or not is_topic or not _is_number_or_address(first := answer["mainPid"]):
        return parsed
    paging = answer.get("pagination")
    current = paging.get("currentPage") if isinstance(paging, dict) else None
    pids = [post.get("pid") for post in _posts_in(answer, page) if isinstance(post, dict)]
    return with_thread(
        parsed,
        page,
        root_id=f"{PLATFORM}:{forum.native_id(first)}",
        replies_read=sum(str(pid) != str(first) for pid in pids),
        is_complete=isinstance(current, int) and current >= _page_count(page),
    )


def _is_number_or_address(value: Any) -> bool:
    return type(value) is int or (isinstance(value, str) and (value.isdecimal() or value.startswith("http")))


def _records(forum: Forum, item: Mapping[str, Any], page: Page) -> Sequence[records.Record]:
    return records_of(item, page, forum)


def _moment(post: Any) -> datetime | None:
    try:
        return posted_at(post)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None  # parsing it will tell why


def _operand(term: topics.Term) -> str:
    """Bare words, which must all stand there: not every search plugin knows phrases."""
    return term.text.replace('"', " ").strip()


def _forum(options: Options) -> str:
    return root(options.base_url).partition("://")[2]


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """A user's token: what that user may see."""
    token = secrets.get("token")
    return Credentials(headers={"Authorization": f"Bearer {token}"} if token else {})


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(60, 60),),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=25,
    secrets=(
        Secret(
            "token",
            "an API token of a user, made by the forum's administrator under Settings, API Access. "
            "Search needs it where guests may not search; without it all newest posts are read",
            is_required=False,
        ),
    ),
    credentials=credentials,
    wrap=wrap,
    tells_deletions=True,
)
