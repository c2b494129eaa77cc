"""Stack Exchange: ids by search, posts whole by the hundred, threads in one answer, waits that bodies ask for."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import stackexchange
from flows.sources.base import Page, Parsed, Topic, Verb, Window
from flows.sources.plain_text import from_html
from tests.flows.sources.scripted import Scripted, page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, check_outcomes, spoiled

OPTIONS = stackexchange.Options(name="so", type="stackexchange")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
START = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
ROOT = "https://api.stackexchange.com/2.3"
OWNER = {
    "user_id": 7,
    "display_name": "Ann &amp; Co",
    "link": "https://stackoverflow.com/users/7/ann",
    "reputation": 900,
}


def question(number: int, **more: Any) -> dict[str, Any]:
    told = {
        "question_id": number, "creation_date": START, "title": "Acme &#39;air&#39;", "score": -2, "answer_count": 1,
        "view_count": 30, "owner": OWNER, "tags": ["Air"], "link": f"https://stackoverflow.com/questions/{number}/acme",
        "body": '<p>See <a href="https://acme.example/?a=1&amp;b=2">it</a></p>',
    }  # fmt: skip
    return told | more


def answer(number: int, **more: Any) -> dict[str, Any]:
    told = {
        "answer_id": number,
        "question_id": 1,
        "creation_date": START + 60,
        "score": 4,
        "owner": OWNER,
        "body": "<p>no</p>",
    }
    return told | more


def comment(number: int, post: int, **more: Any) -> dict[str, Any]:
    told = {
        "comment_id": number,
        "post_id": post,
        "creation_date": START + 90,
        "score": 0,
        "owner": OWNER,
        "body": "why",
    }
    return told | more


def answered(*items: Any, has_more: bool = False) -> dict[str, Any]:
    return {"items": list(items), "has_more": has_more, "quota_remaining": 9}


def parsed(body: Any, verb: Verb = "refresh") -> Parsed:
    return stackexchange.parse(page_of("stackexchange", body, verb), OPTIONS)


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


THREAD = question(
    1, comments=[comment(5, 1)], comment_count=1, answers=[answer(2, comments=[comment(6, 2)], comment_count=1)]
)


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


def test_a_question_is_told_with_its_net_votes_views_tags_and_links() -> None:
    found = parsed(
        answered(question(1, last_edit_date=START + 5), answer(2), comment(3, 2, reply_to_user={"user_id": 8}))
    )
    mention = found.tables["mention"].row(0, named=True)
    assert mention["text"] == "Acme 'air'\n\nSee it"
    assert (mention["hashtags"], mention["links"]) == (["air"], ["https://acme.example/?a=1&b=2"])
    assert mention["edited_at"] == datetime(2026, 11, 20, 0, 0, 5)
    counts = found.tables["engagement_snapshot"].select("upvotes", "downvotes", "replies", "views").rows()
    assert counts == [(-2, None, 1, 30), (4, None, None, None), (0, None, None, None)]
    assert found.tables["mention"]["url"].to_list()[1:] == ["https://stackoverflow.com/a/2", None]
    edges = found.tables["interaction"].select("target_mention_id", "target_id").rows()
    assert edges == [
        ("stackexchange:stackoverflow-1", None),
        ("stackexchange:stackoverflow-2", "stackexchange:stackoverflow-8"),
    ]
    account = found.tables["account"].row(0, named=True)
    assert (account["native_id"], account["display_name"]) == ("stackoverflow-7", "Ann & Co")
    assert "account_snapshot" not in found.tables  # reputation is no followers


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


def test_fields_that_are_not_known_are_counted_and_harm_nothing() -> None:
    found = parsed(answered(question(1, unheard_of=1)))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert len(found.tables["mention"]) == 1


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of("stackexchange", answered(THREAD), "refresh")
    again = page_of("stackexchange", stackexchange.wrap(page, stackexchange.items(page)), "refresh")
    assert stackexchange.items(again) == stackexchange.items(page)


@settings(max_examples=40, deadline=None)
@given(spoiled(answered(THREAD, question(2), answer(3), comment(4, 3))))
def test_no_payload_crashes_and_no_item_is_without_an_outcome(body: Any) -> None:
    for verb in ("context", "refresh"):
        page = page_of("stackexchange", body, verb)
        check_any_payload(stackexchange.SOURCE, OPTIONS, page)


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    """Those of `trimmed` were cut down to less than an id and a time: each item is named, and none is taken."""
    folder = shared_data / "recorded"
    read = 0
    for file in [*sorted((folder / "stackexchange").glob("*.json")), folder / "trimmed/stackexchange.json"]:
        body = json.loads(file.read_text())
        page = page_of("stackexchange", body, "refresh")
        found = stackexchange.parse(page, OPTIONS)
        check_outcomes(stackexchange.SOURCE, page, found)
        tables = {
            table: {row[key]: row for row in found.tables[table].rows(named=True)}
            for table, key in (
                ("mention", "native_id"),
                ("engagement_snapshot", "mention_id"),
                ("account", "native_id"),
            )
            if table in found.tables
        }
        unread = set(found.malformed["item_no"])
        for number, item in enumerate(body["items"]):
            ids = [name for name in ("comment_id", "answer_id", "question_id") if name in item]
            if not ids or "creation_date" not in item:
                assert number in unread
                continue
            check_item(ids[0], item, tables)
            read += 1
    assert read >= 10


def check_item(id_name: str, item: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    native_id = f"stackoverflow-{'c' if id_name == 'comment_id' else ''}{item[id_name]}"
    mention, counts = tables["mention"][native_id], tables["engagement_snapshot"][f"stackexchange:{native_id}"]
    title = html.unescape(item["title"]) if id_name == "question_id" else ""
    assert mention["text"] == "\n\n".join(part for part in (title, from_html(item.get("body", ""))) if part)
    assert mention["kind"] == id_name.removesuffix("_id")
    assert mention["published_at"] == datetime(1970, 1, 1) + timedelta(seconds=item["creation_date"])
    edited = item.get("last_edit_date")
    assert mention["edited_at"] == (datetime(1970, 1, 1) + timedelta(seconds=edited) if edited else None)
    assert mention["url"] == item["link"]
    assert mention["hashtags"] == item.get("tags", [])
    assert counts["upvotes"] == item["score"]
    assert counts["views"] == item.get("view_count")
    assert counts["replies"] == (item["answer_count"] if id_name == "question_id" else item.get("comment_count"))
    owner = item.get("owner", {})
    user = f"stackoverflow-{owner['user_id']}" if "user_id" in owner else None
    assert mention["author_id"] == (f"stackexchange:{user}" if user else None)
    if user:
        assert tables["account"][user]["display_name"] == html.unescape(owner["display_name"])
