"""Reddit, YouTube, X and Stack Exchange of the sandbox refuse, cap, page and forget as their vendors say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from flows.sandbox.platforms import FACADES, reddit, x, youtube
from flows.sandbox.platforms.facade import Hosted
from flows.sandbox.platforms.stackexchange_site import SITE, Site
from flows.sandbox.platforms.x_posts import Posts
from flows.sandbox.world import World
from flows.sources import stackexchange as source
from flows.sources.base import Page

END = datetime(2026, 6, 10, 2)
WORLD = World.make(seed=3, days=20, scale=1.0, end=END)


class Server:
    """One platform, asked without a network; its limits count the seconds that we say have passed."""

    def __init__(self, platform: str, headers: dict[str, str] | None = None) -> None:
        self.seconds, self.headers = 0.0, headers or {}
        self.hosted = Hosted(FACADES[platform], WORLD, lambda: END)
        for limit in self.hosted.limiter.limits:
            limit.clock = lambda: self.seconds

    async def get(self, path: str, /, **params: Any) -> httpx.Response:
        return await self.ask("GET", path, params=params)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.hosted)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.example") as client:
            return await client.request(method, path, headers=self.headers, **more)


REDDIT = {"Authorization": f"bearer {reddit.TOKEN}"}
X = {"Authorization": f"Bearer {x.TOKEN}"}


async def test_reddit_answers_only_who_logged_in_as_the_app() -> None:
    server = Server("reddit")
    assert (await server.get("/search", q="acme")).status_code == 401
    form = {"grant_type": "client_credentials"}
    assert (await server.ask("POST", "/api/v1/access_token", data=form, auth=("app", "wrong"))).status_code == 401
    told = await server.ask("POST", "/api/v1/access_token", data=form, auth=(reddit.CLIENT_ID, reddit.CLIENT_SECRET))
    assert (told.json()["access_token"], told.json()["expires_in"]) == (reddit.TOKEN, 86_400)


async def test_a_listing_of_reddit_ends_at_the_thousandth_and_where_its_anchor_is_gone() -> None:
    server = Server("reddit", REDDIT)
    names: list[str] = []
    after = ""
    while True:
        page = (await server.get("/search", q="-zebra", limit=500, after=after)).json()["data"]
        names += [each["data"]["name"] for each in page["children"]]
        assert len(page["children"]) <= 100
        if not (after := page["after"]):
            break
    assert len(names) == len(set(names)) == 1_000
    assert (await server.get("/search", q="air", after="t3_nothing")).json()["data"]["children"] == []
    assert (await server.get("/search", q="x" * 513)).status_code == 400
    assert (await server.get("/user/nobody_here/submitted")).status_code == 404


async def test_reddit_tells_what_is_deleted_by_its_name_alone_and_its_answers_stay() -> None:
    server = Server("reddit", REDDIT)
    stage, site = server.hosted.stage, reddit.Reddit(server.hosted.stage, lambda: END)
    rows = range(stage.size)
    answered = {stage.parent(row) for row in rows if stage.is_public(row, END)}
    gone = [row for row in rows if not stage.is_public(row, END) and row in answered and stage.parent(row) is None]
    name = site._name(gone[0])
    told = (await server.get("/api/info", id=f"{name},t3_nothing")).json()["data"]["children"]
    assert [(each["data"]["author"], each["data"]["selftext"]) for each in told] == [("[deleted]", "[deleted]")]
    root, tree = (await server.get(f"/comments/{name[3:]}")).json()
    assert root["data"]["children"][0]["data"]["removed_by_category"] == "deleted"
    assert len(tree["data"]["children"]) > 0


async def test_youtube_refuses_what_its_pages_refuse_and_the_101st_search_of_a_day() -> None:
    server = Server("youtube")
    root, asked = "/youtube/v3", {"part": "snippet", "type": "video", "order": "date", "q": "air", "key": youtube.KEY}
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"key": "another"}, 400), ({"maxResults": 51}, 400), ({"limit": 5}, 400), ({"pageToken": "x"}, 400),
        ({"publishedAfter": "yesterday"}, 400), ({"part": ""}, 400),
    ]  # fmt: skip
    for changes, status in wrong:
        assert (await server.get(f"{root}/search", **{**asked, **changes})).status_code == status, changes
    ids: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = (
            await server.get(f"{root}/search", **{**asked, "q": "air|airways|a|the"}, maxResults=50, **token)
        ).json()
        ids += [each["id"]["videoId"] for each in page["items"]]
        if "nextPageToken" not in page:
            break
        token = {"pageToken": page["nextPageToken"]}
    assert len(ids) == len(set(ids)) == 500
    assert {len(native_id) for native_id in ids} == {11}
    for _ in range(100 - len(wrong) - 10):
        assert (await server.get(f"{root}/search", **asked)).status_code == 200
    full = await server.get(f"{root}/search", **asked)
    assert (full.status_code, full.json()["error"]["errors"][0]["reason"]) == (403, "quotaExceeded")
    videos = await server.get(f"{root}/videos", part="statistics", id=f"{ids[0]},AAAAAAAAAAA", key=youtube.KEY)
    assert [each["id"] for each in videos.json()["items"]] == ids[:1]


async def test_x_reaches_seven_days_back_in_pages_of_ten_to_a_hundred() -> None:
    server = Server("x", X)
    asked = {"query": "air OR airways", "max_results": 100}
    wrong: list[dict[str, Any]] = [
        {"max_results": 9}, {"max_results": 101}, {"query": "x" * 513}, {"query": "(air"}, {"limit": 5},
        {"start_time": f"{END - timedelta(days=7, seconds=1):%Y-%m-%dT%H:%M:%SZ}"}, {"next_token": "x"},
        {"end_time": f"{END:%Y-%m-%dT%H:%M:%SZ}"},
    ]  # fmt: skip
    for changes in wrong:
        assert (await server.get("/2/tweets/search/recent", **{**asked, **changes})).status_code == 400, changes
    ids: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await server.get("/2/tweets/search/recent", **asked, **token)
        ids += [each["id"] for each in page.json()["data"]]
        if "next_token" not in page.json()["meta"]:
            break
        token = {"next_token": page.json()["meta"]["next_token"]}
    assert ids == sorted(set(ids), key=int, reverse=True)
    count = await server.get("/2/tweets/counts/recent", query=asked["query"], granularity="day")
    assert count.json()["meta"]["total_tweet_count"] == len(ids) > 100
    assert int(page.headers["x-rate-limit-remaining"]) == 450 - server.hosted.limiter.admitted + 1


async def test_x_shows_the_version_of_a_post_that_was_asked_for_and_says_which_are_gone() -> None:
    server = Server("x", X)
    stage = server.hosted.stage
    edited = next(each for each in stage.tell(stage.within(None, None, END), END) if each.edited_at)
    gone = next(row for row in range(stage.size) if not stage.is_public(row, END))
    posts = Posts(stage)
    first, newest = posts.versions(edited)
    told = (await server.get("/2/tweets", ids=f"{first},{newest},{posts.ids[gone]}")).json()
    assert [each["edit_history_tweet_ids"] for each in told["data"]] == [[str(first), str(newest)]] * 2
    assert len({each["text"] for each in told["data"]}) == 2
    assert [error["resource_id"] for error in told["errors"]] == [str(posts.ids[gone])]


async def test_stack_exchange_packs_all_asks_for_pauses_and_refuses_by_bodies_of_http_400() -> None:
    server = Server("stackexchange")
    asked = {"site": SITE, "q": "air"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"pagesize": 101}, "bad_parameter"), ({"site": "other"}, "bad_parameter"), ({"key": "x"}, "bad_parameter"),
        ({"page": 26}, "access_denied"), ({"filter": "!unmade"}, "bad_parameter"),
    ]  # fmt: skip
    for changes, name in wrong:
        refused = await server.get("/2.3/search/excerpts", **{**asked, **changes})
        assert (refused.status_code, refused.json()["error_name"]) == (400, name), changes
    server.seconds += 1
    pages = [await server.get("/2.3/search/excerpts", **asked, pagesize=5) for _ in range(30)]
    assert {page.headers["content-encoding"] for page in pages} == {"gzip"}
    assert sum("backoff" in page.json() for page in pages) == 3
    assert pages[0].json()["has_more"]
    told = (await server.get("/2.3/search/excerpts", **asked)).json()
    assert (told["error_name"], told["error_message"][-20:]) == ("throttle_violation", "available in 1 seconds"[-20:])


@pytest.mark.parametrize("below", ["answer", "comment"])
async def test_a_question_of_stack_exchange_is_read_with_all_that_stands_below_it(below: str) -> None:
    server = Server("stackexchange")
    stage, site = server.hosted.stage, Site(server.hosted.stage, lambda: END)
    row = next(row for row in site._rows((below,)))
    question = site._number(stage.root(row))
    include = {"base": "withbody", "include": source.THREAD_FIELDS}
    made = (await server.get("/2.3/filters/create", **include)).json()["items"][0]["filter"]
    body = (await server.get(f"/2.3/questions/{question}", site=SITE, filter=made)).content
    page = Page(
        page_id="w/a/1", source="s", platform="stackexchange", verb="context", topic_id=None, as_of=END,
        fetched_at=END, request="GET", status=200, body=body,
    )  # fmt: skip
    parsed = source.parse(page, source.Options(name="s", type="stackexchange", site=SITE))
    shown = [each for each in site._rows(("question", "answer", "comment")) if stage.root(each) == stage.root(row)]
    assert set(parsed.tables["mention"]["native_id"]) == {
        f"{SITE}-{'c' if site.kind(each) == 'comment' else ''}{site._number(each)}" for each in shown
    }
    assert parsed.malformed.height == 0
