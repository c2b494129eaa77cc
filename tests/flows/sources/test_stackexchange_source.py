"""Stack Exchange: ids by search, posts whole by the hundred, threads in one answer, waits that bodies ask for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from flows.errors import SourceError
from flows.sources import stackexchange
from flows.sources.base import Page, Topic, Window
from tests.flows.sources.scripted import Scripted
from tests.flows.sources.spoiled_payloads import check_outcomes
from tests.flows.sources.stackexchange_samples import (
    OPTIONS,
    START,
    THREAD,
    answer,
    answered,
    comment,
    parsed,
    question,
)

WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
ROOT = "https://api.stackexchange.com/2.3"


class Site:
    """Excerpts of a window, newest first, a hundred a page and no page beyond the 25th; posts by id."""

    def __init__(self, posts: dict[int, int], answers: frozenset[int] = frozenset()) -> None:
        self.posts, self.answers = posts, answers

    def __call__(self, url: str, query: dict[str, Any]) -> Any:
        assert (query["site"], query["pagesize"]) == ("stackoverflow", 100)
        kind, _, ids = url.removeprefix(f"{ROOT}/").partition("/")
        if ids != "excerpts" and kind != "users":
            assert query["filter"] == "withbody"
            numbers = [int(number) for number in ids.split(";")]
            assert len(numbers) <= 100
            make = question if kind == "questions" else answer
            return answered(*[make(number, creation_date=self.posts[number]) for number in numbers])
        page = query["page"]
        assert page <= 25
        low, high = query["fromdate"], query["todate"]
        hits = [
            number
            for number in sorted(self.posts, key=self.posts.__getitem__, reverse=True)
            if low <= self.posts[number] <= high
        ]
        shown = [self.excerpt(number) for number in hits[100 * page - 100 : 100 * page]]
        return answered(*shown, has_more=len(hits) > 100 * page)

    def excerpt(self, number: int) -> dict[str, Any]:
        told = {"item_type": "question", "question_id": number, "creation_date": self.posts[number], "excerpt": "…"}
        return told | ({"item_type": "answer", "answer_id": number, "question_id": 1} if number in self.answers else {})


async def discovered(answers: Any, query: str = "acme") -> tuple[list[Page], Scripted]:
    client = Scripted("stackexchange", answers)
    return [page async for page in stackexchange.discover(client, OPTIONS, Topic("acme", query), WINDOW)], client


async def test_search_tells_ids_and_questions_and_answers_are_read_whole() -> None:
    found, client = await discovered(Site({number: START + number for number in range(1, 151)}, frozenset({5, 6})))
    mentions = [row for page in found for row in stackexchange.parse(page, OPTIONS).tables["mention"].rows(named=True)]
    assert {row["native_id"] for row in mentions} == {f"stackoverflow-{number}" for number in range(1, 151)}
    assert [row["native_id"] for row in mentions if row["kind"] == "answer"] == ["stackoverflow-6", "stackoverflow-5"]
    assert len(client.asked) == 5  # two pages of excerpts, their questions, and the answers of the second


async def test_a_window_of_more_than_25_pages_is_read_on_below() -> None:
    posts = {number: START + number for number in range(1, 3001)}
    found, _ = await discovered(Site(posts))
    assert {json.loads(item)["question_id"] for page in found for item in stackexchange.items(page)} == set(posts)


async def test_only_posts_of_the_window_are_asked_for_and_each_alternative_once() -> None:
    _, client = await discovered(lambda *_: answered(), '"acme air" OR @acmeair OR globex refund')
    assert [query["q"] for _, query in client.asked] == ['"acme air"', "acmeair", "globex refund"]
    bounds = {(query["fromdate"], query["todate"], query["sort"]) for _, query in client.asked}
    assert bounds == {(START, START + 86_399, "creation")}


async def test_a_timeline_is_of_one_site() -> None:
    def answers(url: str, query: dict[str, Any]) -> Any:
        if url == f"{ROOT}/users/7/posts":
            return answered({"post_id": 1, "post_type": "question", "creation_date": START})
        return answered(comment(3, 1)) if url.endswith("comments") else answered(question(1))

    client = Scripted("stackexchange", answers, "timeline")
    pages = [page async for page in stackexchange.timeline(client, OPTIONS, "stackoverflow-7", WINDOW)]
    ids = [row for page in pages for row in stackexchange.parse(page, OPTIONS).tables["mention"]["native_id"]]
    assert ids == ["stackoverflow-1", "stackoverflow-c3"]
    other = Scripted("stackexchange", answers)
    assert [page async for page in stackexchange.timeline(other, OPTIONS, "askubuntu-7", WINDOW)] == []
    assert other.asked == []
    with pytest.raises(SourceError, match="write stackoverflow-<the number"):
        [page async for page in stackexchange.timeline(other, OPTIONS, "stackoverflow-ann", WINDOW)]


async def test_a_refresh_asks_what_each_post_is_and_leaves_other_sites_alone() -> None:
    def answers(url: str, _query: dict[str, Any]) -> Any:
        told = {
            "posts/1;2": [{"post_id": 1, "post_type": "question"}, {"post_id": 2, "post_type": "answer"}],
            "questions/1": [question(1)], "answers/2": [answer(2)], "comments/3": [comment(3, 1)],
        }  # fmt: skip
        return answered(*told[url.removeprefix(f"{ROOT}/")])

    client = Scripted("stackexchange", answers, "refresh")
    ids = ["stackoverflow-1", "stackoverflow-2", "stackoverflow-c3", "askubuntu-9"]
    pages = [page async for page in stackexchange.refresh(client, OPTIONS, ids)]
    rows = [row for page in pages for row in stackexchange.parse(page, OPTIONS).tables["mention"]["native_id"]]
    assert rows == ids[:3]


def threads(url: str, query: dict[str, Any]) -> Any:
    told: dict[str, Any] = {
        "comments/6": {"post_id": 2}, "posts/2": {"post_id": 2, "post_type": "answer"}, "answers/2": {"question_id": 1},
        "posts/1": {"post_id": 1, "post_type": "question"}, "filters/create": {"filter": "!made"},
    }  # fmt: skip
    place = url.removeprefix(f"{ROOT}/")
    if place == "questions/1":
        assert query["filter"] == "!made"
        return answered(THREAD)
    assert ("site" in query) == (place != "filters/create")
    return answered(told[place]) if place in told else answered()


@pytest.mark.parametrize("native_id", ["stackoverflow-1", "stackoverflow-2", "stackoverflow-c6"])
async def test_a_thread_is_a_question_with_all_that_stands_below_it(native_id: str) -> None:
    client = Scripted("stackexchange", threads, "context")
    (page,) = [page async for page in stackexchange.context(client, OPTIONS, native_id)]
    found = stackexchange.parse(page, OPTIONS)
    check_outcomes(stackexchange.SOURCE, page, found)
    q, a = "stackexchange:stackoverflow-1", "stackexchange:stackoverflow-2"
    assert found.tables["mention"].select("native_id", "kind", "parent_id", "root_id").rows() == [
        ("stackoverflow-1", "question", None, q), ("stackoverflow-c5", "comment", q, q),
        ("stackoverflow-2", "answer", q, q), ("stackoverflow-c6", "comment", a, q),
    ]  # fmt: skip
    (read,) = found.tables["thread_read"].select("root_id", "replies_read", "is_complete").unique().rows()
    assert read == (q, 3, True)


@pytest.mark.parametrize("less", [{"answer_count": 2}, {"comment_count": 3}, {"comment_count": None}])
def test_a_thread_that_is_not_shown_whole_is_not_complete(less: dict[str, Any]) -> None:
    assert not any(parsed(answered({**THREAD, **less}), "context").tables["thread_read"]["is_complete"])


@pytest.mark.parametrize("gone", ["stackoverflow-9", "stackoverflow-c9", "askubuntu-1"])
async def test_a_thread_that_is_gone_or_elsewhere_gives_nothing(gone: str) -> None:
    client = Scripted("stackexchange", threads, "context")
    assert [page async for page in stackexchange.context(client, OPTIONS, gone)] == []


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"items": [], "backoff": 10}, 10),
        (
            {
                "error_id": 502,
                "error_message": "too many requests from this IP, more requests available in 82216 seconds",
            },
            82_216,
        ),
        ({"items": [{"backoff": 7}]}, None),
        ({"backoff": "soon"}, None),
        ([], None),
    ],
)
def test_bodies_that_ask_us_to_wait_are_heeded(body: Any, seconds: float | None) -> None:
    assert stackexchange.pause(json.dumps(body).encode()) == seconds
    assert stackexchange.pause(b"\xff{") is None


def test_a_key_raises_the_quota_and_none_is_needed() -> None:
    assert not stackexchange.SOURCE.secrets[0].is_required
    assert stackexchange.credentials(OPTIONS, {"key": "k"}).params == {"key": "k"}
    assert [rate.requests for rate in stackexchange.credentials(OPTIONS, {"key": "k"}).rates] == [30, 10_000]
    assert [rate.requests for rate in stackexchange.credentials(OPTIONS, {}).rates] == [30, 300]
