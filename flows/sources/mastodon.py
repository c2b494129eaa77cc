"""Mastodon and servers that speak like it: tag timelines, search, accounts, statuses and threads.

Full-text search answers only a signed-in user, and only with posts of those who opted in: without a token no error,
but nothing. API: https://docs.joinmastodon.org/methods; limits: https://docs.joinmastodon.org/api/rate-limits, and
`config/initializers/rack_attack.rb` of mastodon/mastodon for requests that page.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import HttpUrl

from flows import records
from flows.errors import CredentialError, SourceError
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Topic, Window, parse_items, root
from flows.sources.mastodon_status import FIELDS, PLATFORM, Server, records_of
from flows.sources.mastodon_thread import answering, decoded, told, with_context
from flows.sources.mastodon_timeline import Statuses, operand, tags_of, walk
from flows.sources.wording import worded

BATCH = 20  # statuses a request: the server's own limit
LONGEST_QUERY = 500
UNAUTHENTICATED = 422  # older servers' word for 401
GONE = (404, 410)


class Options(SourceOptions):
    """One server. Its tag timelines hold posts of all servers that it knows."""

    type: Literal["mastodon"]
    base_url: HttpUrl = HttpUrl("https://mastodon.social")
    domain: str | None = None  # its name in its posts' addresses, where that is not the host of base_url
    origins: bool = True  # ask the servers where posts were written for their counts and threads


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Timelines of the topic's tags, and words as tags; then what search finds, for those who may search."""
    for tag, others in dict.fromkeys(tags_of(topic.query)):
        asked: Params = {"limit": 40, **({"all[]": others} if others else {})}
        async for page in walk(
            client, f"{root(options.base_url)}/api/v1/timelines/tag/{tag}", asked, window, (UNAUTHENTICATED,)
        ):
            yield _unless_refused(page)
    for words in worded(PLATFORM, topic.query, operand, longest=LONGEST_QUERY):
        asked = {"q": " ".join(words), "type": "statuses", "limit": 40}
        async for page in walk(client, f"{root(options.base_url)}/api/v2/search", asked, window):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """The account's profile, then what it wrote and boosted in the window, as far as this server knows."""
    page = await client.get(f"{root(options.base_url)}/api/v1/accounts/lookup", {"acct": account}, allow_status=(404,))
    if page.status == 404:
        raise SourceError(PLATFORM, f"{page.request}: no such account; write it as user@server")
    yield page
    local_id = page.json(_Account).id
    async for found in walk(
        client, f"{root(options.base_url)}/api/v1/accounts/{local_id}/statuses", {"limit": 40}, window
    ):
        yield found


async def refresh(client: Client, options: Options, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Counts, edits and absences of known statuses, asked where they were written.

    Raises SourceError at the end where a server could not be asked: what it has is then neither read nor absent.
    """
    by_host: dict[str, list[str]] = {}
    for native_id in ids:
        host, _, local_id = native_id.partition("/")
        by_host.setdefault(host, []).append(local_id)
    silent: list[str] = []
    for host, local_ids in by_host.items():
        try:
            async for page in _statuses(client, _at(options, host), local_ids):
                yield page
        except SourceError:
            if host == _domain(options):
                raise
            silent.append(host)
    if silent:
        raise SourceError(PLATFORM, f"{len(silent)} servers did not tell their counts: {', '.join(silent[:5])}")


async def _statuses(client: Client, root: str, local_ids: Sequence[str]) -> AsyncIterator[Page]:
    """In batches where the server has them (4.3), else one by one."""
    for at in range(0, len(local_ids), BATCH):
        batch = list(local_ids[at : at + BATCH])
        page = await client.get(f"{root}/api/v1/statuses", {"id[]": batch}, allow_status=(404, 405))
        if page.status == 200:
            yield page
            continue
        for local_id in batch:
            single = await client.get(f"{root}/api/v1/statuses/{local_id}", allow_status=GONE)
            if single.status == 200:
                yield single


async def context(client: Client, options: Options, native_id: str) -> AsyncIterator[Page]:
    """The thread in which a status stands, from its root where that can be asked; nothing where it is gone."""
    page = await _context(client, options, native_id)
    if page is None:
        return
    yield page
    first = next(decoded(page.json(_Answer).ancestors), None)
    if first is not None:
        root = await _context(client, options, _server(page, options).native_id(first))
        if root is not None:
            yield root


async def _context(client: Client, options: Options, native_id: str) -> Page | None:
    host, _, local_id = native_id.partition("/")
    if "/" in local_id or ":" in local_id or not (options.origins or host == _domain(options)):
        return None
    url = f"{_at(options, host)}/api/v1/statuses/{local_id}/context"
    elsewhere = () if host == _domain(options) else (401, 403)  # a server that shows nothing to strangers
    page = await client.get(url, allow_status=(*GONE, *elsewhere))
    return page if page.status == 200 else None


class _Account(msgspec.Struct):
    id: str


class _Answer(msgspec.Struct):
    """A search, a thread, or a single status or account; statuses stay as they are."""

    id: Any = None
    statuses: list[msgspec.Raw] | None = None
    ancestors: list[msgspec.Raw] = []
    descendants: list[msgspec.Raw] | None = None


def items(page: Page) -> Sequence[bytes]:
    """The statuses of an answer, or its one account; a thread without any is an item itself, so that it is told."""
    if page.body.lstrip()[:1] == b"[":
        return [bytes(item) for item in page.json(list[msgspec.Raw])]
    answer: _Answer = page.json(_Answer)
    if answer.descendants is not None:
        return [bytes(item) for item in (*answer.ancestors, *answer.descendants)] or [page.body]
    if answer.statuses is None and answer.id is None:
        raise SourceError(PLATFORM, f"{page.request} answered no statuses")
    return [page.body] if answer.statuses is None else [bytes(item) for item in answer.statuses]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """These items as a timeline."""
    return b"[" + b",".join(found) + b"]"


def parse(page: Page, options: Options) -> Parsed:
    """Mentions, counts, accounts and edges of one page, and how far a thread was read."""
    found = _told(page)
    server = _server(page, options, found)
    parsed = parse_items(page, found, functools.partial(_records, server), FIELDS)
    return with_context(parsed, page, server) if page.verb == "context" else parsed


def _told(page: Page) -> Sequence[Any]:
    """The items as they were read: of a list in one go, where all of it can be read, else one by one."""
    answer = told(page.body)
    if isinstance(answer, dict) and answer.keys().isdisjoint(("ancestors", "descendants")):
        answer = answer.get("statuses")
    return answer if isinstance(answer, list) else [*map(told, items(page))]


def _records(server: Server, item: Statuses, page: Page) -> Sequence[records.Record]:
    return records_of(item, page, server)


def _server(page: Page, options: Options, found: Sequence[Any] = ()) -> Server:
    host = urlsplit(page.request.partition(" ")[2]).netloc
    domain = host if host and host != _host(options) else _domain(options)
    return answering(page, Server(domain, asks_origins=options.origins), found)


def _unless_refused(page: Page) -> Page:
    if page.status == UNAUTHENTICATED:
        raise CredentialError(PLATFORM, f"{page.request} is shown to signed-in users only: give an access token")
    return page


def _host(options: Options) -> str:
    return urlsplit(str(options.base_url)).netloc


def _domain(options: Options) -> str:
    return options.domain or _host(options)


def _at(options: Options, host: str) -> str:
    return root(options.base_url) if host == _domain(options) else f"https://{host}"


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """The token goes to the configured server alone; others are asked as anyone may."""
    token = secrets.get("access_token")
    return Credentials(headers={"Authorization": f"Bearer {token}"} if token else {})


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    rates=(RateLimit(300, 300), RateLimit(300, 900, counts=r"[?&](max_id|min_id|since_id|page)=")),
    discover=discover,
    timeline=timeline,
    refresh=refresh,
    context=context,
    refresh_batch=BATCH,
    secrets=(
        Secret(
            "access_token",
            "a token with scope read of an account on the server: Preferences, Development, New application. "
            "Without it only tags are seen, and threads to 60 replies",
            is_required=False,
        ),
    ),
    credentials=credentials,
    wrap=wrap,
)
