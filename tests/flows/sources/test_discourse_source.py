"""Discourse: search names posts by days and pages, topics tell them whole, with title, counts and what they answer."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import discourse
from flows.sources.base import Parsed, Topic, Verb, Window
from tests.flows.sources.scripted import AS_OF, Scripted, page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled

FORUM = "forum.example"
OPTIONS = discourse.Options.model_validate({"name": "d", "type": "discourse", "base_url": f"https://{FORUM}"})
WINDOW = Window(datetime(2026, 11, 16), datetime(2026, 11, 20))


def post(number: int = 1, topic_id: int = 57, **more: Any) -> dict[str, Any]:
    return {
        "id": topic_id * 1000 + number, "topic_id": topic_id, "topic_slug": "a-topic", "post_number": number,
        "post_type": 1, "username": "Ann", "name": "Ann A.", "created_at": "2026-11-16T08:00:00.000Z",
        "updated_at": "2026-11-16T09:00:00.000Z", "version": 1, "cooked": "<p>acme</p>", "reply_count": 2,
        "quote_count": 1, "reads": 30, "reply_to_post_number": None, "actions_summary": [{"id": 2, "count": 4}], **more,
    }  # fmt: skip


def topic(*posts: dict[str, Any], stream: list[int] | None = None, **more: Any) -> dict[str, Any]:
    ids = [each["id"] for each in posts] if stream is None else stream
    return {
        "title": "Acme &amp; Co",
        "views": 900,
        "tags": ["Air"],
        **more,
        "post_stream": {"posts": list(posts), "stream": ids},
    }


def parsed(body: Any, verb: Verb = "discover") -> Parsed:
    return discourse.parse(page_of("discourse", body, verb), OPTIONS)


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


COOKED = (
    '<aside class="quote" data-username="Bob" data-post="2" data-topic="12"><blockquote>old</blockquote></aside>'
    '<p><a class="mention" href="/u/carl">@Carl</a> see <a href="https://a.example/">this</a> '
    '<img class="emoji" src="e"><img src="/u/1.png"></p>'
)


def test_a_topic_tells_its_first_post_and_replies() -> None:
    clicks = [{"clicks": 7}, {"clicks": 1}, {"clicks": 5, "reflection": True}]
    answered: dict[str, Any] = {"reply_to_post_number": 2, "reply_to_user": {"username": "Bob"}}
    reply = post(3, cooked=COOKED, version=2, actions_summary=[], link_counts=clicks, **answered)
    found = parsed(topic(post(), reply))
    first, second = found.tables["mention"].rows(named=True)
    assert (first["text"], first["kind"], first["hashtags"]) == ("Acme & Co\n\nacme", "post", ["air"])
    assert (first["parent_id"], first["root_id"], first["edited_at"]) == (None, f"discourse:{FORUM}/t/57/1", None)
    assert (second["kind"], second["parent_id"]) == ("reply", f"discourse:{FORUM}/t/57/2")
    assert (second["handles"], second["links"]) == (["carl"], ["https://a.example/"])
    assert (second["media_formats"], second["edited_at"]) == (["image"], datetime(2026, 11, 16, 9))
    assert second["url"] == f"https://{FORUM}/t/a-topic/57/3"
    counts = found.tables["engagement_snapshot"].select("likes", "replies", "quotes", "views", "clicks").rows()
    assert counts == [(4, 2, 1, 900, None), (0, 2, 1, 30, 8)]
    assert found.tables["interaction"].select("kind", "target_mention_id", "target_id").rows() == [
        ("reply", f"discourse:{FORUM}/t/57/2", f"discourse:{FORUM}/u/bob"),
        ("quote", f"discourse:{FORUM}/t/12/2", f"discourse:{FORUM}/u/bob"),
    ]


def test_deleted_and_hidden_posts_are_told_and_notes_of_the_software_are_not() -> None:
    deleted = [post(1, user_deleted=True), post(2, deleted_at="2026-11-17T00:00:00Z"), post(3, hidden=True)]
    found = parsed(topic(*deleted, post(4, post_type=3)))
    assert "mention" not in found.tables
    assert found.tables["deletion"].select("mention_id", "deleted_at", "reason").rows() == [
        (f"discourse:{FORUM}/t/57/1", AS_OF, "deleted"),
        (f"discourse:{FORUM}/t/57/2", datetime(2026, 11, 17), "removed"),
        (f"discourse:{FORUM}/t/57/3", AS_OF, "removed"),
    ]


def test_a_forum_below_a_path_keeps_the_path_in_its_ids() -> None:
    options = discourse.Options.model_validate(
        {"name": "d", "type": "discourse", "base_url": "https://a.example/forum/"}
    )
    found = discourse.parse(page_of("discourse", topic(post())), options)
    assert found.tables["mention"]["native_id"].to_list() == ["a.example/forum/t/57/1"]


@pytest.mark.parametrize("lacking", ["topic_id", "post_number", "created_at", "cooked"])
def test_a_post_that_lacks_what_it_needs_is_named_and_loses_no_other(lacking: str) -> None:
    broken = {key: value for key, value in post(2).items() if key != lacking}
    found = parsed({"latest_posts": [post(1), broken, post(3)]})
    assert found.tables["mention"]["native_id"].to_list() == [f"{FORUM}/t/57/1", f"{FORUM}/t/57/3"]
    assert f"'{lacking}' is missing" in found.malformed["reason"][0]


def test_a_key_goes_along_with_the_name_and_stricter_limits() -> None:
    given_key = discourse.credentials(OPTIONS, {"api_key": "secret"})
    assert given_key.headers == {"Api-Key": "secret", "Api-Username": "system"}
    assert given_key.rates
    assert not discourse.credentials(OPTIONS, {}).headers


def test_a_field_that_nobody_knew_is_counted_and_spoils_nothing() -> None:
    found = parsed(topic(post(unheard_of=1)))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert found.tables["mention"].height == 1


@settings(max_examples=50, deadline=None)
@given(spoiled(topic(post(), post(2, cooked=COOKED, reply_to_user={"username": "Bob"}, link_counts=[{"clicks": 1}]))))
def test_no_spoiled_topic_loses_an_item(body: Any) -> None:
    check_any_payload(discourse.SOURCE, OPTIONS, page_of("discourse", body, "context"))


@pytest.mark.parametrize("body", [topic(post(), post(2)), {"latest_posts": [post()]}, post()])
def test_items_wrapped_again_say_the_same(body: Any) -> None:
    answer = page_of("discourse", body)
    again = page_of("discourse", discourse.wrap(answer, discourse.items(answer)))
    texts = [discourse.parse(each, OPTIONS).tables["mention"]["text"].to_list() for each in (answer, again)]
    assert texts[0] == texts[1]


def posts_in(body: Any) -> list[dict[str, Any]] | None:
    """None: lists of topics, of users and of actions, and old search answers hold no posts that we ask for."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("post_stream"), dict):
        return body["post_stream"]["posts"]  # type: ignore[no-any-return]
    return body.get("latest_posts") or ([body] if "cooked" in body else None)


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "recorded/discourse").glob("*.json")):
        body = json.loads(path.read_bytes())
        expected = posts_in(body)
        if expected is None:
            continue
        found = discourse.parse(page_of("discourse", path.read_bytes(), "context"), OPTIONS)
        assert found.malformed.is_empty(), path.name
        gone = [each for each in expected if each.get("deleted_at") or each.get("user_deleted") or each.get("hidden")]
        kept = [each for each in expected if each not in gone and each["post_type"] in (1, 2)]
        mentions = found.tables["mention"].rows(named=True)
        for told, mention, count in zip(
            kept, mentions, found.tables["engagement_snapshot"].rows(named=True), strict=True
        ):
            assert mention["native_id"] == f"{FORUM}/t/{told['topic_id']}/{told['post_number']}"
            assert mention["author_id"] == f"discourse:{FORUM}/u/{told['username'].lower()}"
            moment = datetime.fromisoformat(told["created_at"])
            assert mention["published_at"] == moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())
            bare = re.sub(r"\W", "", re.sub(r"<[^>]+>|&\w+;", "", told["cooked"]))
            assert re.sub(r"\W", "", mention["text"]).endswith(bare)
            title = body.get("title") or told.get("topic_title")
            assert told["post_number"] != 1 or title is None or mention["text"].startswith(title)
            likes = [each.get("count", 0) for each in told["actions_summary"] if each["id"] == 2]
            assert (count["likes"], count["replies"], count["quotes"]) == (
                (likes or [0])[0], told["reply_count"], told["quote_count"],
            )  # fmt: skip
            assert count["views"] == (body.get("views") if told["post_number"] == 1 else told["reads"])
            read += 1
    assert read
