"""Discourse: search names posts by days and pages, topics tell them whole, with title, counts and what they answer."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import pytest

from flows.errors import SourceError
from flows.sources import discourse
from flows.sources.base import Topic, Window
from tests.flows.sources.discourse_samples import FORUM, OPTIONS, parsed, post, topic
from tests.flows.sources.scripted import Scripted

WINDOW = Window(datetime(2026, 11, 16), datetime(2026, 11, 20))


class Forum:
    """`days` holds how many posts each day has; every post is the first of its own topic, numbered on from 1."""

    def __init__(self, days: dict[date, int]) -> None:
        self.days, self.searched = days, 0
        self.topics = [day for day, count in sorted(days.items()) for _ in range(count)]

    def moments(self) -> dict[int, str]:
        """Posts of a day, spread evenly over it."""
        first = {day: self.topics.index(day) for day in self.days if day in self.topics}
        return {
            number: f"{day}T{24 * 60 * (number - 1 - first[day]) // self.days[day] // 60:02}:00:00.000Z"
            for number, day in enumerate(self.topics, 1)
        }

    def __call__(self, url: str, asked: dict[str, Any]) -> Any:
        if "/search.json" not in url:
            return topic(post(1, int(url.split("/")[-2])))
        self.searched += 1
        assert 1 <= asked["page"] <= 10
        after, before = (
            date.fromisoformat(re.findall(rf"{word}:(\S+)", asked["q"])[0]) for word in ("after", "before")
        )
        found = [number for number, day in enumerate(self.topics, 1) if after <= day < before][::-1]
        shown = found[(asked["page"] - 1) * 50 : asked["page"] * 50]
        more = len(found) > asked["page"] * 50
        at = self.moments()
        posts = [{"topic_id": each, "post_number": 1, "blurb": "…", "created_at": at[each]} for each in shown]
        return {"posts": posts, "grouped_search_result": {"more_full_page_results": more or None}}


async def found_by_search(answer: Any, query: str = "acme") -> tuple[Scripted, set[str], int]:
    client = Scripted("discourse", answer)
    pages = [each async for each in discourse.discover(client, OPTIONS, Topic("acme", query), WINDOW)]
    ids = {mention for each in pages for mention in discourse.parse(each, OPTIONS).tables["mention"]["native_id"]}
    return client, ids, sum(each.lost_items for each in pages)


async def test_a_window_is_asked_from_its_first_day_to_its_last() -> None:
    forum = Forum({date(2026, 11, day): 1 for day in (15, 16, 19, 20)})
    client, ids, lost = await found_by_search(forum)
    assert client.asked[0][1]["q"] == "acme after:2026-11-16 before:2026-11-20 order:likes"
    assert (ids, lost) == ({f"{FORUM}/t/2/1", f"{FORUM}/t/3/1"}, 0)


async def test_more_than_ten_pages_are_halved_by_days() -> None:
    _, ids, lost = await found_by_search(Forum({date(2026, 11, day): 200 for day in (16, 17, 18, 19)}))
    assert len(ids) == 800
    assert lost == 0


async def test_what_one_day_has_above_ten_pages_is_told_as_lost() -> None:
    _, ids, lost = await found_by_search(Forum({date(2026, 11, 17): 1_000, date(2026, 11, 18): 3}))
    assert len(ids) == 503
    assert lost == 1  # at least; nobody tells how many


async def test_a_forum_too_busy_to_search_is_asked_again_later() -> None:
    with pytest.raises(SourceError, match="too busy") as told:
        await found_by_search(lambda _url, _asked: {"posts": [], "grouped_search_result": {"error": "extreme load"}})
    assert told.value.retryable


async def test_alternatives_are_words_and_an_account_is_asked_by_name() -> None:
    client, _, _ = await found_by_search(Forum({}), '"acme air" OR #acme OR @acme OR domain:acme.com OR (acm* globex)')
    words = {asked["q"].partition(" after:")[0] for _, asked in client.asked}
    assert words == {'"acme air"', "acme", '"acme.com"', "globex"}
    client = Scripted("discourse", Forum({}), "timeline")
    assert [each async for each in discourse.timeline(client, OPTIONS, "ann", WINDOW)] == []
    assert client.asked[0][1]["q"].startswith("@ann after:")


async def test_a_refresh_reads_each_topic_as_often_as_needed() -> None:
    def answer(url: str, _asked: dict[str, Any]) -> Any:
        _, topic_id, number = url.removesuffix(".json").rsplit("/", 2)
        if topic_id == "58":
            return 404, {"errors": ["gone"]}
        near = [each for each in range(int(number), int(number) + 20) if each != 3]
        return topic(*(post(each) for each in near))

    client = Scripted("discourse", answer, "refresh")
    wanted = [f"{FORUM}/t/57/{each}" for each in (1, 2, 3, 40)] + [f"{FORUM}/t/58/1", "other.example/t/1/1"]
    pages = [each async for each in discourse.refresh(client, OPTIONS, wanted)]
    assert [url.rpartition("/t/")[2] for url, _ in client.asked] == [
        "57/1.json",
        "57/3.json",
        "57/40.json",
        "58/1.json",
    ]
    known = {mention for each in pages for mention in discourse.parse(each, OPTIONS).tables["mention"]["native_id"]}
    assert known >= {f"{FORUM}/t/57/{each}" for each in (1, 2, 40)}
    assert f"{FORUM}/t/57/3" not in known


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_closed_topic_is_absent_only_where_the_forum_is_open(is_open: bool) -> None:
    client = Scripted(
        "discourse", lambda url, _: {} if is_open and url.endswith("/about.json") else (403, {}), "refresh"
    )
    pages = discourse.refresh(client, OPTIONS, [f"{FORUM}/t/57/1"])
    if is_open:
        assert [each async for each in pages] == []
    else:
        with pytest.raises(SourceError, match="403"):
            [each async for each in pages]


async def test_a_topic_is_read_to_its_end_and_then_complete() -> None:
    posts = {each["id"]: each for each in (post(number) for number in range(1, 51))}

    def answer(url: str, asked: dict[str, Any]) -> Any:
        if url.endswith("/t/57.json"):
            return topic(*[posts[each] for each in sorted(posts)[:20]], stream=sorted(posts))
        if url.endswith("/t/404.json"):
            return 404, {}
        return {"post_stream": {"posts": [posts[int(each)] for each in asked["post_ids[]"]]}, "id": 57}

    client = Scripted("discourse", answer, "context")
    pages = [discourse.parse(each, OPTIONS) async for each in discourse.context(client, OPTIONS, f"{FORUM}/t/57/7")]
    read = [each.tables["thread_read"].unique("root_id").row(0, named=True) for each in pages]
    assert [(each["replies_read"], each["is_complete"]) for each in read] == [(20, False), (10, False), (19, True)]
    assert {each["root_id"] for each in read} == {f"discourse:{FORUM}/t/57/1"}
    assert [each async for each in discourse.context(client, OPTIONS, f"{FORUM}/t/404/1")] == []


def test_a_topic_that_is_longer_than_we_read_is_not_complete() -> None:
    found = parsed(topic(post(), stream=list(range(discourse.MOST_POSTS + 1))), "context")
    assert found.tables["thread_read"]["is_complete"].to_list() == [False]


def test_a_key_goes_along_with_the_name_and_stricter_limits() -> None:
    given_key = discourse.credentials(OPTIONS, {"api_key": "secret"})
    assert given_key.headers == {"Api-Key": "secret", "Api-Username": "system"}
    assert given_key.rates
    assert not discourse.credentials(OPTIONS, {}).headers
