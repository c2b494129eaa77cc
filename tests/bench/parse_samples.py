"""Pages of 40 items, one of each source: of the sandbox's façades, and with articles as long as those of newspapers."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import msgspec

from flows.credentials import Access, credentials
from flows.http import HttpClient
from flows.landing import Attempt, LandingClient
from flows.sandbox import phrases
from flows.sandbox.platforms import FACADES
from flows.sandbox.server import Sandbox
from flows.sandbox.world import World
from flows.sources import SOURCES
from flows.sources.base import Page, Source, SourceOptions, Topic, Window

ITEMS = 40
AS_OF = datetime.now(UTC).replace(tzinfo=None, microsecond=0)  # X knows the last seven days alone
TOPIC = Topic(phrases.ENTITIES[0].entity_id, phrases.ENTITIES[0].query)
HERE = "http://127.0.0.1:1"
HACKERNEWS = {"base_url": "{url}/api/v1", "items_url": "{url}/v0"}
ENTRY = re.compile(rb"<(item|entry)\b.*?</\1>", re.DOTALL)
ENCODED = re.compile(rb"(?<=<content:encoded>).*?(?=</content:encoded>)", re.DOTALL)
PARAGRAPH = (
    '<p class="lead">Acme Air said <a href="https://a.example/{n}?a=1&amp;b=2">on Monday</a> that <em>all</em> of its '
    'flights, &#8220;without exception&#8221;, are late.</p>\n<figure><img src="/{n}.jpg" alt=""><figcaption>A plane'
    "</figcaption></figure>\n<ul><li>one</li><li>two &amp; three</li></ul>\n<blockquote><p>Never.</p></blockquote>\n"
)
ARTICLE = "".join(PARAGRAPH.replace("{n}", str(number)) for number in range(24))  # 9 KB


@dataclass(frozen=True)
class Sample:
    """One page of 40 items, and who reads it."""

    name: str
    source: Source
    options: SourceOptions
    page: Page


def of_facades() -> Iterator[Sample]:
    """The fullest answer of each platform of the sandbox; of feeds one for each format."""
    world = World.make(7, 5, 0.5, end=AS_OF)
    sandbox = Sandbox(world, platforms=dict.fromkeys(FACADES, world))
    for source in SOURCES:
        if source.files:
            continue
        told = FACADES[source.platform].options if source.platform in FACADES else HACKERNEWS
        options = _options(source, told)
        found: dict[str, Page] = {}
        for page in asyncio.run(_pages(sandbox, source, options)):
            kind = page.request.rpartition("/")[2] if source.platform == "feed" else ""
            found[kind] = max(page, found.get(kind, page), key=lambda each: len(source.items(each)))
        for kind, page in found.items():
            yield Sample(f"{source.platform} {kind}".strip(), source, options, _filled(source, page))


def with_articles(sample: Sample) -> Sample | None:
    """The same with a whole article in each item; None where the platform has no articles."""
    page, wrap = sample.page, sample.source.wrap
    if sample.name == "feed rss.xml":
        body = ENCODED.sub(escape(ARTICLE).encode(), page.body)
    elif sample.name in {"feed feed.json", "wordpress"} and wrap is not None:
        long: dict[str, Any] = {"content_html": ARTICLE, "content": {"rendered": ARTICLE}}
        items = [msgspec.json.decode(item) for item in sample.source.items(page)]
        told = [{name: long.get(name, value) for name, value in item.items()} for item in items]
        body = wrap(page, [msgspec.json.encode(item) for item in told])
    else:
        return None
    return replace(sample, name=f"{sample.name}, articles", page=msgspec.structs.replace(page, body=body))


def _options(source: Source, told: Mapping[str, Any]) -> SourceOptions:
    root = f"{HERE}/platforms/{source.platform}" if source.platform in FACADES else HERE
    plain = json.loads(json.dumps(dict(told)).replace("{url}", root))
    return source.options.model_validate({"name": source.platform, "type": source.platform, **plain})


async def _pages(sandbox: Sandbox, source: Source, options: SourceOptions) -> list[Page]:
    """What the source asks of its façade, over no socket."""
    secrets = FACADES[source.platform].secrets if source.platform in FACADES else {}
    transport = patch("flows.http.client.open_transport", lambda: httpx.ASGITransport(sandbox))
    with tempfile.TemporaryDirectory() as folder, transport:
        client = HttpClient(
            source.platform, rates=(), base_urls=[HERE], allow_private=True, accept=source.accept, pause=source.pause,
            credentials=credentials(source, options, Access(secrets)),
        )  # fmt: skip
        landing = LandingClient(opened(Path(folder), source), client)
        window = Window(AS_OF - timedelta(days=4), AS_OF)
        ways: list[AsyncIterator[Page]] = []
        if source.discover:
            ways.append(source.discover(landing, options, TOPIC, window))
        if source.channels and source.browse:
            ways += [source.browse(landing, options, channel, window) for channel in source.channels(options)]
        return [page for way in ways async for page in way]


def opened(folder: Path, source: Source) -> Attempt:
    """An attempt at a window of the source."""
    return Attempt.open(
        folder, source=source.platform, platform=source.platform, verb="discover" if source.discover else "browse",
        topic_id=TOPIC.topic_id, window_id="bench", run_id="bench", as_of=AS_OF, max_age=timedelta(days=1),
    )  # fmt: skip


def _filled(source: Source, page: Page) -> Page:
    """The page with 40 items: its own again and again, and no more."""
    if page.body.lstrip()[:1] == b"<":
        found = list(ENTRY.finditer(page.body))
        entries = b"\n".join(each[0] for each in _forty(found))
        body = page.body[: found[0].start()] + entries + page.body[found[-1].end() :]
    else:
        assert source.wrap is not None
        body = source.wrap(page, list(_forty(source.items(page))))
    return msgspec.structs.replace(page, body=body)


def _forty(found: Sequence[Any]) -> Iterator[Any]:
    return itertools.islice(itertools.cycle(found), ITEMS)
