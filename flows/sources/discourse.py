"""Discourse forums: search names the posts, topics tell them whole.

API: https://docs.discourse.org; limits: `rate_limit_search_*` of config/site_settings.yml and `max_reqs_per_ip_*` of
config/discourse_defaults.conf of discourse/discourse, which each forum may set otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec
from pydantic import HttpUrl

from flows import records
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Topic, Window, parse_items, root
from flows.sources.discourse_post import FIELDS, PLATFORM, records_of
from flows.sources.discourse_post import Topic as Told
from flows.sources.discourse_search import found_in, search
from flows.sources.threads import with_thread
from flows.sources.wording import quoted, worded

BATCH = 20  # posts of a topic in one answer, as the forum's own pages ask for them
MOST_POSTS = 5_000  # of one topic; longer threads are not read to their end
LONGEST_QUERY = 200
GONE = (404, 410)
CLOSED = 403  # a topic that is not public any more, or a key that is none


class Options(SourceOptions):
    """One forum. `api_username` goes with the secret `api_key`."""

    type: Literal["discourse"]
    base_url: HttpUrl
    api_username: str = "system"


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """The topics in which a search finds posts of the window, as far as they hold those posts."""
    # `@` and `#` ask for an author and a category here: names are looked for in the text.
    for words in worded(PLATFORM, topic.query, quoted, longest=LONGEST_QUERY):
        async for page in _found(client, options, " ".join(words), window):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """What one account wrote in the window."""
    async for page in _found(client, options, f"@{account}", window):
        yield page


async def _found(client: Client, options: Options, words: str, window: Window) -> AsyncIterator[Page]:
    """Search tells only the beginning of a text and no counts: each post is read in its topic."""
    hits: dict[str, None] = {}
    lost = 0
    last = (window.end - timedelta(microseconds=1)).date()
    async for page, lost_here in search(
        client, f"{root(options.base_url)}/search.json", words, window.start.date(), last
    ):
        hits |= dict.fromkeys(found_in(page))
        lost += lost_here
    async for page in _read(client, options, hits):
        yield msgspec.structs.replace(page, lost_items=lost)
        lost = 0


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts, edits and deletions of known posts, read in their topics."""
    start = f"{_forum(options)}/t/"
    async for page in _read(client, options, [each.removeprefix(start) for each in ids if each.startswith(start)]):
        yield page


async def _read(client: Client, options: Options, wanted: Iterable[str]) -> AsyncIterator[Page]:
    """Posts by `topic/number`: a topic tells some twenty around the one that is asked for."""
    numbers: dict[str, set[int]] = {}
    for each in wanted:
        topic_id, _, post_number = each.partition("/")
        numbers.setdefault(topic_id, set()).add(int(post_number))
    for topic_id, missing in numbers.items():
        while missing:
            number = min(missing)
            page = await _topic(client, options, f"{topic_id}/{number}")
            if page is None:
                break
            yield page
            missing -= {number, *_numbers(page)}


async def _topic(client: Client, options: Options, path: str) -> Page | None:
    """A topic's page; None where it is gone, or closed though the forum is not: a wrong key has the same answer."""
    page = await client.get(f"{root(options.base_url)}/t/{path}.json", allow_status=(*GONE, CLOSED))
    if page.status == CLOSED:
        await client.get(f"{root(options.base_url)}/about.json")
    return page if page.status == 200 else None


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """A whole topic. The page that says how many posts it has comes last, when all others were read."""
    topic_id = native_id.removeprefix(f"{_forum(options)}/t/").partition("/")[0]
    whole = await _topic(client, options, topic_id)
    if whole is None:
        return
    stream = whole.json(_Topic).post_stream
    shown = {post.get("id") for post in map(_decoded, stream.posts) if isinstance(post, dict)}
    rest = [str(each) for each in (stream.stream or [])[:MOST_POSTS] if each not in shown]
    for at in range(0, len(rest), BATCH):
        batch = rest[at : at + BATCH]
        yield await client.get(f"{root(options.base_url)}/t/{topic_id}/posts.json", {"post_ids[]": batch})
    yield whole


class _Stream(msgspec.Struct):
    posts: list[msgspec.Raw]
    stream: list[int] | None = None  # ids of all posts; told with the topic, not with some of its posts


class _Topic(msgspec.Struct):
    post_stream: _Stream
    title: str | None = None
    views: int | None = None
    tags: list[Any] = []


class _Latest(msgspec.Struct):
    latest_posts: list[msgspec.Raw]


class _Answer(msgspec.Struct):
    """Which of the three an answer is: what it does not hold is empty."""

    post_stream: msgspec.Raw = msgspec.Raw()
    cooked: msgspec.Raw = msgspec.Raw()


def items(page: Page) -> Sequence[bytes]:
    """The posts of an answer: of a topic, of the newest, or a single one."""
    answer: _Answer = page.json(_Answer)
    if bytes(answer.post_stream):
        return [bytes(post) for post in page.json(_Topic).post_stream.posts]
    if bytes(answer.cooked):
        return [page.body]
    return [bytes(post) for post in page.json(_Latest).latest_posts]


def wrap(page: Page, found: Sequence[bytes]) -> bytes:
    """The answer with these posts: a topic keeps its title, which is the first post's too."""
    answer = page.json()
    posts = [msgspec.Raw(post) for post in found]
    if isinstance(answer, dict) and "post_stream" in answer:
        return msgspec.json.encode({**answer, "post_stream": {**answer["post_stream"], "posts": posts}})
    return found[0] if isinstance(answer, dict) and "cooked" in answer else msgspec.json.encode({"latest_posts": posts})


def parse(page: Page, options: Options) -> Parsed:
    """Mentions, counts, accounts, edges and deletions of one page, and how far a topic was read."""
    answer: _Answer = page.json(_Answer)
    told: _Topic | None = page.json(_Topic) if bytes(answer.post_stream) else None
    tags = [tag.get("name") if isinstance(tag, dict) else tag for tag in told.tags] if told else []
    topic = Told(
        forum=_forum(options),
        url=root(options.base_url),
        title=told.title if told else None,
        views=told.views if told else None,
        tags=[tag for tag in tags if isinstance(tag, str)],
    )
    found = items(page)
    parsed = parse_items(page, found, functools.partial(_records, topic), FIELDS)
    if page.verb != "context" or told is None:
        return parsed
    posts = [post for post in map(_decoded, found) if isinstance(post, dict) and isinstance(post.get("topic_id"), int)]
    if not posts:
        return parsed
    return with_thread(
        parsed,
        page,
        root_id=topic.mention_id(posts[0]["topic_id"], 1),
        replies_read=sum(post.get("post_number") != 1 for post in posts),
        is_complete=told.post_stream.stream is not None and len(told.post_stream.stream) <= MOST_POSTS,
    )


def _records(topic: Told, post: Mapping[str, Any], page: Page) -> Sequence[records.Record]:
    return records_of(post, page, topic)


def _numbers(page: Page) -> set[int]:
    posts = [post for post in map(_decoded, items(page)) if isinstance(post, dict)]
    return {number for post in posts if isinstance(number := post.get("post_number"), int)}


def _decoded(item: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # parsing it will tell why


def _forum(options: Options) -> str:
    return root(options.base_url).partition("://")[2]


def credentials(options: Options, secrets: Mapping[str, str]) -> Credentials:
    """With a key an administrator's limits hold."""
    key = secrets.get("api_key")
    if not key:
        return Credentials()
    rates = (RateLimit(60, 60), RateLimit(30, 60, counts=r"/search\.json"))
    return Credentials(headers={"Api-Key": key, "Api-Username": options.api_username}, rates=rates)


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(200, 60), RateLimit(50, 10), RateLimit(8, 60, counts=r"/search\.json")),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=BATCH,
    secrets=(
        Secret(
            "api_key",
            "an API key of the forum, made by its administrator under Admin, API; only for forums that show "
            "nothing to strangers",
            is_required=False,
        ),
    ),
    credentials=credentials,
    wrap=wrap,
    tells_deletions=True,
)
