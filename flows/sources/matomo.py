"""Matomo: visits of one's own sites by referrer and day, by the Reporting API. Needs a token.

Social networks and websites are told one by one, all other ways together by their kind, so that nothing counts twice.
API: https://developer.matomo.org/api-reference/reporting-api.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import msgspec
from pydantic import Field, HttpUrl

from flows import records
from flows.errors import CredentialError, SourceError
from flows.sources import referrers
from flows.sources.access import Credentials, Secret
from flows.sources.base import Client, Page, Params, Parsed, Source, SourceOptions, Window, Zone, parse_items

PLATFORM = "matomo"
KINDS = "Referrers.getReferrerType"
REPORTS = ("Referrers.getSocials", "Referrers.getWebsites", KINDS)
DIRECT, TOLD_ONE_BY_ONE = 1, (3, 7)  # Matomo's numbers of kinds: websites, social networks
DAYS_A_REQUEST = 31
Site = Annotated[str, Field(min_length=1, max_length=253)]


class Options(SourceOptions):
    """`sites`: our name of a site → its idSite; `timezone` is the sites' own."""

    type: Literal["matomo"]
    base_url: HttpUrl
    sites: Annotated[dict[Site, int], Field(min_length=1)]
    timezone: Zone = "UTC"


def channels(options: Options) -> Sequence[str]:
    """The sites: each is a window of its own."""
    return list(options.sites)


async def browse(client: Client, options: Options, channel: str, window: Window) -> AsyncIterator[Page]:
    """The window's days, and the days before that may have changed since."""
    first, last = referrers.days(window, options.timezone)
    while first <= last:
        until = min(last, first + timedelta(days=DAYS_A_REQUEST - 1))
        for report in REPORTS:
            page = await _report(client, options, report, options.sites[channel], first, until)
            items(page)  # what is no report fails the window here
            yield page
        first = until + timedelta(days=1)


async def _report(client: Client, options: Options, report: str, site_id: int, first: date, last: date) -> Page:
    """All rows of one report, one list a day; the token goes in the body, where no log sees it."""
    asked: Params = {
        "module": "API",
        "method": report,
        "idSite": site_id,
        "period": "day",
        "date": f"{first},{last}",
        "format": "JSON",
        "language": "en",
        "filter_limit": -1,  # by default it gives 100
    }
    return await client.post(f"{str(options.base_url).rstrip('/')}/index.php", {}, asked, as_form=True)


FIELDS = frozenset(
    {
        "bounce_count", "goals", "idsubdatatable", "label", "logo", "max_actions", "nb_actions", "nb_conversions",
        "nb_uniq_visitors", "nb_users", "nb_visits", "nb_visits_converted", "referer_type", "referrer_type", "revenue",
        "segment", "subtable", "sum_daily_nb_uniq_visitors", "sum_daily_nb_users", "sum_visit_length", "url",
    }
)  # fmt: skip
"""What rows of referrers are known to have, mapped or left out on purpose."""


def items(page: Page) -> Sequence[bytes]:
    """The rows of all days, each verbatim with its day."""
    answer = page.json()
    if isinstance(answer, dict) and answer.get("result") == "error":
        raise _refusal(page, str(answer.get("message")))
    rows = {} if answer == [] else page.json(dict[str, list[msgspec.Raw]])
    return [b'{"date":%s,"row":%s}' % (msgspec.json.encode(day), bytes(row)) for day in rows for row in rows[day]]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """A report of these rows."""
    days: dict[str, list[msgspec.Raw]] = {}
    for item in found:
        read = msgspec.json.decode(item, type=_Item)
        days.setdefault(read.date, []).append(read.row)
    return msgspec.json.encode(days)


def parse(page: Page, options: Options) -> Parsed:
    """Visits by referrer."""
    asked = parse_qs(page.request.partition("?")[2])
    site_id = int(asked["idSite"][0])
    site = next((name for name, number in options.sites.items() if number == site_id), str(site_id))
    is_kinds = asked["method"][0] == KINDS
    visits = partial(_visits, site=site, is_kinds=is_kinds)
    return parse_items(page, items(page), lambda item, page: list(visits(item, page)), FIELDS, inside="row")


def _visits(item: dict[str, Any], page: Page, site: str, *, is_kinds: bool) -> Iterator[records.Record]:
    row, referrer = item["row"], item["row"]["label"]
    if is_kinds:
        kind = row["referrer_type"] if "referrer_type" in row else row["referer_type"]  # its older spelling
        if kind in TOLD_ONE_BY_ONE:
            return
        referrer = "" if kind == DIRECT else referrer
    visits, bounces = row["nb_visits"], row.get("bounce_count")
    conversions = row.get("nb_conversions")
    yield records.ReferralDaily(
        site=site,
        visit_date=date.fromisoformat(item["date"]),
        referrer=referrer,
        platform=None if is_kinds else referrers.platform_of(referrer),
        landing_page="",  # not told by referrer
        sessions=visits,
        engaged_sessions=None if bounces is None else visits - bounces,
        conversions=row.get("nb_visits_converted") if conversions is None else conversions,
        captured_at=page.as_of,
    )


class _Item(msgspec.Struct):
    date: str
    row: msgspec.Raw


def _refusal(page: Page, said: str) -> SourceError:
    """Matomo refuses with an answer 200; its sentence tells the operator what to do."""
    told = f"{page.request} is refused: {' '.join(said.split())[:200]}"
    if any(word in said.lower() for word in ("token", "access", "authenticat")):
        return CredentialError(PLATFORM, f"{told}; check the token and what it may view")
    return SourceError(PLATFORM, told)


def credentials(_options: Options, secrets: Mapping[str, str]) -> Credentials:
    """The token goes along in the form."""
    return Credentials(form={"token_auth": secrets.get("token", "")})


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    wrap=wrap,
    channels=channels,
    browse=browse,
    secrets=(Secret("token", "a token of a user with view access: Matomo, Administration, Personal, Security"),),
    credentials=credentials,
)
