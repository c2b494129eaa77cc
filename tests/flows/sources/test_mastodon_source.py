"""Mastodon: windows without holes; counts and threads asked where they were written."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from flows.errors import CredentialError, SourceError
from flows.sources import mastodon
from flows.sources.base import Topic
from tests.flows.sources.mastodon_samples import API, HERE, OPTIONS, WINDOW, account, status
from tests.flows.sources.scripted import Scripted


class Timeline:
    """Lists statuses as the server does: newest id first, below max_id, the next page named by a Link header."""

    def __init__(self, statuses: list[dict[str, Any]]) -> None:
        self.statuses = sorted(statuses, key=lambda each: int(each["id"]), reverse=True)

    def __call__(self, url: str, asked: dict[str, Any]) -> Any:
        if "/search" in url:
            return {"accounts": [], "statuses": [], "hashtags": []}
        below = int(asked.get("max_id", 2**63))
        shown = [each for each in self.statuses if int(each["id"]) < below][: asked["limit"]]
        is_full = len(shown) == asked["limit"]
        link = f'<{url}?limit=40&max_id={shown[-1]["id"]}>; rel="next", <{url}?min_id=1>; rel="prev"' if is_full else ""
        return 200, shown, {"link": link}


async def found_by_search(answer: Any, query: str = "#acme") -> tuple[Scripted, set[str]]:
    client = Scripted("mastodon", answer)
    pages = [each async for each in mastodon.discover(client, OPTIONS, Topic("acme", query), WINDOW)]
    return client, {json.loads(item)["id"] for each in pages for item in mastodon.items(each)}


HOURLY = [status(WINDOW.start + timedelta(hours=each)) for each in range(-400, 400)]
WANTED = {each["id"] for each in HOURLY[400:424]}


async def test_ids_that_hold_the_time_lead_straight_to_the_window() -> None:
    client, found = await found_by_search(Timeline(HOURLY))
    assert found >= WANTED
    assert len(client.asked) <= 5


async def test_ids_that_hold_no_time_are_walked_through() -> None:
    plain = [{**each, "id": str(10**6 + at)} for at, each in enumerate(HOURLY)]
    client, found = await found_by_search(Timeline(plain))
    assert found >= {str(10**6 + at) for at in range(400, 424)}
    assert len(client.asked) > 5


async def test_a_late_post_does_not_end_the_walk() -> None:
    late = [{**each, "created_at": "2020-01-01T00:00:00Z"} if at % 7 == 0 else each for at, each in enumerate(HOURLY)]
    _, found = await found_by_search(Timeline(late))
    assert found >= {each["id"] for at, each in enumerate(late) if 400 <= at < 424}


async def test_tags_and_words_are_timelines_and_all_is_searched() -> None:
    client, _ = await found_by_search(
        Timeline([]), '"acme air" OR (#acme #air refund) OR @acme OR globex OR domain:acme.com OR acm*'
    )
    timelines = [(url.rpartition("/")[2], asked.get("all[]")) for url, asked in client.asked if "/tag/" in url]
    assert timelines == [("acme", ("air",)), ("globex", None)]
    searched = {asked["q"] for url, asked in client.asked if url.endswith("/api/v2/search")}
    assert searched == {'"acme air"', "#acme #air refund", "@acme", "globex", '"acme.com"', "acm"}


async def test_search_goes_on_below_the_last_it_gave() -> None:
    timeline = Timeline(HOURLY)

    def answer(url: str, asked: dict[str, Any]) -> Any:
        return {"statuses": timeline(url.replace("search", "tag"), asked)[1]}

    _, found = await found_by_search(answer, '"acme air"')
    assert found >= WANTED


async def test_a_server_that_shows_no_tags_to_strangers_names_the_setting() -> None:
    with pytest.raises(CredentialError, match="access token"):
        await found_by_search(lambda _url, _asked: (422, {"error": "This method requires an authenticated user"}))


def test_the_token_stands_in_no_page_and_no_text() -> None:
    given_token = mastodon.credentials(OPTIONS, {"access_token": "secret"})
    assert given_token.headers == {"Authorization": "Bearer secret"}
    assert "secret" not in repr(given_token)
    assert not mastodon.credentials(OPTIONS, {}).headers


async def test_a_timeline_is_a_profile_and_the_posts_of_the_window() -> None:
    def answer(url: str, asked: dict[str, Any]) -> Any:
        if url.endswith("/lookup"):
            return (200, account("ann", followers_count=5)) if asked["acct"] == "ann" else (404, {})
        assert url == f"{API}/accounts/a-ann/statuses"
        return Timeline([status(WINDOW.start)])(url, asked)

    client = Scripted("mastodon", answer, "timeline")
    pages = [mastodon.parse(each, OPTIONS) async for each in mastodon.timeline(client, OPTIONS, "ann", WINDOW)]
    assert pages[0].tables["account_snapshot"]["followers"].to_list() == [5]
    assert pages[1].tables["mention"].height == 1
    with pytest.raises(SourceError, match="user@server"):
        [each async for each in mastodon.timeline(client, OPTIONS, "nobody", WINDOW)]


async def refreshed(answer: Any, ids: list[str]) -> tuple[Scripted, list[str], Any]:
    client = Scripted("mastodon", answer, "refresh")
    found: list[str] = []
    try:
        async for each in mastodon.refresh(client, OPTIONS, ids):
            found += mastodon.parse(each, OPTIONS).tables["mention"]["native_id"].to_list()
    except SourceError as error:
        return client, found, error
    return client, found, None


async def test_counts_are_asked_where_posts_were_written_in_batches() -> None:
    def answer(url: str, asked: dict[str, Any]) -> Any:
        acct = "ann@there.example" if "there" in url else "bob"
        return [{**status(local_id=each, acct=acct), "account": account("ann")} for each in asked["id[]"]]

    ids = [f"{HERE}/{10**6 + each}" for each in range(25)] + ["there.example/2000000"]
    client, found, error = await refreshed(answer, ids)
    assert (found, error) == (ids, None)
    assert [(urlsplit(url).netloc, len(asked["id[]"])) for url, asked in client.asked] == [
        (HERE, 20), (HERE, 5), ("there.example", 1),
    ]  # fmt: skip


async def test_a_server_without_batches_is_asked_one_by_one() -> None:
    def answer(url: str, _asked: dict[str, Any]) -> Any:
        return (404, {}) if url.endswith(("/statuses", "/1000002")) else status(local_id=url.rpartition("/")[2])

    _, found, error = await refreshed(answer, [f"{HERE}/{each}" for each in (1000001, 1000002, 1000003)])
    assert (found, error) == ([f"{HERE}/1000001", f"{HERE}/1000003"], None)


async def test_a_silent_server_loses_no_other_and_its_posts_are_not_absent() -> None:
    def answer(url: str, asked: dict[str, Any]) -> Any:
        return (500, {}) if "dead.example" in url else [status(local_id=each) for each in asked["id[]"]]

    _, found, error = await refreshed(answer, ["dead.example/1000001", f"{HERE}/1000002"])
    assert found == [f"{HERE}/1000002"]
    assert "dead.example" in str(error)
    assert not error.retryable


async def test_a_thread_is_read_again_from_its_root_where_that_was_written() -> None:
    root = {**status(local_id="5", acct="bob@there.example"), "uri": "https://there.example/users/bob/statuses/1234567"}

    def answer(url: str, _asked: dict[str, Any]) -> Any:
        if url == f"{API}/statuses/1000001/context":
            return {"ancestors": [root], "descendants": []}
        if url == "https://there.example/api/v1/statuses/1234567/context":
            return {"ancestors": [], "descendants": []}
        return 404, {"error": "Record not found"}

    client = Scripted("mastodon", answer, "context")
    pages = [mastodon.parse(each, OPTIONS) async for each in mastodon.context(client, OPTIONS, f"{HERE}/1000001")]
    assert pages[0].tables["mention"]["native_id"].to_list() == ["there.example/1234567"]
    assert pages[1].tables["thread_read"]["root_id"].to_list() == ["mastodon:there.example/1234567"]
    assert [each async for each in mastodon.context(client, OPTIONS, f"{HERE}/404")] == []
    assert [each async for each in mastodon.context(client, OPTIONS, "misskey.example/notes/9abc")] == []
