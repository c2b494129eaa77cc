"""Plausible's Stats API v2: visits of one site, grouped by dimensions.

From https://plausible.io/docs/stats-api: metrics, dimensions, date ranges, order, pagination, 600 requests an hour and
key; a key or site that it does not know gets the same 401.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage
from flows.sandbox.platforms.visits import SITES, Visits, told

KEY = "a-stats-api-key-of-the-sandbox"
UNKNOWN = (
    "Invalid API key or site ID. "
    "Please make sure you're using a valid API key with access to the site you've requested."
)
TOO_MANY = "Too many API requests. The limit is 600 per hour. Please contact us to request more capacity."
ROWS = 10_000
DIMENSIONS: dict[str, Callable[[Visits], str]] = {
    "time:day": lambda each: str(each.day),
    "visit:source": lambda each: each.way[1] or "Direct / None",
    "visit:entry_page": lambda each: each.page,
}
METRICS: dict[str, Callable[[list[Visits]], int]] = {
    "visits": lambda found: sum(each.visits for each in found),
    "bounce_rate": lambda found: round(100 * sum(each.bounces for each in found) / sum(each.visits for each in found)),
}


class _Pagination(msgspec.Struct):
    limit: int = ROWS
    offset: int = 0


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    site_id: str
    metrics: list[str]
    date_range: tuple[date, date]
    dimensions: list[str] = []
    order_by: list[tuple[str, str]] = []
    pagination: _Pagination = msgspec.field(default_factory=_Pagination)


class Plausible:
    """The service's answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._world, self._now = stage.world, now

    async def query(self, request: Request) -> Response:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return answer({"error": "Missing API key. Please use a valid Plausible API key as a Bearer Token."}, 401)
        try:
            asked = msgspec.json.decode(await request.body(), type=_Query)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            return answer({"error": str(error)}, 400)
        if asked.site_id not in SITES or request.headers["Authorization"] != f"Bearer {KEY}":
            return answer({"error": UNKNOWN}, 401)
        unknown = {*asked.metrics} - METRICS.keys() | {*asked.dimensions} - DIMENSIONS.keys()
        unknown |= {name for name, _ in asked.order_by} - {*asked.metrics, *asked.dimensions}
        if unknown or not asked.metrics:
            return answer({"error": f"Invalid query: {', '.join(sorted(unknown)) or 'no metrics'}"}, 400)
        results = self._results(asked)[asked.pagination.offset :][: asked.pagination.limit]
        return answer({"results": results, "meta": {}, "query": msgspec.to_builtins(asked)})

    def _results(self, asked: _Query) -> list[dict[str, Any]]:
        first, last = asked.date_range
        grouped: dict[tuple[str, ...], list[Visits]] = defaultdict(list)
        for each in told(self._world, self._now()):
            if each.site == asked.site_id and first <= each.day <= last:
                grouped[tuple(DIMENSIONS[name](each) for name in asked.dimensions)].append(each)
        rows: dict[tuple[str, ...], dict[str, Any]] = {
            group: dict(zip([*asked.dimensions, *asked.metrics], [*group, *_metrics(asked, found)], strict=True))
            for group, found in grouped.items()
        }
        order = list(rows)
        for name, direction in reversed(asked.order_by or [(asked.metrics[0], "desc")]):
            order.sort(key=lambda group: rows[group][name], reverse=direction == "desc")
        return [{"dimensions": list(group), "metrics": _metrics(asked, grouped[group])} for group in order]


def _metrics(asked: _Query, found: list[Visits]) -> list[int]:
    return [METRICS[name](found) for name in asked.metrics]


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that the service answers."""
    return [Route("/api/v2/query", Plausible(stage, now).query, methods=["POST"])]


FACADE = Facade(
    platform="plausible",
    routes=routes,
    limits=lambda: [Limit(600, 3600, "https://plausible.io/docs/stats-api: API keys have 600 requests per hour")],
    options={"base_url": "{url}", "sites": list(SITES)},
    secrets={"api_key": KEY},
    refusal=lambda _limit: answer({"error": TOO_MANY}, 429),
    mentions=False,
    tells={},
    handle=None,
)
