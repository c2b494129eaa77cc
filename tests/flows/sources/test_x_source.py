"""X: what a night may cost, seven days of search, queries of 512 characters, versions of a post, and what is gone."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import x
from flows.sources.base import Page, Parsed, Topic, Verb, Window
from tests.flows.sources.answering import (
    AS_OF,
    Answering,
    check_any_payload,
    check_outcomes,
    page_of,
    recordings,
    spoiled,
)

OPTIONS = x.Options(name="x", type="x")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
EPOCH = datetime(1970, 1, 1) + timedelta(milliseconds=1288834974657)


def id_at(moment: datetime) -> str:
    return str((moment - EPOCH) // timedelta(milliseconds=1) << 22)


OLD, NEW = id_at(datetime(2026, 11, 20, 8)), id_at(datetime(2026, 11, 20, 8, 20))


def post(native_id: str, **more: Any) -> dict[str, Any]:
    told = {
        "id": native_id, "text": "Acme &amp; air", "author_id": "7", "created_at": "2026-11-20T08:00:00.000Z",
        "conversation_id": native_id, "edit_history_tweet_ids": [native_id], "lang": "en",
        "public_metrics": {"like_count": 1, "reply_count": 2, "retweet_count": 3, "quote_count": 4,
                           "impression_count": 50, "bookmark_count": 0},
    }  # fmt: skip
    return told | more


ANN = {
    "id": "7", "username": "Ann", "name": "Ann A.", "created_at": "2020-01-01T00:00:00.000Z",
    "public_metrics": {"followers_count": 90, "following_count": 8, "tweet_count": 70},
}  # fmt: skip


def answer(*posts: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(posts), "includes": {"users": [ANN]}, "meta": {"result_count": len(posts)}} | more


def gone(native_id: str, problem: str = "resource-not-found", **more: Any) -> dict[str, Any]:
    kind = f"https://api.twitter.com/2/problems/{problem}"
    return {"value": native_id, "resource_id": native_id, "resource_type": "tweet", "type": kind, "title": "…"} | more


def parsed(body: Any, verb: Verb = "refresh") -> Parsed:
    return x.parse(page_of(x.SOURCE, body, verb), OPTIONS)


class Search:
    """Recent search and its counts; a query's posts are those of its first word."""

    def __init__(self, posts: dict[str, int], *, now: datetime = AS_OF + timedelta(seconds=5)) -> None:
        self.posts, self.now = posts, now

    def __call__(self, path: str, query: dict[str, str]) -> Any:
        start, end = (datetime.fromisoformat(query[name]).replace(tzinfo=None) for name in ("start_time", "end_time"))
        if start < self.now - timedelta(days=7) or end > self.now - timedelta(seconds=10):
            return 400, {"title": "Invalid Request", "errors": [{"message": "…"}]}
        total = next((count for word, count in self.posts.items() if word in query["query"]), 0)
        if "counts" in path:
            return {"data": [{"tweet_count": total}], "meta": {"total_tweet_count": total}}
        at, size = int(query.get("next_token", 0)), int(query["max_results"])
        shown = [post(str(10**18 + number)) for number in range(at, min(total, at + size))]
        return answer(*shown, meta={"next_token": str(at + size)} if at + size < total else {})


async def discovered(
    answers: Any, query: str = "acme", window: Window = WINDOW, **more: Any
) -> tuple[list[Page], Answering]:
    client, options = Answering(x.SOURCE, answers), x.Options(name="x", type="x", **more)
    return [page async for page in x.discover(client, options, Topic("acme", query), window)], client


def posts_in(pages: list[Page]) -> int:
    return sum(len(x.items(page)) for page in pages)


async def test_a_window_is_counted_and_read_to_its_end() -> None:
    found, client = await discovered(Search({"acme": 250}))
    assert (posts_in(found), sum(page.lost_items for page in found)) == (250, 0)
    assert [path.rpartition("/2/")[2] for path, _ in client.asked] == ["tweets/counts/recent"] + [
        "tweets/search/recent"
    ] * 3
    bounds = {(query["query"], query["start_time"], query["end_time"]) for _, query in client.asked}
    assert bounds == {("acme -is:retweet", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")}


async def test_reading_stops_at_what_a_night_may_cost_over_all_windows_and_the_rest_is_lost_by_count() -> None:
    client = Answering(x.SOURCE, Search({"acme": 250, "globex": 40}))
    options = x.Options(name="x", type="x", max_posts_per_night=100)
    found = [page async for page in x.discover(client, options, Topic("a", "acme"), WINDOW)]
    assert (posts_in(found), sum(page.lost_items for page in found)) == (100, 150)
    later = [page async for page in x.discover(client, options, Topic("b", "globex"), WINDOW)]
    assert (posts_in(later), sum(page.lost_items for page in later)) == (0, 40)
    assert client.asked[-1][0].endswith("tweets/counts/recent")


async def test_the_next_run_has_its_own_posts_to_spend() -> None:
    options = x.Options(name="x", type="x", max_posts_per_night=100)
    page = page_of(x.SOURCE, answer(*[post(str(10**18 + n)) for n in range(100)]))
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
    def answers(path: str, query: dict[str, str]) -> Any:
        if path == "/2/users/by/username/ann":
            return {"data": ANN}
        assert path == "/2/users/7/tweets"
        assert (query["exclude"], query["start_time"]) == ("retweets", "2026-11-20T00:00:00Z")
        more = {} if "pagination_token" in query else {"next_token": "b"}
        return answer(post("2" if more else "3"), meta=more)

    client = Answering(x.SOURCE, answers, "timeline")
    user, *pages = [page async for page in x.timeline(client, OPTIONS, "ann", WINDOW)]
    assert x.parse(user, OPTIONS).tables["account_snapshot"].select("followers", "following", "posts").rows() == [
        (90, 8, 70)
    ]
    assert [x.parse(page, OPTIONS).tables["mention"]["native_id"].to_list() for page in pages] == [["2"], ["3"]]
    nobody = Answering(x.SOURCE, lambda *_: {"errors": [{"title": "Not Found Error"}]})
    with pytest.raises(SourceError, match="there is no account 'nobody'"):
        [page async for page in x.timeline(nobody, OPTIONS, "nobody", WINDOW)]


async def test_a_refresh_asks_each_post_once_and_an_edited_one_in_its_newest_version() -> None:
    def answers(_path: str, query: dict[str, str]) -> Any:
        return answer(*[post(native_id, edit_history_tweet_ids=[OLD, NEW]) for native_id in query["ids"].split(",")])

    client = Answering(x.SOURCE, answers, "refresh")
    first, second = [page async for page in x.refresh(client, OPTIONS, [OLD, OLD])]
    assert [query["ids"] for _, query in client.asked] == [OLD, NEW]
    assert "mention" not in x.parse(first, OPTIONS).tables
    (mention,) = x.parse(second, OPTIONS).tables["mention"].rows(named=True)
    assert mention["mention_id"] == f"x:{OLD}"
    assert (mention["published_at"], mention["edited_at"]) == (datetime(2026, 11, 20, 8), datetime(2026, 11, 20, 8, 20))


def test_what_x_says_of_posts_that_are_gone_is_a_deletion() -> None:
    told = [
        gone("5", type="https://api.x.com/2/problems/resource-not-found"),
        gone("6", "not-authorized-for-resource"),
        gone("8", "not-authorized-for-field"),
        gone("9", resource_type="user"),
    ]
    found = parsed({"errors": told})
    assert found.tables["deletion"].select("mention_id", "reason").rows() == [("x:5", "deleted"), ("x:6", "removed")]
    assert (found.item_count, len(found.malformed)) == (2, 0)


ROOT_ID = id_at(AS_OF - timedelta(days=2))
REPLY = post(
    "12", conversation_id=ROOT_ID, in_reply_to_user_id="3", referenced_tweets=[{"type": "replied_to", "id": ROOT_ID}]
)


def conversation(root: str, *pages: dict[str, Any]) -> Any:
    def answers(path: str, query: dict[str, str]) -> Any:
        if path == "/2/tweets":
            return answer(post(query["ids"], conversation_id=root))
        assert query["query"] == f"conversation_id:{root}"
        return pages[int(query.get("next_token", 0))]

    return answers


async def read(answers: Any, native_id: str = "12", **more: Any) -> list[Page]:
    client, options = Answering(x.SOURCE, answers, "context"), x.Options(name="x", type="x", **more)
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


def test_replies_quotes_and_reposts_are_edges() -> None:
    original = post("20", author_id="9", text="the whole text", note_tweet={"text": "the whole long text"})
    repost = post("21", text="RT @z: the whole te…", referenced_tweets=[{"type": "retweeted", "id": "20"}])
    both = post(
        "22",
        in_reply_to_user_id="3",
        referenced_tweets=[{"type": "quoted", "id": "20"}, {"type": "replied_to", "id": "2"}],
    )
    body = answer(repost, both)
    body["includes"]["tweets"] = [original]
    found = parsed(body)
    assert found.tables["mention"].select("kind", "text", "parent_id").rows() == [
        ("repost", "the whole long text", None), ("reply", "Acme & air", "x:2"),
    ]  # fmt: skip
    assert found.tables["engagement_snapshot"]["mention_id"].to_list() == [
        "x:22"
    ]  # a repost's counts are its original's
    assert found.tables["interaction"].select("mention_id", "kind", "target_mention_id", "target_id").rows() == [
        ("x:21", "repost", "x:20", "x:9"), ("x:22", "quote", "x:20", "x:9"), ("x:22", "reply", "x:2", "x:3"),
    ]  # fmt: skip


def test_a_post_is_told_with_counts_author_links_and_media() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://acme.example/deal"},
        {"url": "https://t.co/b", "expanded_url": "https://x.com/ann/status/1/video/1", "media_key": "7_1"},
    ]
    entities = {"urls": urls, "hashtags": [{"tag": "Acme"}], "mentions": [{"username": "Bob"}]}
    found = parsed(answer(post(OLD, entities=entities, attachments={"media_keys": ["7_1"], "poll_ids": ["1"]})))
    mention = found.tables["mention"].row(0, named=True)
    assert (mention["links"], mention["hashtags"], mention["handles"]) == (
        ["https://acme.example/deal"],
        ["acme"],
        ["bob"],
    )
    assert mention["media_formats"] == ["video", "poll", "link"]
    counts = found.tables["engagement_snapshot"].select(
        "likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes"
    )
    assert counts.row(0) == (1, 2, 3, 4, 50, 0, None)
    account = found.tables["account"].row(0, named=True)
    assert (account["handle"], account["display_name"], account["created_at"]) == (
        "ann",
        "Ann A.",
        datetime(2020, 1, 1),
    )
    assert found.tables["account_snapshot"]["followers"].to_list() == [90]


@pytest.mark.parametrize(
    "broken", [{"text": None}, {"id": 5}, {"created_at": "soon"}, {"public_metrics": {"like_count": "1"}}]
)
def test_a_broken_post_is_named_and_loses_no_other(broken: dict[str, Any]) -> None:
    found = parsed(answer(post("1"), post("2", **broken), gone("3")))
    assert found.malformed["item_no"].to_list() == [1]
    assert found.tables["mention"]["native_id"].to_list() == ["1"]


def test_fields_that_are_not_known_are_counted_and_harm_nothing() -> None:
    found = parsed(answer(post("1", unheard_of=1)))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert len(found.tables["mention"]) == 1


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of(x.SOURCE, answer(post("1"), post("2"), errors=[gone("3")]), "refresh")
    assert x.items(page_of(x.SOURCE, x.wrap(page, x.items(page)), "refresh")) == x.items(page)


@settings(max_examples=40, deadline=None)
@given(
    spoiled(
        answer(
            post(OLD), REPLY, post("5", entities={"urls": [{"expanded_url": "https://a.example"}]}), errors=[gone("3")]
        )
    )
)
def test_no_payload_crashes_and_no_item_is_without_an_outcome(body: Any) -> None:
    for verb, request in (
        ("context", f"GET https://x.example/?query=conversation_id:{ROOT_ID}"),
        ("refresh", "GET https://x.example/"),
    ):
        page = page_of(x.SOURCE, body, verb, request=request)
        check_any_payload(x.SOURCE, OPTIONS, page)


CALLS = re.compile(
    r"/2/(tweets(/search/(recent|all)|/\d+)?|users/\d+/(tweets|mentions)|users(/by(/username/\w+)?|/\d+)?)$"
)
"""Paths of recorded answers of the shapes we ask for, beside counts. The others write: retweets, likes, follows."""


@pytest.mark.real_data
async def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    seen = 0
    for recorded in recordings(shared_data / "recorded/x"):
        if recorded.method != "GET" or recorded.status != 200:
            continue
        told = json.loads(recorded.body)
        if recorded.path.endswith("/tweets/counts/recent"):
            await check_count(recorded.body, told)
            seen += 1
        if not CALLS.search(recorded.path):
            continue
        page = page_of(x.SOURCE, recorded.body, "refresh")
        found = x.parse(page, OPTIONS)
        check_outcomes(x.SOURCE, page, found)
        data = told.get("data", [])
        items = data if isinstance(data, list) else [data]
        timeless = [
            n for n, item in enumerate(items) if "text" in item and "created_at" not in item and int(item["id"]) < 3e10
        ]
        assert found.malformed["item_no"].to_list() == timeless, recorded.file
        for item in (item for number, item in enumerate(items) if number not in timeless):
            check_item(item, told.get("includes", {}), found)
            seen += 1
    assert seen > 10


async def check_count(body: bytes, told: dict[str, Any]) -> None:
    """The first word spends the night, so that all that the recorded answer counts is lost."""
    options = x.Options(name="x", type="x", max_posts_per_night=10)
    options._spent.add(page_of(x.SOURCE, answer(*[post(str(10**18 + n)) for n in range(10)])))
    client = Answering(x.SOURCE, lambda *_: body)
    (page,) = [page async for page in x.discover(client, options, Topic("acme", "acme"), WINDOW)]
    assert page.lost_items == told["meta"]["total_tweet_count"] == sum(each["tweet_count"] for each in told["data"])
    assert x.items(page) == []


def check_item(item: dict[str, Any], includes: dict[str, Any], found: Parsed) -> None:
    if "username" in item:
        account = found.tables["account"].filter(native_id=item["id"]).row(0, named=True)
        assert (account["handle"], account["display_name"]) == (item["username"].lower(), item.get("name"))
        return
    versions = item.get("edit_history_tweet_ids", [item["id"]])
    if versions[-1] != item["id"]:
        return
    mention = found.tables["mention"].filter(native_id=versions[0]).row(0, named=True)
    kinds = {each["type"]: each["id"] for each in item.get("referenced_tweets", [])}
    originals = {each["id"]: each for each in includes.get("tweets", [])}
    shown = originals.get(kinds.get("retweeted", ""), item)
    assert mention["text"] == html.unescape(shown.get("note_tweet", shown)["text"]).strip()
    assert mention["author_id"] == (f"x:{item['author_id']}" if "author_id" in item else None)
    assert mention["language_reported"] == item.get("lang")
    assert mention["root_id"] == (f"x:{item['conversation_id']}" if "conversation_id" in item else None)
    assert mention["parent_id"] == (f"x:{kinds['replied_to']}" if "replied_to" in kinds else None)
    made = EPOCH + timedelta(milliseconds=int(versions[0]) >> 22)
    assert abs(mention["published_at"] - made) < timedelta(seconds=1)
    if "created_at" in item and len(versions) == 1:
        assert mention["published_at"] == datetime.fromisoformat(item["created_at"]).astimezone(UTC).replace(
            tzinfo=None
        )
    if "public_metrics" in item and "retweeted" not in kinds:
        counts = found.tables["engagement_snapshot"].filter(mention_id=mention["mention_id"]).row(0, named=True)
        for ours, theirs in (("likes", "like"), ("replies", "reply"), ("reposts", "retweet"), ("quotes", "quote"),
                             ("views", "impression"), ("bookmarks", "bookmark")):  # fmt: skip
            assert counts[ours] == item["public_metrics"].get(f"{theirs}_count")
