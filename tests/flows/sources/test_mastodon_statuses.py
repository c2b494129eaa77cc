"""Mastodon's statuses: one post is one mention wherever it is seen; threads known whole or not; what is broken."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from flows.sources import mastodon
from flows.sources.base import Parsed, Verb
from tests.flows.sources.mastodon_samples import API, HERE, OPTIONS, account, status
from tests.flows.sources.scripted import AS_OF, page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, spoiled

OSTATUS = "tag:old.example,2017-01-01:objectId=1:objectType=Status"


def parsed(body: Any, url: str = f"{API}/timelines/tag/acme", verb: Verb = "discover", **more: Any) -> Parsed:
    return mastodon.parse(page_of("mastodon", body, verb, f"GET {url}", **more), OPTIONS)


@pytest.mark.parametrize(
    ("seen", "native_id"),
    [
        (status(local_id="77"), f"{HERE}/77"),
        ({**status(local_id="77"), "uri": f"https://{HERE}/ap/users/5/statuses/77"}, f"{HERE}/77"),
        ({**status(local_id="9", acct="bob@there.example"), "uri": "https://there.example/users/bob/statuses/1234567"},
         "there.example/1234567"),
        ({**status(local_id="9", acct="bob@there.example"), "uri": "https://there.example/@bob@there.example/posts/1234567/"},
         "there.example/1234567"),
        ({**status(local_id="9", acct="bob@misskey.example"), "uri": "https://misskey.example/notes/9abc"},
         "misskey.example/notes/9abc"),
        ({**status(local_id="9", acct="bob@old.example"), "uri": OSTATUS},
         OSTATUS),
    ],
)  # fmt: skip
def test_a_post_has_the_id_of_the_server_where_it_was_written(seen: dict[str, Any], native_id: str) -> None:
    found = parsed([seen])
    assert found.tables["mention"]["native_id"].to_list() == [native_id]
    assert ("engagement_snapshot" in found.tables) == bool(re.fullmatch(r"[^/:]+/\d+", native_id))


def test_the_same_post_seen_by_two_servers_is_one_mention() -> None:
    there = {**status(local_id="1234567"), "uri": "https://there.example/users/ann/statuses/1234567"}
    at_home = parsed([there], "https://there.example/api/v1/statuses")
    from_here = parsed([{**there, "id": "9", "account": account("ann@there.example")}])
    for name in ("mention_id", "author_id"):
        assert at_home.tables["mention"][name].to_list() == from_here.tables["mention"][name].to_list()


def test_without_origins_only_posts_of_the_server_have_counts() -> None:
    options = OPTIONS.model_copy(update={"origins": False})
    found = mastodon.parse(page_of("mastodon", [status(acct="bob@there.example"), status(local_id="5")]), options)
    assert found.tables["engagement_snapshot"]["mention_id"].to_list() == [f"mastodon:{HERE}/5"]


def thread(depth: int, breadth: int = 1) -> list[dict[str, Any]]:
    return [
        status(local_id=f"{level}0{each}", in_reply_to_id="1" if level == 1 else f"{level - 1}00")
        for level in range(1, depth + 1)
        for each in range(breadth)
    ]


@pytest.mark.parametrize(
    ("replies", "headers", "is_complete"),
    [
        ([], {}, True),
        (thread(3), {}, True),
        (thread(1, 60), {}, False),
        (thread(20), {}, False),
        (thread(1, 61), {}, True),
        (thread(1), {"mastodon-async-refresh": 'id="x", retry=3'}, False),
        ([*thread(1), {"id": "2", "content": "broken"}], {}, False),
    ],
    ids=["none", "few", "sixty", "deep", "as a user", "still fetching", "unreadable"],
)
def test_a_thread_is_complete_where_no_limit_was_met(
    replies: list[Any], headers: dict[str, str], is_complete: bool
) -> None:
    body = {"ancestors": [], "descendants": replies}
    found = parsed(body, f"{API}/statuses/1/context", "context", headers=headers)
    read = found.tables["thread_read"].unique(["root_id", "replies_read", "is_complete"]).rows(named=True)
    assert [(each["root_id"], each["is_complete"]) for each in read] == [(f"mastodon:{HERE}/1", is_complete)]
    if replies:
        assert found.tables["mention"]["parent_id"][0] == f"mastodon:{HERE}/1"


def test_whom_a_reply_answers_is_told_as_far_as_the_page_tells() -> None:
    mentions = [account("carl"), account("dora@there.example")]
    to_carl = status(local_id="2", in_reply_to_id="1", in_reply_to_account_id="a-carl", mentions=mentions)
    to_dora = status(local_id="3", in_reply_to_id="9", in_reply_to_account_id="a-dora@there.example", mentions=mentions)
    to_whom = status(local_id="4", in_reply_to_id="9", in_reply_to_account_id="a-x")
    found = parsed([to_carl, to_dora, to_whom])
    assert found.tables["mention"]["parent_id"].to_list() == [f"mastodon:{HERE}/1", None, None]
    assert set(found.tables["mention"]["kind"]) == {"reply"}
    assert found.tables["mention"]["handles"][0].to_list() == [f"carl@{HERE}", "dora@there.example"]
    assert found.tables["interaction"].select("mention_id", "target_mention_id", "target_id").rows() == [
        (f"mastodon:{HERE}/2", f"mastodon:{HERE}/1", f"mastodon:carl@{HERE}"),
        (f"mastodon:{HERE}/3", None, "mastodon:dora@there.example"),
    ]


def test_a_reply_whose_parent_was_deleted_is_still_a_reply() -> None:
    mentions = [{"id": "a-carl", "acct": "carl", "username": "carl", "url": "x"}]
    found = parsed([status(local_id="2", in_reply_to_id=None, in_reply_to_account_id="a-carl", mentions=mentions)])
    (mention,) = found.tables["mention"].rows(named=True)
    assert (mention["kind"], mention["parent_id"], mention["root_id"]) == ("reply", None, None)
    edges = found.tables["interaction"].select("kind", "target_mention_id", "target_id").rows()
    assert edges == [("reply", None, f"mastodon:carl@{HERE}")]


def test_a_full_status_is_read_whole() -> None:
    content = (
        '<p><a class="u-url mention" href="https://here.example/@carl">@carl</a> look &amp; see<br>'
        '<a href="https://a.example/x">a</a> <a class="mention hashtag" href="https://here.example/tags/Acme">#Acme</a></p>'
    )
    quoted = status(local_id="8", acct="bob@there.example")
    found = parsed([status(
        content=content, spoiler_text="warning", edited_at="2026-11-20T01:00:00.000+01:00", tags=[{"name": "Acme"}],
        media_attachments=[{"type": "gifv"}, {"type": "unknown"}], poll={"id": "1"}, card={"url": "https://b.example/"},
        quote={"state": "accepted", "quoted_status": quoted}, quotes_count=0,
    )])  # fmt: skip
    mention = found.tables["mention"].row(0, named=True)
    assert mention["text"] == "warning\n\n@carl look & see\na #Acme"
    assert (mention["kind"], mention["edited_at"]) == ("quote", datetime(2026, 11, 20))
    assert mention["links"] == ["https://a.example/x", "https://b.example/"]
    assert (mention["hashtags"], mention["media_formats"]) == (["acme"], ["video", "link", "poll"])
    counts = found.tables["engagement_snapshot"].row(0, named=True)
    assert [counts[each] for each in ("likes", "replies", "reposts", "quotes", "bookmarks")] == [3, 1, 2, 0, None]
    assert (counts["captured_at"], found.tables["interaction"]["kind"].to_list()) == (AS_OF, ["quote"])


def test_a_boost_is_a_repost_and_what_is_not_public_is_not_kept() -> None:
    boosted = status(local_id="8", acct="bob@there.example", content="<p>theirs</p>")
    found = parsed([status(local_id="2", reblog=boosted), status(local_id="3", visibility="private")])
    assert found.tables["mention"].select("native_id", "kind", "text").rows() == [(f"{HERE}/2", "repost", "")]
    assert found.tables["interaction"]["target_id"].to_list() == ["mastodon:bob@there.example"]
    assert found.malformed.is_empty()


@pytest.mark.parametrize("lacking", ["id", "uri", "created_at", "content", "account"])
def test_a_status_that_lacks_what_it_needs_is_named_and_loses_no_other(lacking: str) -> None:
    broken = {key: value for key, value in status(local_id="2").items() if key != lacking}
    found = parsed([status(local_id="1"), broken, status(local_id="3")])
    assert found.tables["mention"]["native_id"].to_list() == [f"{HERE}/1", f"{HERE}/3"]
    assert f"'{lacking}' is missing" in found.malformed["reason"][0]


FULL = status(local_id="5", mentions=[account("bob")], tags=[{"name": "x"}], media_attachments=[{"type": "image"}])
REPLY = status(local_id="6", in_reply_to_id="5", in_reply_to_account_id="a-ann", reblog=None, poll=None)


def test_a_field_that_nobody_knew_is_counted_and_spoils_nothing() -> None:
    found = parsed([status(unheard_of=1)])
    assert found.unmapped_fields == {"unheard_of": 1}
    assert found.tables["mention"].height == 1


@settings(max_examples=50, deadline=None)
@given(spoiled([FULL, REPLY]))
def test_no_spoiled_timeline_loses_an_item(body: Any) -> None:
    check_any_payload(mastodon.SOURCE, OPTIONS, page_of("mastodon", body, request=f"GET {API}/timelines/tag/x"))


@settings(max_examples=50, deadline=None)
@given(spoiled({"ancestors": [], "descendants": [FULL, REPLY]}))
def test_no_spoiled_thread_loses_an_item(body: Any) -> None:
    answer = page_of("mastodon", body, "context", f"GET {API}/statuses/5/context")
    check_any_payload(mastodon.SOURCE, OPTIONS, answer)


def test_items_wrapped_again_are_the_same_items() -> None:
    answer = page_of("mastodon", {"statuses": [FULL, REPLY]})
    found = mastodon.items(answer)
    assert mastodon.items(page_of("mastodon", mastodon.wrap(answer, found))) == found
