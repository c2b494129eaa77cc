"""What a page of 40 items costs from the request to the columns of its batch, in milliseconds of CPU, for each source.

The pages (`parse_samples`) go the real way: asked by the real client, over no socket; landed; read back, parsed,
matched and written as a batch of PAGES pages. `markup` is the part of parsing that reads HTML and XML; of a feed in XML
a second line tells what feedparser alone takes on the same bytes, with all that can be left out left out. Of three
measurements the least is told, as others use the machine too. Run: `python -m tests.bench.bench_parse [platform…]`.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest.mock import patch
from urllib.parse import parse_qs

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import feedparser
import httpx

from flows.batch import Job, batches
from flows.http import Answer, HttpClient, Limits
from flows.landing import LandingClient, Outcome
from flows.sources.base import Page
from tests.bench.parse_samples import AS_OF, HERE, TOPIC, Sample, of_facades, opened, with_articles

PAGES, TIMES = 50, 3
TARGET = 3.0
MARKUP = ("from_html", "read", "_links", "read_feed")
"""What reads HTML and XML, in whatever source's module it stands."""
SITE = "https://a.example.org"

P = ParamSpec("P")
R = TypeVar("R")


class Watch:
    """CPU seconds by what they went into; of what calls itself the outermost counts."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._running: set[str] = set()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        if name in self._running:
            yield
            return
        self._running.add(name)
        began = time.process_time()
        try:
            yield
        finally:
            self.spent[name] += time.process_time() - began  # type: ignore[assignment] # a counter of seconds
            self._running.discard(name)

    def around(self, name: str, function: Callable[P, R]) -> Callable[P, R]:
        def watched(*args: P.args, **more: P.kwargs) -> R:
            with self.on(name):
                return function(*args, **more)

        return watched


class Asked(HttpClient):
    """The real client, watched."""

    watch: Watch

    async def get(self, *args: object, **more: object) -> Answer:
        with self.watch.on("request"):
            return await super().get(*args, **more)  # type: ignore[arg-type]

    async def post(self, *args: object, **more: object) -> Answer:
        with self.watch.on("request"):
            return await super().post(*args, **more)  # type: ignore[arg-type]


def main(platforms: list[str]) -> None:
    for sample in of_facades():
        for each in (sample, with_articles(sample)):
            if each is not None and (not platforms or each.source.platform in platforms):
                _tell(each)


def _tell(sample: Sample) -> None:
    measured(sample, 3)
    found = min((measured(sample, PAGES) for _ in range(TIMES)), key=lambda spent: spent["land"] + spent["batch"])
    to_records = found["land"] + found["parse"]
    size = len(sample.page.body) / 1000
    share = measured(sample, PAGES, parts=MARKUP)["markup"]  # by itself: asking the clock costs as much as a short text
    markup = f", at most {share:.1f} of it markup" if share else ""
    print(
        f"parse: {sample.name}: {to_records:.1f} ms to records (target {TARGET:g}): request {found['request']:.1f}, "
        f"landing {found['land'] - found['request']:.1f}, parsing {found['parse']:.1f}{markup}; batch and match "
        f"{found['batch'] - found['parse']:.1f}; {size:.0f} KB, {100 * to_records / size:.1f} ms per 100 KB"
    )
    if sample.page.body.lstrip()[:1] == b"<":
        print(f"parse: {sample.name}: feedparser alone: {min(_feedparser(sample.page) for _ in range(TIMES)):.1f} ms")


def _feedparser(page: Page) -> float:
    """Milliseconds a page; with the XML parser of ours, which is the quicker one."""
    began = time.process_time()
    for _ in range(PAGES):
        feedparser.parse(io.BytesIO(page.body), sanitize_html=False, resolve_relative_uris=False)
    return 1000 * (time.process_time() - began) / PAGES


def measured(sample: Sample, pages: int, parts: Sequence[str] = ()) -> Counter[str]:
    """Milliseconds a page."""
    watch, source = Watch(), sample.source
    with tempfile.TemporaryDirectory() as name, ExitStack() as patches:
        for module in [each for key, each in sys.modules.items() if key.startswith("flows.sources.")]:
            for function in (each for each in parts if hasattr(module, each)):
                watched = watch.around("markup", getattr(module, function))
                patches.enter_context(patch.object(module, function, watched))
        job = Job(
            run_id="bench", as_of=AS_OF, source=replace(source, parse=watch.around("parse", source.parse)),
            options=sample.options, platform=source.platform, topics=[TOPIC], tracked=frozenset(),
            landing=Path(name) / "landing", staging=Path(name) / "staging", folder=Path(name), limits=Limits(),
        )  # fmt: skip
        outcome = asyncio.run(_landed(sample, job, pages, watch))
        with watch.on("batch"):
            list(batches(job, [outcome]))
    return Counter({key: 1000 * spent / pages for key, spent in watch.spent.items()})


async def _landed(sample: Sample, job: Job, pages: int, watch: Watch) -> Outcome:
    """As many answers as asked for; each is another question to the same address."""
    source, page = sample.source, sample.page
    media = page.headers.get("content-type", "application/json")

    async def public(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": media}, stream=httpx.ByteStream(page.body))

    method, _, address = page.request.replace(HERE, SITE).partition(" ")
    url, _, query = address.partition("?")  # as sources ask: the address and its parameters apart
    with patch("flows.http.client.open_transport", lambda: httpx.MockTransport(answer)):
        http = Asked(source.platform, rates=(), base_urls=[SITE], accept=source.accept, resolve=public)
        http.watch = watch
        attempt = opened(job.landing, source)
        client = LandingClient(attempt, http)
        found: list[Page] = []
        with watch.on("land"):
            for number in range(pages):
                asked: dict[str, str | int | Sequence[str]] = {**parse_qs(query), "number": number}
                found.append(await (client.post(url, {}, asked) if method == "POST" else client.get(url, asked)))
                if source.discover:
                    source.items(found[-1])  # as its paging does
            ids = [each.page_id for each in found]
            return attempt.finish(ids, is_covered=True, rate_limited=0, lost_items=0, error=None)


if __name__ == "__main__":
    main(sys.argv[1:])
