"""Bluesky: all of a window though a search reaches ten thousand; timelines, refreshes and threads."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.errors import ConfigError
from flows.sources import bluesky, bluesky_search
from flows.sources.base import Parsed, Topic, Window
from tests.flows.sources.bluesky_samples import ANN, BOB, OPTIONS, REPLY, node, post, uri
from tests.flows.sources.scripted import Scripted

WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))


class Network:
    """Answers searches as the app view does: newest first, in [since, until), an offset as cursor, up to a ceiling."""

    def __init__(self, times: list[datetime], ceiling: int) -> None:
        self.times, self.ceiling = times, ceiling

    def __call__(self, _url: str, asked: dict[str, Any]) -> Any:
        since, until = (datetime.fromisoformat(asked[name]).replace(tzinfo=None) for name in ("since", "until"))
        numbered = [(at, number) for number, at in enumerate(self.times) if since <= at < until]
        found = sorted(numbered, reverse=True)[: self.ceiling]
        offset = int(asked.get("cursor", 0))
        shown = found[offset : offset + asked["limit"]]
        following = offset + len(shown)
        posts = [post(str(number), at.isoformat() + "Z") for at, number in shown]
        return {"posts": posts, **({"cursor": str(following)} if following < len(found) else {})}


async def found_by_search(network: Any, query: str = "acme") -> tuple[Scripted, set[str], int]:
    client = Scripted("bluesky", network)
    pages = [each async for each in bluesky.discover(client, OPTIONS, Topic("acme", query), WINDOW)]
    uris = {json.loads(item)["uri"] for each in pages for item in bluesky.items(each)}
    return client, uris, sum(each.lost_items for each in pages)


async def test_a_quiet_window_is_one_request() -> None:
    client, uris, lost = await found_by_search(Network([datetime(2026, 11, 20, 5)], 300))
    assert (len(client.asked), uris, lost) == (1, {uri("0")}, 0)
    asked = client.asked[0][1]
    assert (asked["since"], asked["until"]) == ("2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z")


async def test_a_search_that_ends_at_its_ceiling_starts_again_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluesky_search, "REACHABLE", 300)
    times = [WINDOW.start + timedelta(seconds=30 * number) for number in range(1_000)]
    _, uris, lost = await found_by_search(Network(times, 300))
    assert uris == {uri(str(number)) for number in range(1_000)}
    assert lost == 0


async def test_what_one_millisecond_holds_above_the_ceiling_is_told_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluesky_search, "REACHABLE", 300)
    burst, before = datetime(2026, 11, 20, 9), datetime(2026, 11, 20, 8)
    _, uris, lost = await found_by_search(Network([before, *[burst] * 400], 300))
    assert uri("0") in uris
    assert lost >= 1


async def test_a_page_whose_posts_are_all_hidden_is_not_the_last() -> None:
    def answer(_url: str, asked: dict[str, Any]) -> Any:
        return {"posts": [post("7")]} if "cursor" in asked else {"posts": [], "cursor": "100"}

    _, uris, _ = await found_by_search(answer)
    assert uris == {uri("7")}


async def test_each_alternative_is_asked_once_in_the_searchs_words() -> None:
    client, _, _ = await found_by_search(
        Network([], 1), '"acme air" OR #acme OR @acme.example OR domain:acme.com OR (acme refund* lang:en NOT recipe)'
    )
    expected = ['"acme air"', "#acme", '"acme.example"', "domain:acme.com", "acme"]
    assert sorted(asked["q"] for _, asked in client.asked) == sorted(expected)


async def test_without_an_identifier_the_public_host_is_asked() -> None:
    client = Scripted("bluesky", lambda _url, _asked: {"posts": []})
    options = bluesky.Options(name="bluesky", type="bluesky")
    assert [each async for each in bluesky.refresh(client, options, [uri("1")])]
    assert client.asked[0][0] == "https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts"
    assert bluesky.credentials(options, {}).login is None
    with pytest.raises(ConfigError, match="no identifier"):
        bluesky.credentials(options, {"app_password": "secret"})


def test_the_session_is_asked_from_the_accounts_own_server() -> None:
    login = bluesky.credentials(OPTIONS, {"app_password": "secret"}).login
    assert login is not None
    assert login.url == "https://bsky.social/xrpc/com.atproto.server.createSession"
    assert (login.body, login.token, login.as_form) == (
        {"identifier": "asker.example", "password": "secret"}, "accessJwt", False,
    )  # fmt: skip
    assert "secret" not in repr(login)


async def test_a_timeline_ends_where_all_of_a_page_is_older() -> None:
    pinned = {"post": post("0", "2020-01-01T00:00:00Z"), "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}
    feeds = {
        "": ([{"post": post("9", "2026-11-21T10:00:00Z")}], "a"),
        "a": ([pinned, {"post": post("2", "2026-11-20T10:00:00Z")}], "b"),
        "b": ([{"post": post("1", "2026-11-19T10:00:00Z")}], "c"),
    }

    def answer(url: str, asked: dict[str, Any]) -> Any:
        if "getProfile" in url:
            return {"did": ANN, "handle": "ann.example", "followersCount": 5}
        entries, following = feeds[asked.get("cursor", "")]
        return {"feed": entries, "cursor": following}

    client = Scripted("bluesky", answer, "timeline")
    pages = [each async for each in bluesky.timeline(client, OPTIONS, "ann.example", WINDOW)]
    assert [asked.get("cursor") for _, asked in client.asked] == [None, None, "a", "b"]
    tables = [bluesky.parse(each, OPTIONS).tables for each in pages]
    assert tables[0]["account_snapshot"]["followers"].to_list() == [5]
    assert tables[1]["mention"]["native_id"].to_list() == [uri("0"), uri("2")]
    assert len(tables) == 2


async def test_a_refresh_tells_counts_and_followers() -> None:
    def answer(url: str, asked: dict[str, Any]) -> Any:
        if "getPosts" in url:
            assert asked["uris"] == [uri("1"), uri("2", BOB)]
            return {"posts": [post("1")]}
        assert asked["actors"] == [ANN]
        return {"profiles": [{"did": ANN, "handle": "Ann.example", "followersCount": 0, "followsCount": 7}]}

    client = Scripted("bluesky", answer, "refresh")
    pages = [each async for each in bluesky.refresh(client, OPTIONS, [uri("1"), uri("2", BOB)])]
    counts, authors = (bluesky.parse(each, OPTIONS).tables for each in pages)
    assert counts["mention"]["native_id"].to_list() == [uri("1")]
    assert authors["account_snapshot"].select("followers", "following", "posts").row(0) == (0, 7, None)
    assert authors["account"]["handle"].to_list() == ["ann.example"]


async def read_thread(answers: dict[str, Any], asked: str) -> tuple[list[str], list[Parsed]]:
    def answer(_url: str, params: dict[str, Any]) -> Any:
        if "uris" in params:
            return {"posts": [answers[each]["post"] for each in params["uris"] if each in answers]}
        return {"thread": answers[params["uri"]]}

    client = Scripted("bluesky", answer, "context")
    pages = [each async for each in bluesky.context(client, OPTIONS, asked)]
    threads = [params["uri"] for _, params in client.asked if "uri" in params]
    return threads, [bluesky.parse(each, OPTIONS) for each in pages]


async def test_a_thread_is_read_from_its_root() -> None:
    whole = node({**post("1"), "replyCount": 1}, node(REPLY))
    seen_from_reply = {**node(REPLY), "parent": node({**post("1"), "replyCount": 1})}
    asked, (found,) = await read_thread({uri("1"): whole, uri("2", BOB): seen_from_reply}, uri("2", BOB))
    assert asked == [uri("1")]
    assert found.tables["mention"]["kind"].to_list() == ["post", "reply"]
    read = found.tables["thread_read"].unique("root_id").row(0, named=True)
    assert (read["root_id"], read["replies_read"], read["is_complete"]) == (f"bluesky:{uri('1')}", 1, True)


@pytest.mark.parametrize(
    "whole",
    [
        node({**post("1"), "replyCount": 1}),
        node({**post("1"), "replyCount": 1}, {"uri": uri("2"), "notFound": True}),
        node({**post("1"), "replyCount": 1}, {"uri": uri("2"), "blocked": True, "author": {"did": BOB}}),
        node({**post("1"), "replyCount": 1}, node({**REPLY, "record": {"text": "no time"}})),
    ],
    ids=["too deep", "not found", "blocked", "unreadable"],
)
async def test_a_thread_that_is_cut_is_not_complete(whole: Any) -> None:
    _, (found,) = await read_thread({uri("1"): whole}, uri("1"))
    assert found.tables["mention"]["native_id"].to_list() == [uri("1")]
    assert found.tables["thread_read"]["is_complete"].to_list() == [False]


async def test_a_thread_whose_root_is_gone_is_read_as_far_as_it_is_shown() -> None:
    orphan = {**node(REPLY), "parent": {"uri": uri("1"), "notFound": True}}
    _, (found,) = await read_thread({uri("2", BOB): orphan}, uri("2", BOB))
    assert found.tables["thread_read"]["is_complete"].to_list() == [False]
    assert await read_thread({}, uri("1")) == ([], [])
