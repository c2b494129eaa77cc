"""Reddit: search, listings of users and subreddits, and comment trees of the Data API.

No listing can be cut by time, and none reaches back further than about a thousand items: what is missing is counted.
https://www.reddit.com/dev/api; https://support.reddithelp.com/hc/en-us/articles/16160319875092.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from pydantic import HttpUrl, StringConstraints

from flows import topics
from flows.errors import SourceError
from flows.sources import paginate
from flows.sources.access import Credentials, Login, RateLimit, Secret
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Topic, Window, parse_items, root
from flows.sources.losses import unread
from flows.sources.reddit_things import FIELDS, PLATFORM, Thing, records_of, thread, time_of
from flows.sources.threads import with_thread
from flows.sources.wording import packed, quoted, worded

PAGE = 100
REACHABLE = 1000  # items of a listing
FULL = 0.9 * REACHABLE  # what is deleted counts towards the thousand and is not shown
LONGEST_QUERY = 512
OR = " OR "
COMMENTS = 500  # of a thread in one answer


class Options(SourceOptions):
    """`subreddits` are read comment by comment too, for search finds posts alone."""

    type: Literal["reddit"]
    account: str | None = None  # your Reddit user: the vendor wants it in the User-Agent
    subreddits: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{2,21}$")], ...] = ()
    base_url: HttpUrl = HttpUrl("https://oauth.reddit.com")
    login_url: HttpUrl = HttpUrl("https://www.reddit.com")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Posts of the window that may match, and all comments of the subreddits that are watched."""
    parts = [f"({' '.join(words)})" for words in worded(PLATFORM, topic.query, _operand, longest=LONGEST_QUERY - 2)]
    for group in packed(parts, OR, longest=LONGEST_QUERY):
        async for page in _search(client, options, group, window):
            yield page
    if options.subreddits:
        async for page in _newest(client, options, f"r/{'+'.join(options.subreddits)}/comments", {}, window):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """What one user posted and commented in the window."""
    for kind in ("submitted", "comments"):
        async for page in _newest(client, options, f"user/{account}/{kind}", {"sort": "new"}, window):
            yield page


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts, edits and deletions of known posts and comments; native ids are Reddit's fullnames (t3_…, t1_…)."""
    yield await _get(client, options, "api/info", {"id": ",".join(ids)})


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """The whole thread of a post or comment, as far as one answer shows it; nothing where it is not shown."""
    root: str | None = native_id
    if native_id.startswith("t1_"):
        root = _link_of(await _get(client, options, "api/info", {"id": native_id}))
    if root is None:
        return
    path = f"comments/{root.removeprefix('t3_')}"
    page = await _get(client, options, path, {"limit": COMMENTS, "sort": "new"}, allow=(403, 404))
    if page.status == 200:
        yield page


async def _search(client: Client, options: Options, group: Sequence[str], window: Window) -> AsyncIterator[Page]:
    """Alternatives in one query. Where it ends at the cap: each half of them, or each watched subreddit, alone."""
    asked = {"q": OR.join(group), "sort": "new", "t": "all", "type": "link"}
    is_cut = False
    async for page in _newest(client, options, "search", asked, window):
        is_cut = is_cut or page.lost_items > 0
        yield msgspec.structs.replace(page, lost_items=0) if len(group) > 1 else page
    if not is_cut:
        return
    middle = len(group) // 2
    for half in (group[:middle], group[middle:]) if middle else ():
        async for page in _search(client, options, half, window):
            yield page
    for name in () if middle else options.subreddits:
        async for page in _newest(client, options, f"r/{name}/search", {**asked, "restrict_sr": 1}, window):
            yield msgspec.structs.replace(page, lost_items=0)  # counted above


async def _newest(
    client: Client, options: Options, path: str, asked: Mapping[str, str | int], window: Window
) -> AsyncIterator[Page]:
    """A listing, newest first, down to the window's start. The last page tells what is out of reach."""
    seen, is_past = 0, False
    newest: datetime | None = None
    anchors: list[str] = []

    async def fetch(after: str | None) -> Page:
        page = await _get(client, options, path, {**asked, "limit": PAGE, **({"after": after} if after else {})})
        for anchor in anchors if after else ():  # a listing ends where its anchor was deleted meanwhile
            if items(page):
                break
            page = await _get(client, options, path, {**asked, "limit": PAGE, "after": anchor})
        return page

    def following(page: Page) -> str | None:
        return None if is_past else _listing(page).data.after

    async for page in paginate.follow(fetch, following, items, max_pages=2 * REACHABLE // PAGE):
        things = [thing for thing in map(_thing, items(page)) if thing is not None]
        anchors = [thing.name for thing in things[-2:-5:-1]]
        times = [time_of(thing) for thing in things]
        seen += len(items(page))
        newest = newest or (times[0] if times else None)
        is_past = bool(times) and times[-1] < window.start
        is_cut = not following(page) and not is_past and seen >= FULL
        lost = unread(seen, newest, times[-1], window) if is_cut and newest and times else int(is_cut)
        if lost or not times or any(window.start <= time < window.end for time in times):
            yield msgspec.structs.replace(page, lost_items=lost)


async def _get(
    client: Client, options: Options, path: str, params: Mapping[str, str | int], allow: tuple[int, ...] = ()
) -> Page:
    page = await client.get(f"{root(options.base_url)}/{path}", {**params, "raw_json": 1}, allow_status=(403, 404))
    if page.status != 200 and page.status not in allow:
        why = "is not there" if page.status == 404 else "is private, suspended or closed to this app"
        raise SourceError(PLATFORM, f"{page.request} {why}: check the account's name and the subreddits")
    return page


class _Data(msgspec.Struct):
    children: list[msgspec.Raw]
    after: str | None = None


class _Listing(msgspec.Struct):
    data: _Data


def _listing(page: Page) -> _Listing:
    listing: _Listing = page.json(_Listing)
    return listing


def _thing(item: bytes) -> Thing | None:
    """What paging must know of an item; None where it cannot be read, which parsing will tell."""
    try:
        return msgspec.json.decode(item, type=Thing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _link_of(page: Page) -> str | None:
    found = [thing.data.link_id for thing in map(_thing, items(page)) if thing]
    return found[0] if found else None


def items(page: Page) -> Sequence[bytes]:
    """Posts and comments of a listing; of a thread the post and all its comments, each without those below it."""
    if tree := thread(page):
        return tree.things
    return [bytes(child) for child in _listing(page).data.children]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """A listing of these items."""
    return b'{"data":{"children":[' + b",".join(found) + b"]}}"


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions, counts, accounts and edges of one page, and how far a thread was read."""
    tree = thread(page)
    parsed = parse_items(page, tree.things if tree else items(page), records_of, FIELDS, inside="data")
    if not (tree and tree.root):
        return parsed
    return with_thread(
        parsed,
        page,
        root_id=f"{PLATFORM}:{tree.root}",
        replies_read=max(0, len(tree.things) - 1),
        is_complete=tree.is_whole,
    )


def _operand(term: topics.Term) -> str:
    return f'site:"{term.text}"' if term.kind == "domain" else quoted(term)


def credentials(options: Options, secrets: Mapping[str, str]) -> Credentials:
    """The app's own session: it reads what everyone may read."""
    who = f" (by /u/{options.account})" if options.account else ""
    url = f"{str(options.login_url).rstrip('/')}/api/v1/access_token"
    basic = (secrets.get("client_id", ""), secrets.get("client_secret", ""))
    return Credentials(
        headers={"User-Agent": f"python:soundings:v1{who}"},
        login=Login(url, {"grant_type": "client_credentials"}, basic=basic),
    )


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(1000, 600),),  # 100 a minute, averaged over ten
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    secrets=(
        Secret("client_id", "the id of a `script` or `web app` made at https://www.reddit.com/prefs/apps"),
        Secret("client_secret", "the secret beside that id"),
    ),
    credentials=credentials,
    recheck_days=7,  # what is deleted there must be deleted here; the terms name no day
    most_rechecks=20_000,
    wrap=wrap,
    cost="free for non-commercial use, 100 requests a minute; commercial use needs a contract",
    tells_deletions=True,
)
