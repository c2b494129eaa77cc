"""Matomo's Reporting API: three reports of referrers, by day, of one site.

From https://developer.matomo.org/api-reference/reporting-api (parameters, `filter_limit` of 100, dates in the site's
time zone, the token in the body of a POST) and its own sentences of refusal, which are answers 200.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.stage import Stage
from flows.sandbox.platforms.visits import DIRECT, SEARCH, SITES, SOCIAL, WEBSITE, Visits, told

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - it opens nothing
KINDS = {DIRECT: "Direct Entry", SEARCH: "Search Engines", WEBSITE: "Websites", SOCIAL: "Social Networks"}
REPORTS = {"Referrers.getSocials": SOCIAL, "Referrers.getWebsites": WEBSITE, "Referrers.getReferrerType": None}


class Refusal(Exception):  # noqa: N818 - it is an answer, no error
    """The sentence that it answers instead."""


class Matomo:
    """The server's answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._world, self._now = stage.world, now

    async def api(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        try:
            return answer(self._report({**request.query_params, **form}, form.get("token_auth")))
        except Refusal as refusal:
            return answer({"result": "error", "message": str(refusal)})

    def _report(self, asked: dict[str, str], token: str | None) -> dict[str, list[dict[str, Any]]]:
        if asked.get("module") != "API" or asked.get("format", "").lower() != "json":
            raise Refusal("The module or the format is not available.")
        if asked.get("method") not in REPORTS:
            raise Refusal(f"The method '{asked.get('method')}' does not exist or is not available.")
        if token != TOKEN:
            raise Refusal("Unable to authenticate with the provided token. It is either invalid or expired.")
        number = asked.get("idSite", "")
        site = next((name for name, known in SITES.items() if str(known) == number), None)
        if site is None:
            raise Refusal(f"You can't access this resource as it requires 'view' access for the website id = {number}.")
        if asked.get("period") != "day":
            raise Refusal(f"The period '{asked.get('period')}' is not supported.")
        limit = int(asked.get("filter_limit", "100"))
        rows = {day: self._of_day(site, day, REPORTS[asked["method"]]) for day in _days(asked.get("date", ""))}
        return {str(day): found if limit < 0 else found[:limit] for day, found in rows.items()}

    def _of_day(self, site: str, day: date, kind: int | None) -> list[dict[str, Any]]:
        visits = [each for each in told(self._world, self._now()) if (each.site, each.day) == (site, day)]
        grouped: dict[str, list[Visits]] = defaultdict(list)
        for each in visits:
            if kind is None:
                grouped[KINDS[each.way[0]]].append(each)
            elif each.way[0] == kind:
                grouped[each.way[1]].append(each)
        rows = [_row(label, found, is_kind=kind is None) for label, found in grouped.items()]
        return sorted(rows, key=lambda row: -row["nb_visits"])


def _row(label: str, found: Iterable[Visits], *, is_kind: bool) -> dict[str, Any]:
    found = list(found)
    visits, converted = sum(each.visits for each in found), sum(each.conversions for each in found)
    return {
        "label": label, "nb_visits": visits, "nb_actions": 3 * visits, "max_actions": 9,
        "sum_visit_length": 60 * visits, "bounce_count": sum(each.bounces for each in found),
        "nb_visits_converted": converted, "nb_conversions": converted,
        **({"referrer_type": found[0].way[0]} if is_kind else {}),
    }  # fmt: skip


def _days(asked: str) -> list[date]:
    try:
        first, last = (date.fromisoformat(day) for day in asked.split(","))
    except ValueError:
        raise Refusal(f"Date format must be: YYYY-MM-DD,YYYY-MM-DD, not '{asked}'.") from None
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that the server answers."""
    return [Route("/index.php", Matomo(stage, now).api, methods=["POST"])]


FACADE = Facade(
    platform="matomo",
    routes=routes,
    limits=lambda: [],  # a server of one's own
    options={"base_url": "{url}", "sites": SITES},
    secrets={"token": TOKEN},
    mentions=False,
    tells={},
    handle=None,
)
