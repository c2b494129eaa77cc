"""Stack Exchange: questions, answers and comments of one site by API 2.3; a key is free and optional.

Search tells ids, a hundred of which are read whole by one request. https://api.stackexchange.com/docs/throttle.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from pydantic import HttpUrl, StringConstraints

from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Topic, Window, parse_items, root
from flows.sources.moments import utc
from flows.sources.stackexchange_posts import KNOWN, PLATFORM, answer_of, is_whole, parts, pause, records_of
from flows.sources.threads import with_thread
from flows.sources.wording import quoted, worded

PAGE = 100
MOST_PAGES = 25  # of one list, without a key (https://api.stackexchange.com/docs/paging)
LONGEST_QUERY = 240  # not documented; a question's title has 150
THREAD_FIELDS = ";".join(
    ["question.answers", "question.comments", "question.comment_count", "answer.comments", "answer.comment_count"]
)


class Options(SourceOptions):
    """One site: posts and users of each are numbered on their own, so each is a source of its own."""

    type: Literal["stackexchange"]
    site: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.]{1,60}$")] = "stackoverflow"
    base_url: HttpUrl = HttpUrl("https://api.stackexchange.com/2.3")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Questions and answers of the window that may match: each alternative is a search of its own."""
    for words in worded(PLATFORM, topic.query, quoted, longest=LONGEST_QUERY):
        async for page in _within(client, options, "search/excerpts", {"q": " ".join(words)}, window):
            async for posts in _posts(client, options, answer_of(page).items):
                yield posts


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """What a user of this site, written as `<site>-<number>`, posted and commented in the window."""
    site, _, number = account.rpartition("-")
    if site != options.site:
        return  # another source's
    if not number.isdigit():
        raise SourceError(PLATFORM, f"account {account!r} is none; write {options.site}-<the number of its profile>")
    async for page in _within(client, options, f"users/{number}/posts", {}, window):
        async for posts in _posts(client, options, answer_of(page).items):
            yield posts
    async for page in _within(client, options, f"users/{number}/comments", {"filter": "withbody"}, window):
        yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Scores, views and edits of known posts and comments of this site."""
    own = [native_id.removeprefix(f"{options.site}-") for native_id in ids if native_id.startswith(f"{options.site}-")]
    if posts := [number for number in own if not number.startswith("c")]:
        named = answer_of(await _get(client, options, _path("posts", posts))).items
        async for page in _posts(client, options, named):
            yield page
    if comments := [number[1:] for number in own if number.startswith("c")]:
        yield await _get(client, options, _path("comments", comments), {"filter": "withbody"})


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """The question that a post or comment belongs to, with all answers and comments; nothing where it is gone."""
    site, _, number = native_id.rpartition("-")
    if site != options.site:
        return  # another source's
    if number.startswith("c"):
        number = str(await _first(client, options, f"comments/{number[1:]}", "post_id") or "")
    kind = await _first(client, options, f"posts/{number}", "post_type") if number else None
    if kind == "answer":
        number = str(await _first(client, options, f"answers/{number}", "question_id") or "")
    if not (kind and number):
        return
    # A filter is made, or found, by what it includes; it never changes.
    wanted = {"base": "withbody", "include": THREAD_FIELDS}
    made = answer_of(await client.get(f"{root(options.base_url)}/filters/create", wanted)).items
    page = await _get(client, options, f"questions/{number}", {"filter": made[0]["filter"]})
    if answer_of(page).items:
        yield page


async def _within(
    client: Client, options: Options, path: str, asked: Mapping[str, str], window: Window
) -> AsyncIterator[Page]:
    """A list within the window, newest first; where its pages end for lack of reach it begins again below."""
    until = window.end
    while until > window.start:
        bounds: Params = {
            "fromdate": _epoch(window.start),
            "todate": _epoch(until) - 1,
            "sort": "creation",
            "order": "desc",
        }
        oldest, has_more = until, False
        async for page in _pages(client, options, path, {**asked, **bounds}):
            times = [moment for moment in map(_moment, answer_of(page).items) if moment]
            oldest, has_more = min([oldest, *times]), answer_of(page).has_more
            yield page
        if not has_more:
            return
        until = min(oldest + timedelta(seconds=1), until - timedelta(seconds=1))


async def _pages(client: Client, options: Options, path: str, asked: Params) -> AsyncIterator[Page]:
    number = 0

    async def fetch(token: str | None) -> Page:
        return await _get(client, options, path, {**asked, "page": int(token or 1)})

    def following(page: Page) -> str | None:
        return str(number + 1) if answer_of(page).has_more and number < MOST_PAGES else None

    async for page in paginate.follow(fetch, following, items, max_pages=MOST_PAGES):
        number += 1
        yield page


async def _posts(client: Client, options: Options, found: Sequence[Any]) -> AsyncIterator[Page]:
    """Questions and answers whole, from a list that names them."""
    for kind, ids in (("questions", _ids(found, "question")), ("answers", _ids(found, "answer"))):
        for start in range(0, len(ids), PAGE):
            yield await _get(client, options, _path(kind, ids[start : start + PAGE]), {"filter": "withbody"})


def _ids(found: Sequence[Any], kind: str) -> list[str]:
    """Ids of a kind; searches call it `item_type` and name answers by `answer_id`, lists of posts otherwise."""
    posts = [each for each in found if isinstance(each, dict)]
    named = [
        each.get("post_id") or each.get(f"{kind}_id")
        for each in posts
        if kind in (each.get("item_type"), each.get("post_type"))
    ]
    return [str(number) for number in dict.fromkeys(named) if isinstance(number, int)]


def _path(kind: str, ids: Sequence[str]) -> str:
    return f"{kind}/{';'.join(ids)}"


async def _get(client: Client, options: Options, path: str, params: Params | None = None) -> Page:
    return await client.get(
        f"{root(options.base_url)}/{path}", {**(params or {}), "pagesize": PAGE, "site": options.site}
    )


async def _first(client: Client, options: Options, path: str, name: str, params: Params | None = None) -> Any:
    """One value of the first that is listed; None where nothing is."""
    found = answer_of(await _get(client, options, path, params)).items
    return found[0].get(name) if found and isinstance(found[0], dict) else None


def _moment(item: Any) -> datetime | None:
    try:
        return utc(item["creation_date"])
    except (KeyError, TypeError, ValueError):
        return None


def _epoch(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


def items(page: Page) -> Sequence[bytes]:
    """What an answer lists; a question that was asked for with its answers and comments is as many items."""
    return [msgspec.json.encode(part) for each in answer_of(page).items for part in parts(each)]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """An answer with these items."""
    return b'{"items":[' + b",".join(found) + b"]}"


def parse(page: Page, options: Options) -> Parsed:
    """Mentions, counts, accounts and edges of one page, and how far a thread was read."""
    roots = answer_of(page).items
    found = [part for each in roots for part in parts(each)]
    parsed = parse_items(page, found, lambda item, page: records_of(item, page, options.site), KNOWN)
    if page.verb != "context" or not roots or not isinstance(roots[0], dict) or "question_id" not in roots[0]:
        return parsed
    return with_thread(
        parsed,
        page,
        root_id=f"{PLATFORM}:{options.site}-{roots[0]['question_id']}",
        replies_read=parsed.item_count - 1,
        is_complete=is_whole(roots[0]),
    )


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """A key raises the quota from 300 to 10,000 requests a day."""
    key = secrets.get("key")
    return Credentials(params={"key": key}, rates=_rates(10_000)) if key else Credentials(rates=_rates(300))


def _rates(daily: int) -> tuple[RateLimit, ...]:
    return RateLimit(30, 1), RateLimit(daily, 86_400, day_of="UTC")  # more are dropped; pacing keeps a margin


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=_rates(300),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=PAGE,
    secrets=(Secret("key", "a free key: register at https://stackapps.com/apps/oauth/register", is_required=False),),
    credentials=credentials,
    pause=pause,
    wrap=wrap,
    cost="free: 300 requests a day, 10,000 with a free key",
)
