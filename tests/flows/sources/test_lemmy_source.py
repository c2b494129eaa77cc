"""Lemmy: pages back to the window's start; the same object on every server; comments with what they answer."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from flows.errors import SourceError
from flows.sources import lemmy
from flows.sources.base import Parsed, Topic, Verb, Window
from tests.flows.sources.scripted import AS_OF, Scripted, page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled

SERVER = "https://lemmy.example"
OPTIONS = lemmy.Options.model_validate({"name": "l", "type": "lemmy", "base_url": SERVER})
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
ANN = {"id": 3, "name": "Ann", "actor_id": "https://there.example/u/Ann", "bot_account": False}


def post(number: int = 1, at: datetime = WINDOW.start, **more: Any) -> dict[str, Any]:
    return {
        "post": {"id": number, "name": " Acme ", "body": "see <https://a.example/x> &amp; <b>that</b>", "url": "",
                 "ap_id": f"{SERVER}/post/{number}", "published": at.isoformat() + "Z", **more},
        "creator": ANN, "community": {"id": 9, "local": True},
        "counts": {"comments": 2, "score": 5, "upvotes": 7, "downvotes": 2},
    }  # fmt: skip


def comment(number: int, path: str, at: datetime = WINDOW.start, **more: Any) -> dict[str, Any]:
    return {
        "comment": {"id": number, "content": "acme", "path": path, "ap_id": f"https://there.example/comment/{number}",
                    "published": at.isoformat(), **more},
        "creator": ANN, "post": post()["post"], "community": {"id": 9, "local": True},
        "counts": {"child_count": 1, "upvotes": 1, "downvotes": 0},
    }  # fmt: skip


def parsed(body: Any, verb: Verb = "discover") -> Parsed:
    return lemmy.parse(page_of("lemmy", body, verb), OPTIONS)


class Server:
    """Searches as the server does: newest first, `limit` a page, any page number."""

    def __init__(self, times: list[datetime]) -> None:
        self.posts = [post(number, at) for number, at in enumerate(sorted(times, reverse=True), 1)]

    def __call__(self, _url: str, asked: dict[str, Any]) -> Any:
        if asked.get("type_") == "Comments":
            return {"type_": "Comments", "posts": [], "comments": []}
        start = (asked["page"] - 1) * asked["limit"]
        return {"type_": "Posts", "posts": self.posts[start : start + asked["limit"]], "comments": []}


async def found_by_search(answer: Any, query: str = "acme") -> tuple[Scripted, set[int]]:
    client = Scripted("lemmy", answer)
    pages = [each async for each in lemmy.discover(client, OPTIONS, Topic("acme", query), WINDOW)]
    return client, {json.loads(item)["post"]["id"] for each in pages for item in lemmy.items(each)}


async def test_a_search_goes_back_to_the_windows_start_and_no_further() -> None:
    times = [WINDOW.start + timedelta(minutes=10 * each) for each in range(-1_000, 300)]
    client, found = await found_by_search(Server(times))
    inside = {
        each["post"]["id"] for each in Server(times).posts
        if WINDOW.start.isoformat() <= each["post"]["published"] < WINDOW.end.isoformat()
    }  # fmt: skip
    assert found >= inside
    assert len(inside) == 144
    assert len(client.asked) <= 9


async def test_the_longest_word_of_each_alternative_is_asked_once() -> None:
    client, _ = await found_by_search(Server([]), '"acme air" OR (#acme refund* globexx) OR (globexx x) OR @acme')
    assert {asked["q"] for _, asked in client.asked} == {"acme air", "globexx", "acme"}
    assert len(client.asked) == 6
    assert {asked["limit"] for _, asked in client.asked} == {50}


async def test_a_timeline_tells_posts_comments_and_how_many_there_are() -> None:
    person = {"person": ANN, "counts": {"post_count": 2, "comment_count": 5}}

    def answer(url: str, asked: dict[str, Any]) -> Any:
        assert url == f"{SERVER}/api/v3/user"
        assert asked["username"] == "ann@there.example"
        return {"person_view": person, "posts": [post()], "comments": [comment(5, "0.5")]}

    client = Scripted("lemmy", answer, "timeline")
    pages = [each async for each in lemmy.timeline(client, OPTIONS, "ann@there.example", WINDOW)]
    (tables,) = (lemmy.parse(each, OPTIONS).tables for each in pages)
    assert tables["mention"]["kind"].to_list() == ["post", "comment"]
    assert tables["account_snapshot"].select("followers", "posts").rows() == [(None, 7)]
    assert set(tables["account"]["native_id"]) == {"ann@there.example"}


async def test_a_refresh_finds_objects_by_their_addresses() -> None:
    known = {f"{SERVER}/post/1": {"post": post()}, "https://there.example/comment/5": {"comment": comment(5, "0.5")}}

    def answer(_url: str, asked: dict[str, Any]) -> Any:
        found = known.get(asked["q"])
        return found or (404, {"error": "couldnt_find_object"})

    client = Scripted("lemmy", answer, "refresh")
    ids = [*known, f"{SERVER}/post/2"]
    pages = [lemmy.parse(each, OPTIONS) async for each in lemmy.refresh(client, OPTIONS, ids)]
    assert [each.tables["mention"]["native_id"].to_list() for each in pages] == [[each] for each in known]


async def test_another_refusal_does_not_say_that_a_post_is_gone() -> None:
    client = Scripted("lemmy", lambda _url, _asked: (400, {"error": "instance_is_private"}), "refresh")
    with pytest.raises(SourceError, match="instance_is_private") as told:
        [each async for each in lemmy.refresh(client, OPTIONS, [f"{SERVER}/post/1"])]
    assert not told.value.retryable


def test_who_asks_too_much_is_told_so_with_400_and_waits_until_one_more_search_goes() -> None:
    assert lemmy.pause(b'{"error":"rate_limit_error"}') == 10
    assert lemmy.pause(b'{"error":"couldnt_find_post"}') is None
    quoting = {"posts": [{"post": {"name": '"rate_limit_error"', "body": "they say " * 30}}]}
    assert lemmy.pause(msgspec.json.encode(quoting)) is None


async def read_thread(comments: list[Any], *, is_local: bool = True) -> list[Parsed]:
    view = {**post(), "community": {"id": 9, "local": is_local}}

    def answer(url: str, asked: dict[str, Any]) -> Any:
        if url.endswith("/resolve_object"):
            return (
                {"comment": comments[0]}
                if asked["q"].endswith("/comment/2")
                else (400, {"error": "couldnt_find_object"})
            )
        if url.endswith("/comment/list"):
            return {"comments": comments[(asked["page"] - 1) * 50 : asked["page"] * 50]}
        return {"post_view": view}

    client = Scripted("lemmy", answer, "context")
    assert [each async for each in lemmy.context(client, OPTIONS, f"{SERVER}/post/404")] == []
    asked = "https://there.example/comment/2"
    return [lemmy.parse(each, OPTIONS) async for each in lemmy.context(client, OPTIONS, asked)]


@pytest.mark.parametrize("is_local", [True, False])
async def test_a_thread_is_complete_once_its_post_was_read_last(is_local: bool) -> None:
    replies = [comment(each, f"0.{each}") for each in range(2, 102)]
    pages = await read_thread(replies, is_local=is_local)
    reads = [each.tables["thread_read"].unique("root_id").row(0, named=True) for each in pages if each.item_count]
    assert [each["replies_read"] for each in reads] == [50, 50, 0]
    assert [each["is_complete"] for each in reads] == [False, False, is_local]
    assert {each["root_id"] for each in reads} == {f"lemmy:{SERVER}/post/1"}


def test_a_post_and_its_comments_are_read_whole() -> None:
    below = [comment(5, "0.5"), comment(6, "0.5.6"), comment(7, "0.99.7")]
    found = parsed({"posts": [post(url="https://b.example/i.PNG", updated="2026-11-20T01:00:00")], "comments": below})
    first, *comments = found.tables["mention"].rows(named=True)
    assert first["text"] == "Acme\n\nsee https://a.example/x & that"
    assert (first["links"], first["media_formats"]) == (["https://b.example/i.PNG"], ["image"])
    assert (first["author_id"], first["edited_at"]) == ("lemmy:ann@there.example", datetime(2026, 11, 20, 1))
    root = f"lemmy:{SERVER}/post/1"
    assert [each["parent_id"] for each in comments] == [root, "lemmy:https://there.example/comment/5", None]
    assert {each["root_id"] for each in comments} == {root}
    assert found.tables["interaction"]["target_mention_id"].to_list() == [each["parent_id"] for each in comments[:2]]
    counts = found.tables["engagement_snapshot"].select("upvotes", "downvotes", "replies", "likes", "views").rows()
    assert counts == [(7, 2, 2, None, None), *[(1, 0, 1, None, None)] * 3]


def test_what_is_deleted_or_removed_is_told() -> None:
    found = parsed({"posts": [post(1, deleted=True), post(2, removed=True)]})
    assert "mention" not in found.tables
    assert found.tables["deletion"].select("mention_id", "deleted_at", "reason").rows() == [
        (f"lemmy:{SERVER}/post/1", AS_OF, "deleted"),
        (f"lemmy:{SERVER}/post/2", AS_OF, "removed"),
    ]


@pytest.mark.parametrize("lacking", ["name", "ap_id", "published"])
def test_a_post_that_lacks_what_it_needs_is_named_and_loses_no_other(lacking: str) -> None:
    broken = post(2)
    del broken["post"][lacking]
    found = parsed({"posts": [post(1), broken, post(3)]})
    assert found.tables["mention"].height == 2
    assert f"'{lacking}' is missing" in found.malformed["reason"][0]


def test_an_address_that_is_none_is_refused() -> None:
    found = parsed({"posts": [post(ap_id="javascript:x")]})
    assert found.malformed["reason"].to_list() == ["ValueError: ap_id is no address"]


def test_an_answer_that_is_no_object_is_refused() -> None:
    with pytest.raises(SourceError):
        parsed([])


BODY = {"posts": [post(url="https://b.example/")], "comments": [comment(5, "0.5"), comment(6, "0.5.6")]}


def test_a_field_that_nobody_knew_is_counted_and_spoils_nothing() -> None:
    found = parsed({"posts": [{**post(), "unheard_of": 1}]})
    assert found.unmapped_fields == {"unheard_of": 1}
    assert found.tables["mention"].height == 1


@settings(max_examples=50, deadline=None)
@given(spoiled(BODY))
def test_no_spoiled_answer_loses_an_item(body: Any) -> None:
    check_any_payload(lemmy.SOURCE, OPTIONS, page_of("lemmy", body, "context"))


@pytest.mark.parametrize("body", [BODY, {"post_view": post()}, {"comment": comment(5, "0.5")}])
def test_items_wrapped_again_are_the_same_items(body: Any) -> None:
    answer = page_of("lemmy", body)
    found = lemmy.items(answer)
    assert lemmy.items(page_of("lemmy", lemmy.wrap(answer, found))) == found


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "recorded").glob("*/*lemmy*.json")):
        body = json.loads(path.read_bytes())
        found = lemmy.parse(page_of("lemmy", path.read_bytes()), OPTIONS)
        assert found.malformed.is_empty(), path.name
        views = [*body.get("posts", []), *body.get("comments", [])]
        told = [(each, each.get("comment") or each["post"]) for each in views]
        kept = [(view, inner) for view, inner in told if not (inner.get("deleted") or inner.get("removed"))]
        mentions, counts = (found.tables[name].rows(named=True) for name in ("mention", "engagement_snapshot"))
        for (view, inner), mention, count in zip(kept, mentions, counts, strict=True):
            assert mention["mention_id"] == "lemmy:" + inner["ap_id"]
            assert mention["published_at"].strftime("%Y-%m-%dT%H:%M:%S") == inner["published"][:19]
            said = inner["content"] if "content" in inner else inner["name"] + (inner.get("body") or "")
            assert re.sub(r"\s", "", mention["text"]) == re.sub(r"\s|</?\w+>", "", said)
            assert mention["links"] == ([inner["url"]] if inner.get("url") else [])
            votes = view["counts"]
            assert (count["upvotes"], count["downvotes"]) == (votes.get("upvotes"), votes.get("downvotes"))
            assert count["replies"] == votes.get("child_count" if "comment" in view else "comments")
            read += 1
    assert read
