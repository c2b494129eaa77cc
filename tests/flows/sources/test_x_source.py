"""X: what a night may cost, seven days of search, queries of 512 characters, versions of a post, conversations."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from flows.errors import SourceError
from flows.sources import x
from flows.sources.base import Page, Topic, Window
from tests.flows.sources.scripted import AS_OF, Scripted, page_of
from tests.flows.sources.spoiled_payloads import check_outcomes
from tests.flows.sources.x_samples import ANN, NEW, OLD, OPTIONS, REPLY, ROOT_ID, WINDOW, answer, gone, id_at, post

ROOT = "https://api.x.com/2"


class Search:
    """Recent search and its counts; a query's posts are those of its first word."""

    def __init__(self, posts: dict[str, int], *, now: datetime = AS_OF + timedelta(seconds=5)) -> None:
        self.posts, self.now = posts, now

    def __call__(self, url: str, query: dict[str, Any]) -> Any:
        start, end = (datetime.fromisoformat(query[name]).replace(tzinfo=None) for name in ("start_time", "end_time"))
        if start < self.now - timedelta(days=7) or end > self.now - timedelta(seconds=10):
            return 400, {"title": "Invalid Request", "errors": [{"message": "…"}]}
        total = next((count for word, count in self.posts.items() if word in query["query"]), 0)
        if "counts" in url:
            return {"data": [{"tweet_count": total}], "meta": {"total_tweet_count": total}}
        at, size = int(query.get("next_token", 0)), int(query["max_results"])
        shown = [post(str(10**18 + number)) for number in range(at, min(total, at + size))]
        return answer(*shown, meta={"next_token": str(at + size)} if at + size < total else {})


async def discovered(
    answers: Any, query: str = "acme", window: Window = WINDOW, **more: Any
) -> tuple[list[Page], Scripted]:
    client, options = Scripted("x", answers), x.Options(name="x", type="x", **more)
    return [page async for page in x.discover(client, options, Topic("acme", query), window)], client


def posts_in(pages: list[Page]) -> int:
    return sum(len(x.items(page)) for page in pages)


async def test_a_window_is_counted_and_read_to_its_end() -> None:
    found, client = await discovered(Search({"acme": 250}))
    assert (posts_in(found), sum(page.lost_items for page in found)) == (250, 0)
    assert [url.removeprefix(f"{ROOT}/") for url, _ in client.asked] == ["tweets/counts/recent"] + [
        "tweets/search/recent"
    ] * 3
    bounds = {(query["query"], query["start_time"], query["end_time"]) for _, query in client.asked}
    assert bounds == {("acme -is:retweet", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")}


async def test_reading_stops_at_what_a_night_may_cost_over_all_windows_and_the_rest_is_lost_by_count() -> None:
    client = Scripted("x", Search({"acme": 250, "globex": 40}))
    options = x.Options(name="x", type="x", max_posts_per_night=100)
    found = [page async for page in x.discover(client, options, Topic("a", "acme"), WINDOW)]
    assert (posts_in(found), sum(page.lost_items for page in found)) == (100, 150)
    later = [page async for page in x.discover(client, options, Topic("b", "globex"), WINDOW)]
    assert (posts_in(later), sum(page.lost_items for page in later)) == (0, 40)
    assert client.asked[-1][0].endswith("tweets/counts/recent")


async def test_the_next_run_has_its_own_posts_to_spend() -> None:
    options = x.Options(name="x", type="x", max_posts_per_night=100)
    page = page_of("x", answer(*[post(str(10**18 + n)) for n in range(100)]))
    assert options._spent.add(page) == 100
    tomorrow = msgspec.structs.replace(page, as_of=AS_OF + timedelta(days=1))
    assert options._spent.add(tomorrow) == 100


async def test_a_window_that_ends_now_is_asked_to_half_a_minute_ago() -> None:
    found, client = await discovered(Search({"acme": 3}), window=Window(datetime(2026, 11, 22), AS_OF))
    assert posts_in(found) == 3
    assert client.asked[-1][1]["end_time"] == "2026-11-22T01:59:30Z"


@pytest.mark.parametrize("days", [8, 30])
async def test_a_window_before_the_last_seven_days_says_that_search_does_not_reach_it(days: int) -> None:
    start = AS_OF - timedelta(days=days)
    with pytest.raises(SourceError, match="recent search reaches seven days back"):
        await discovered(Search({"acme": 3}), window=Window(start, start + timedelta(days=1)))


async def test_a_query_that_x_cannot_read_is_no_matter_of_time() -> None:
    with pytest.raises(SourceError, match="cannot read its query"):
        await discovered(lambda *_: (400, {"title": "Invalid Request"}))


async def test_a_long_topic_is_split_into_queries_of_512_characters() -> None:
    words = [f"{'x' * 40}{n}" for n in range(60)]
    _, client = await discovered(Search({}), " OR ".join([*words, f'"{"long phrase " * 50}"'][:60]))
    queries = list(dict.fromkeys(query["query"] for _, query in client.asked))
    assert all(len(query) <= 512 for query in queries)
    assert re.findall(r"x{3,}\d+", " ".join(queries)) == words
    with pytest.raises(SourceError, match="longer than a search may be"):
        await discovered(Search({}), f'"{"long phrase " * 50}"')


async def test_terms_stand_in_the_syntax_of_x() -> None:
    query = '"acme air" OR @acmeair OR #acme OR domain:acme.com OR refund NEAR/3 acme NOT recipe OR acm* deal'
    _, client = await discovered(Search({}), query, reposts=True)
    assert client.asked[0][1]["query"] == '("acme air" OR @acmeair OR #acme OR url:"acme.com" OR (refund acme) OR deal)'
    assert client.asked[1][1]["expansions"] == "author_id,referenced_tweets.id"


async def test_a_timeline_is_the_user_and_its_posts_of_the_window() -> None:
    def answers(url: str, query: dict[str, Any]) -> Any:
        if url == f"{ROOT}/users/by/username/ann":
            return {"data": ANN}
        assert url == f"{ROOT}/users/7/tweets"
        assert (query["exclude"], query["start_time"]) == ("retweets", "2026-11-20T00:00:00Z")
        more = {} if "pagination_token" in query else {"next_token": "b"}
        return answer(post("2" if more else "3"), meta=more)

    client = Scripted("x", answers, "timeline")
    user, *pages = [page async for page in x.timeline(client, OPTIONS, "ann", WINDOW)]
    assert x.parse(user, OPTIONS).tables["account_snapshot"].select("followers", "following", "posts").rows() == [
        (90, 8, 70)
    ]
    assert [x.parse(page, OPTIONS).tables["mention"]["native_id"].to_list() for page in pages] == [["2"], ["3"]]
    nobody = Scripted("x", lambda *_: {"errors": [{"title": "Not Found Error"}]})
    with pytest.raises(SourceError, match="there is no account 'nobody'"):
        [page async for page in x.timeline(nobody, OPTIONS, "nobody", WINDOW)]


async def test_a_refresh_asks_each_post_once_and_an_edited_one_in_its_newest_version() -> None:
    def answers(_url: str, query: dict[str, Any]) -> Any:
        return answer(*[post(native_id, edit_history_tweet_ids=[OLD, NEW]) for native_id in query["ids"].split(",")])

    client = Scripted("x", answers, "refresh")
    first, second = [page async for page in x.refresh(client, OPTIONS, [OLD, OLD])]
    assert [query["ids"] for _, query in client.asked] == [OLD, NEW]
    assert "mention" not in x.parse(first, OPTIONS).tables
    (mention,) = x.parse(second, OPTIONS).tables["mention"].rows(named=True)
    assert mention["mention_id"] == f"x:{OLD}"
    assert (mention["published_at"], mention["edited_at"]) == (datetime(2026, 11, 20, 8), datetime(2026, 11, 20, 8, 20))


def conversation(root: str, *pages: dict[str, Any]) -> Any:
    def answers(url: str, query: dict[str, Any]) -> Any:
        if url == f"{ROOT}/tweets":
            return answer(post(query["ids"], conversation_id=root))
        assert query["query"] == f"conversation_id:{root}"
        return pages[int(query.get("next_token", 0))]

    return answers


async def read(answers: Any, native_id: str = "12", **more: Any) -> list[Page]:
    client, options = Scripted("x", answers, "context"), x.Options(name="x", type="x", **more)
    return [page async for page in x.context(client, options, native_id)]


async def test_a_conversation_is_its_first_post_and_all_that_search_finds() -> None:
    pages = await read(
        conversation(ROOT_ID, answer(REPLY, meta={"next_token": "1"}), answer(post("13", conversation_id=ROOT_ID)))
    )
    found = [x.parse(page, OPTIONS) for page in pages]
    assert [each.tables["mention"]["native_id"][0] for each in found] == [ROOT_ID, "12", "13"]
    reads = [each.tables["thread_read"].select("root_id", "replies_read", "is_complete").row(0) for each in found[1:]]
    assert reads == [(f"x:{ROOT_ID}", 1, False), (f"x:{ROOT_ID}", 1, True)]


async def test_a_conversation_nobody_answered_was_read_and_one_older_than_a_week_is_not_known_whole() -> None:
    old = id_at(AS_OF - timedelta(days=9))
    for root, is_complete in ((ROOT_ID, True), (old, False)):
        _, silence = await read(conversation(root, {"meta": {"result_count": 0}}))
        found = x.parse(silence, OPTIONS)
        check_outcomes(x.SOURCE, silence, found)
        assert found.tables["thread_read"].select("replies_read", "is_complete").rows() == [(0, is_complete)]


async def test_a_conversation_is_not_searched_when_the_night_is_spent_and_none_is_where_the_post_is_gone() -> None:
    full = answer(*[post(str(10**18 + n)) for n in range(10)], meta={"next_token": "1"})
    assert len(await read(conversation(ROOT_ID, full, full), max_posts_per_night=10)) == 2
    assert await read(lambda *_: {"errors": [gone("12")]}) == []
