"""Feeds, WordPress, GDELT, Matomo and Plausible of the sandbox refuse, cap and page as their vendors say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from flows.sandbox.platforms import FACADES, matomo, plausible
from flows.sandbox.platforms.facade import Hosted
from flows.sandbox.platforms.visits import SITES
from flows.sandbox.world import World

END = datetime(2026, 6, 10, 2)
WORLD = World.make(seed=3, days=4, scale=1.0, end=END)


class Server:
    """One platform, asked without a network; its limits count the seconds that we say have passed."""

    def __init__(self, platform: str) -> None:
        self.now, self.seconds = END, 0.0
        self.hosted = Hosted(FACADES[platform], WORLD, lambda: self.now)
        for limit in self.hosted.limiter.limits:
            limit.clock = lambda: self.seconds

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.hosted)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.example") as client:
            return await client.request(method, path, **more)


def question(**changes: Any) -> dict[str, Any]:
    return {
        "query": "(air OR airways)", "mode": "artlist", "format": "json", "maxrecords": 250,
        "startdatetime": f"{END - timedelta(days=4):%Y%m%d%H%M%S}", "enddatetime": f"{END:%Y%m%d%H%M%S}", **changes,
    }  # fmt: skip


async def test_gdelt_gives_at_most_250_articles_and_refuses_by_answers_of_text() -> None:
    server = Server("gdelt")
    full = await server.ask("GET", "/api/v2/doc/doc", params=question(query="domain:.example"))
    assert len(full.json()["articles"]) == 250
    soon = await server.ask("GET", "/api/v2/doc/doc", params=question())
    assert (soon.status_code, soon.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "one every 5 seconds" in soon.text
    assert server.hosted.limiter.refused == 1
    wrong = [
        {"maxrecords": 251}, {"query": "air OR airways"}, {"query": '"a b"'}, {"query": "xy"}, {"query": "(air"},
        {"mode": "timelinevol"}, {"startdatetime": "20200101000000"}, {"query": "air " * 100}, {"sort": "tone"},
    ]  # fmt: skip
    for changes in wrong:
        server.seconds += 5
        refused = await server.ask("GET", "/api/v2/doc/doc", params=question(**changes))
        assert (refused.status_code, refused.headers["content-type"]) == (200, "text/html; charset=utf-8"), changes
    server.seconds += 5
    assert (await server.ask("GET", "/api/v2/doc/doc", params=question(query="nobodysaysthis"))).json() == {}


async def test_gdelt_dates_articles_by_the_quarter_of_an_hour() -> None:
    found = await Server("gdelt").ask("GET", "/api/v2/doc/doc", params=question(sort="dateasc"))
    seen = [each["seendate"] for each in found.json()["articles"]]
    assert seen == sorted(seen)
    assert {each[-5:] for each in seen} <= {"0000Z", "1500Z", "3000Z", "4500Z"}


@pytest.mark.parametrize(("name", "told"), [("rss.xml", "ETag"), ("feed.json", "ETag"), ("atom.xml", "Last-Modified")])
async def test_an_unchanged_feed_is_not_sent_again(name: str, told: str) -> None:
    server = Server("feed")
    first = await server.ask("GET", f"/{name}")
    condition = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}[told]
    again = await server.ask("GET", f"/{name}", headers={condition: first.headers[told]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    server.now -= timedelta(days=1)
    other = await server.ask("GET", f"/{name}", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    assert other.content != first.content
    assert (await server.ask("GET", "/other.xml")).status_code == 404


async def test_wordpress_pages_to_the_end_and_refuses_what_it_does_not_take() -> None:
    server, posts = Server("wordpress"), "/magazine/wp-json/wp/v2/posts"
    first = await server.ask("GET", posts, params={"per_page": 100, "_fields": "id"})
    pages, total = int(first.headers["X-WP-TotalPages"]), int(first.headers["X-WP-Total"])
    assert 'rel="next"' in first.headers["link"]
    assert first.json()[0].keys() == {"id"}
    rest = [await server.ask("GET", posts, params={"per_page": 100, "page": n}) for n in range(2, pages + 1)]
    assert len({each["id"] for page in (first, *rest) for each in page.json()}) == total > 100
    assert 'rel="next"' not in rest[-1].headers["link"]
    for wrong in ({"per_page": 101}, {"page": 0}, {"orderby": "likes"}, {"after": "yesterday"}, {"include": "a"}):
        refused = await server.ask("GET", posts, params=wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, "rest_invalid_param"), wrong
    beyond = {
        kind: await server.ask("GET", f"/magazine/wp-json/wp/v2/{kind}?page=999") for kind in ("posts", "comments")
    }
    assert beyond["posts"].json()["code"] == "rest_post_invalid_page_number"
    assert (beyond["comments"].status_code, beyond["comments"].json()) == (200, [])
    assert (await server.ask("GET", "/nobody/wp-json/wp/v2/posts")).status_code == 404


async def test_matomo_wants_its_token_in_the_body() -> None:
    server = Server("matomo")
    asked = {
        "module": "API", "method": "Referrers.getReferrerType", "idSite": 7, "period": "day", "format": "JSON",
        "date": "2026-06-08,2026-06-09",
    }  # fmt: skip
    known = {"token_auth": matomo.TOKEN}
    report = (await server.ask("POST", "/index.php", params=asked, data=known)).json()
    assert list(report) == ["2026-06-08", "2026-06-09"]
    wrong = [({**asked, **known}, {}), ({**asked, "idSite": 99}, known), ({**asked, "method": "Nothing.get"}, known)]
    for params, form in [*wrong, ({**asked, "period": "week"}, known), ({**asked, "date": "today"}, known)]:
        refused = (await server.ask("POST", "/index.php", params=params, data=form)).json()
        assert refused["result"] == "error"
    cut = (await server.ask("POST", "/index.php", params={**asked, "filter_limit": 1}, data=known)).json()
    assert cut == {day: rows[:1] for day, rows in report.items()}


async def test_plausible_pages_and_tells_what_it_does_not_know() -> None:
    server, site = Server("plausible"), next(iter(SITES))
    key = {"Authorization": f"Bearer {plausible.KEY}"}
    asked = {
        "site_id": site, "metrics": ["visits"], "date_range": ["2026-06-07", "2026-06-08"],
        "dimensions": ["time:day", "visit:source"], "order_by": [["time:day", "asc"], ["visit:source", "asc"]],
    }  # fmt: skip
    whole = (await server.ask("POST", "/api/v2/query", json=asked, headers=key)).json()["results"]
    halves = [
        (await server.ask("POST", "/api/v2/query", json=asked | {"pagination": each}, headers=key)).json()["results"]
        for each in ({"limit": 5}, {"limit": 100, "offset": 5})
    ]
    assert halves[0] + halves[1] == whole == sorted(whole, key=lambda row: row["dimensions"])
    for changes in (
        {"metrics": ["likes"]},
        {"dimensions": ["visit:mood"]},
        {"date_range": "7d!"},
        {"order_by": [["a", "asc"]]},
    ):
        assert (await server.ask("POST", "/api/v2/query", json=asked | changes, headers=key)).status_code == 400
    assert (
        await server.ask("POST", "/api/v2/query", json=asked | {"site_id": "other.example"}, headers=key)
    ).status_code == 401
    assert (await server.ask("POST", "/api/v2/query", json=asked)).status_code == 401
    server.hosted.limiter.limits[0].requests = 1
    assert (await server.ask("POST", "/api/v2/query", json=asked, headers=key)).status_code == 429
