"""Plausible: visits of one's own sites by source, landing page and day, by the Stats API v2. Needs a key.

API: https://plausible.io/docs/stats-api.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, HttpUrl

from flows import records
from flows.sources import paginate, referrers
from flows.sources.access import Credentials, RateLimit, Secret
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Window, Zone, parse_items

PLATFORM = "plausible"
METRICS = ["visits", "bounce_rate"]
DIMENSIONS = ["time:day", "visit:source", "visit:entry_page"]
DIRECT = "Direct / None"
ROWS_A_PAGE = 10_000
MAX_PAGES = 100


class Options(SourceOptions):
    """`sites` as Plausible names them; `timezone` is the sites' own."""

    type: Literal["plausible"]
    base_url: HttpUrl = HttpUrl("https://plausible.io")
    sites: Annotated[list[str], Field(min_length=1)]
    timezone: Zone = "UTC"


def channels(options: Options) -> Sequence[str]:
    """The sites: each is a window of its own."""
    return list(dict.fromkeys(options.sites))


async def browse(client: Client, options: Options, channel: str, window: Window) -> AsyncIterator[Page]:
    """The window's days, and the days before that may have changed since."""
    first, last = referrers.days(window, options.timezone)
    offsets: dict[str, int] = {}  # of the next page, by page: the answer does not say where it begins

    async def fetch(token: str | None) -> Page:
        asked = {
            "site_id": channel,
            "metrics": METRICS,
            "date_range": [str(first), str(last)],
            "dimensions": DIMENSIONS,
            "order_by": [[name, "asc"] for name in DIMENSIONS],
            "pagination": {"limit": ROWS_A_PAGE, "offset": int(token or 0)},
        }
        page = await client.post(f"{str(options.base_url).rstrip('/')}/api/v2/query", asked)
        offsets[page.page_id] = int(token or 0) + ROWS_A_PAGE
        return page

    def next_token(page: Page) -> str | None:
        return str(offsets[page.page_id]) if len(items(page)) >= ROWS_A_PAGE else None

    async for page in paginate.follow(fetch, next_token, items, max_pages=MAX_PAGES):
        yield page


FIELDS = frozenset({"dimensions", "metrics"})
"""What rows are known to have."""


def items(page: Page) -> Sequence[bytes]:
    """The rows, each verbatim with its site."""
    answer: _Answer = page.json(_Answer)
    site = msgspec.json.encode(answer.query.site_id)
    return [b'{"site":%s,"row":%s}' % (site, bytes(row)) for row in answer.results]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """An answer of these rows, which are of one site."""
    read = [msgspec.json.decode(item, type=_Item) for item in found]
    return msgspec.json.encode(_Answer([item.row for item in read], _Query(read[0].site)))


def parse(page: Page, _options: Options) -> Parsed:
    """Visits by source and landing page."""
    return parse_items(page, items(page), lambda item, page: [_visit(item, page)], FIELDS, inside="row")


def _visit(item: dict[str, Any], page: Page) -> records.Record:
    told = dict(zip(DIMENSIONS, item["row"]["dimensions"], strict=True))
    counts = dict(zip(METRICS, item["row"]["metrics"], strict=True))
    source, visits, bounce_rate = told["visit:source"], counts["visits"], counts["bounce_rate"]
    return records.ReferralDaily(
        site=item["site"],
        visit_date=date.fromisoformat(told["time:day"]),
        referrer="" if source == DIRECT else source,
        platform=referrers.platform_of(source),
        landing_page=told["visit:entry_page"],
        sessions=visits,
        # It tells a rounded percentage: of few visits the number comes back exactly, of many about half a percent off.
        engaged_sessions=None if bounce_rate is None else visits - round(visits * bounce_rate / 100),
        captured_at=page.as_of,
    )


class _Query(msgspec.Struct):
    """The answer repeats what was asked."""

    site_id: str


class _Answer(msgspec.Struct):
    results: list[msgspec.Raw]
    query: _Query


class _Item(msgspec.Struct):
    site: str
    row: msgspec.Raw


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """The key goes along as a header."""
    return Credentials(headers={"Authorization": f"Bearer {secrets.get('api_key', '')}"})


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    wrap=wrap,
    rates=(RateLimit(600, 3600),),
    channels=channels,
    browse=browse,
    secrets=(Secret("api_key", "a Stats API key: Plausible, account settings, API keys"),),
    credentials=credentials,
    cost="a Business plan in Plausible's cloud; free where you host it",
)
