"""Mastodon: one post is one mention wherever it is seen; windows without holes; counts from where it was written."""

from __future__ import annotations

import functools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
from hypothesis import given, settings

from flows.errors import CredentialError, SourceError
from flows.sources import mastodon, mastodon_timeline
from flows.sources.base import Parsed, Topic, Verb, Window
from tests.flows.sources.scripted import AS_OF, Scripted, each_item_has_one_outcome, mangled, page, recordings

HERE = "here.example"
OPTIONS = mastodon.Options.model_validate({"name": "m", "type": "mastodon", "base_url": f"https://{HERE}"})
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
OSTATUS = "tag:old.example,2017-01-01:objectId=1:objectType=Status"
API = f"https://{HERE}/api/v1"


def number(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000) << 16


def account(acct: str = "ann", **more: Any) -> dict[str, Any]:
    user, _, host = acct.partition("@")
    return {"id": f"a-{acct}", "username": user, "acct": acct, "url": f"https://{host or HERE}/@{user}", **more}


def status(at: datetime = WINDOW.start, local_id: str = "", acct: str = "ann", **more: Any) -> dict[str, Any]:
    user, _, host = acct.partition("@")
    local_id = local_id or str(number(at))
    uri = f"https://{host or HERE}/users/{user}/statuses/{local_id}"
    return {
        "id": local_id, "created_at": at.isoformat() + "Z", "uri": uri, "url": uri, "content": "<p>acme</p>",
        "account": account(acct), "visibility": "public", "language": "en", "in_reply_to_id": None,
        "in_reply_to_account_id": None, "replies_count": 1, "reblogs_count": 2, "favourites_count": 3, **more,
    }  # fmt: skip


def parsed(body: Any, url: str = f"{API}/timelines/tag/acme", verb: Verb = "discover", **more: Any) -> Parsed:
    return mastodon.parse(page("mastodon", body, verb, f"GET {url}", **more), OPTIONS)


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
    found = mastodon.parse(page("mastodon", [status(acct="bob@there.example"), status(local_id="5")]), options)
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
@given(mangled([FULL, REPLY]))
def test_no_spoiled_timeline_loses_an_item(body: bytes) -> None:
    each_item_has_one_outcome(mastodon.SOURCE, OPTIONS, page("mastodon", body, request=f"GET {API}/timelines/tag/x"))


@settings(max_examples=50, deadline=None)
@given(mangled({"ancestors": [], "descendants": [FULL, REPLY]}))
def test_no_spoiled_thread_loses_an_item(body: bytes) -> None:
    answer = page("mastodon", body, "context", f"GET {API}/statuses/5/context")
    each_item_has_one_outcome(mastodon.SOURCE, OPTIONS, answer)


def test_items_wrapped_again_are_the_same_items() -> None:
    answer = page("mastodon", {"statuses": [FULL, REPLY]})
    found = mastodon.items(answer)
    assert mastodon.items(page("mastodon", mastodon.wrap(answer, found))) == found


CALLS = re.compile(
    r"/api/v1/(timelines/(tag/[^/?]+|public)|accounts/lookup|accounts/\d+(/statuses)?|statuses(/\d+(/context)?)?|trends/statuses)/?$|/api/v2/search$"
)
"""What we ask for, and lists of statuses of the same shape. Recordings of anything else (the instance, the signed-in
account, writing) and those whose server refused are no answers to us."""


def statuses_in(body: Any) -> list[dict[str, Any]]:
    if isinstance(body, list):
        return body
    lists = [body.get(name) or [] for name in ("statuses", "ancestors", "descendants")]
    return [*lists[0], *lists[1], *lists[2]] or ([body] if "uri" in body and "content" in body else [])


def check_fields(body: Any, found: Parsed, host: str, name: str) -> int:
    assert found.malformed.is_empty(), name
    expected = [each for each in statuses_in(body) if each.get("visibility") in ("public", "unlisted")]
    mentions = found.tables["mention"].rows(named=True) if expected else []
    counts = (
        dict(found.tables["engagement_snapshot"].rows_by_key("mention_id", named=True, unique=True)) if expected else {}
    )
    for told, mention in zip(expected, mentions, strict=True):
        assert mention["native_id"] == f"{host}/{told['id']}"
        assert mention["url"] == (told.get("url") or told["uri"])
        assert mention["author_id"] == f"mastodon:{told['account']['username'].lower()}@{host}"
        assert mention["published_at"].strftime("%Y-%m-%dT%H:%M:%S") == told["created_at"][:19]
        assert mention["language_reported"] == told["language"]
        if told.get("reblog"):
            assert (mention["kind"], mention["text"]) == ("repost", "")
            continue
        assert (mention["kind"] == "reply") == (told["in_reply_to_id"] is not None)
        assert mention["hashtags"] == [tag["name"].lower() for tag in told["tags"]]
        bare = re.sub(r"<[^>]+>|\s|&[#\w]+;", "", told["spoiler_text"] + told["content"])
        signs = [sign for sign in re.sub(r"\s", "", mention["text"]) if sign not in "&'<>\"\xa0"]
        assert signs == [sign for sign in bare if sign not in "&'<>\"\xa0"]
        count = counts[mention["mention_id"]]
        assert (count["likes"], count["replies"], count["reposts"], count["quotes"]) == (
            told["favourites_count"], told.get("replies_count"), told["reblogs_count"], told.get("quotes_count"),
        )  # fmt: skip
    return len(expected)


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    read = 0
    for name, url, code, headers, body in recordings(shared_data / "recorded/mastodon"):
        where = urlsplit(url)
        if code != 200 or not CALLS.search(where.path):
            continue
        verb: Verb = "context" if where.path.endswith("/context") else "discover"
        options = OPTIONS.model_copy(update={"base_url": f"{where.scheme}://{where.netloc}"})
        answer = page("mastodon", body, verb, f"GET {url}", headers=headers)
        read += check_fields(json.loads(body), mastodon.parse(answer, options), where.netloc, name)
    assert read


def recorded(pages: dict[str | None, Any], url: str, asked: dict[str, Any]) -> Any:
    return pages[asked.get("max_id")] if "/tag/" in url else {"statuses": []}


@pytest.mark.real_data
async def test_recorded_pages_are_walked_to_the_last(shared_data: Path) -> None:
    """The server's own Link headers lead from page to page, and each is asked once."""
    walks: dict[str, dict[str | None, Any]] = {}
    for name, url, code, headers, body in recordings(shared_data / "recorded/mastodon"):
        where = urlsplit(url)
        asked = {key: values[0] for key, values in parse_qs(where.query).items()}
        if code == 200 and "/timelines/tag/" in where.path and asked.keys() <= {"limit", "max_id"}:
            walks.setdefault(f"{name} {where.path}", {})[asked.get("max_id")] = (code, body, headers)
    for pages in walks.values():
        client = Scripted("mastodon", functools.partial(recorded, pages))
        everything = Window(datetime(2000, 1, 1), datetime(2100, 1, 1))
        found = [each async for each in mastodon.discover(client, OPTIONS, Topic("acme", "#acme"), everything)]
        assert len(found) == len(pages) + 1


@pytest.mark.real_data
def test_recordings_of_a_compatible_server_are_read(shared_data: Path) -> None:
    """Takahē: pages with a status or account (those of the instance hold none), and its headers lead on."""
    options = OPTIONS.model_copy(update={"base_url": "https://example.test"})
    folder = shared_data / "recorded/mastodon_takahe"
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_bytes())
        if isinstance(body, dict) and not {"statuses", "descendants", "acct", "content"} & body.keys():
            continue
        verb: Verb = "context" if "descendants" in body else "discover"
        asked = "GET https://example.test/api/v1/statuses/1/context"
        found = mastodon.parse(page("mastodon", path.read_bytes(), verb, asked), options)
        assert found.malformed.is_empty(), path.name
        if expected := [each for each in statuses_in(body) if each.get("visibility") in ("public", "unlisted")]:
            ids = found.tables["mention"].filter(pl.col("platform") == "mastodon")["native_id"].to_list()
            assert ids == [f"example.test/{each['id']}" for each in expected]
        elif "acct" in body:
            assert found.tables["account"]["native_id"].to_list() == [f"{body['username']}@example.test"]
    for path in sorted(folder.glob("timeline_tag*.headers")):
        headers = dict(line.split(": ", 1) for line in path.read_text().splitlines() if ": " in line)
        named = re.search(r"max_id=(\d+)>; rel=\"next\"", headers["link"])
        assert named
        steps = mastodon_timeline._Steps(WINDOW)
        steps.take(page("mastodon", [], headers=headers))
        assert steps.following(page("mastodon", [])) == named[1]
