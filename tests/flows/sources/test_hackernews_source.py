"""Hacker News: the whole window though a query reaches a thousand hits; what the API says and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows.errors import SourceError
from flows.sources import hackernews
from flows.sources.base import Page, Parsed, Topic, Verb, Window

AS_OF = datetime(2026, 11, 22, 2)
OPTIONS = hackernews.Options(name="hackernews", type="hackernews")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))


def page(body: Any, verb: Verb = "discover", number: int = 1) -> Page:
    return Page(
        page_id=f"w/a/{number}", source="hackernews", platform="hackernews", verb=verb, topic_id="acme", as_of=AS_OF,
        fetched_at=AS_OF, request="GET", status=200, body=json.dumps(body).encode(),
    )  # fmt: skip


class Algolia:
    """Answers as the API does: hits of the window, newest first, at most a thousand."""

    def __init__(self, seconds: list[int]) -> None:
        self.seconds = seconds
        self.queries: list[str] = []

    async def get(
        self, url: str, params: dict[str, str | int] | None = None, allow_status: Collection[int] = ()
    ) -> Page:
        assert params is not None
        assert not allow_status
        assert url.endswith("/search_by_date")
        self.queries.append(str(params["query"]))
        low, high = map(int, re.findall(r"\d+", str(params["numericFilters"]).replace("created_at_i", "")))
        found = sorted((s for s in self.seconds if low <= s < high), reverse=True)
        hits = [{"objectID": str(number), "created_at_i": s} for number, s in enumerate(found)]
        return page({"hits": hits[:1000], "nbHits": len(hits)}, number=len(self.queries))


async def discovered(client: Algolia, query: str = "acme") -> list[Page]:
    return [found async for found in hackernews.discover(client, OPTIONS, Topic("acme", query), WINDOW)]


START = int(datetime(2026, 11, 20).timestamp() - datetime(1970, 1, 1).timestamp())


async def test_a_window_of_few_hits_is_one_request() -> None:
    client = Algolia([START, START + 5])
    (found,) = await discovered(client)
    assert len(hackernews.items(found)) == 2


async def test_a_window_of_many_hits_is_halved_until_none_is_out_of_reach() -> None:
    seconds = [START + 3 * n for n in range(20_000)]
    found = await discovered(Algolia(seconds))
    times = [json.loads(item)["created_at_i"] for each in found for item in hackernews.items(each)]
    assert sorted(times) == seconds
    assert sum(each.lost_items for each in found) == 0


async def test_what_one_second_holds_above_the_cap_is_counted_as_lost() -> None:
    found = await discovered(Algolia([START + 7] * 1500))
    assert [each.lost_items for each in found if each.lost_items] == [500]


async def test_each_alternative_is_asked_once_in_algolias_words() -> None:
    client = Algolia([])
    await discovered(client, '"acme air" OR @acmeair OR #acmeair OR (refund NEAR/3 globex NOT recipe) OR acm*')
    assert sorted(client.queries) == sorted(['"acme air"', "acmeair", "refund globex", "acm"])


STORY = {
    "objectID": "1", "created_at_i": 1795132800, "author": "ann", "title": "Acme &amp; Co", "url": "https://a.example/",
    "story_text": None, "points": 7, "num_comments": 0, "_tags": ["story", "author_ann", "story_1"],
    "unheard_of": {"x": 1},
}  # fmt: skip
COMMENT = {
    "objectID": "2", "created_at_i": 1795132860, "author": "bob", "points": None,
    "comment_text": "I <i>like</i> it<p>&quot;really&#x27;", "num_comments": None,
    "parent_id": 1, "story_id": 1, "_tags": ["comment", "author_bob", "story_1"],
}  # fmt: skip


def parsed(*hits: dict[str, Any]) -> Parsed:
    return hackernews.parse(page({"hits": list(hits), "nbHits": len(hits)}), OPTIONS)


def test_a_story_is_a_post_with_upvotes_and_replies() -> None:
    found = parsed(STORY)
    mention = found.tables["mention"].row(0, named=True)
    assert mention["mention_id"] == mention["root_id"] == "hackernews:1"
    assert (mention["text"], mention["links"], mention["kind"]) == ("Acme & Co", ["https://a.example/"], "post")
    assert mention["published_at"] == datetime(1970, 1, 1) + timedelta(seconds=STORY["created_at_i"])  # type: ignore[arg-type]
    counts = found.tables["engagement_snapshot"].row(0, named=True)
    assert (counts["upvotes"], counts["replies"], counts["likes"], counts["captured_at"]) == (7, 0, None, AS_OF)


def test_a_comment_has_no_counts_but_its_thread_and_edge() -> None:
    found = parsed(COMMENT)
    mention = found.tables["mention"].row(0, named=True)
    assert (mention["text"], mention["kind"]) == ("I like it\n\n\"really'", "comment")
    assert (mention["parent_id"], mention["root_id"]) == ("hackernews:1", "hackernews:1")
    assert "engagement_snapshot" not in found.tables
    edge = found.tables["interaction"].row(0, named=True)
    assert (edge["actor_id"], edge["target_mention_id"]) == ("hackernews:bob", "hackernews:1")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"objectID": "9", "created_at_i": "x"}, "Error"),
        ({"title": "no id", "created_at_i": 1}, "'objectID' is missing"),
        ({"objectID": None, "created_at_i": 1}, "ValidationError"),
        ({"objectID": "9"}, "'created_at' is missing"),
        ({"objectID": "9", "created_at_i": 10**18}, "Error"),
        *[
            ({"objectID": "9", "created_at_i": 1, **wrong}, "ValidationError")
            for wrong in ({"points": 10**30}, {"points": "12"}, {"points": 12.5}, {"points": True}, {"url": ["x"]})
        ],
    ],
)
def test_a_broken_hit_is_named_and_loses_no_other(broken: dict[str, Any], reason: str) -> None:
    found = parsed(STORY, broken, COMMENT)
    assert found.item_count == 3
    assert found.tables["mention"]["native_id"].to_list() == ["1", "2"]
    assert found.malformed["item_no"].to_list() == [1]
    assert reason in found.malformed["reason"][0]


async def searched(hits: bytes) -> Parsed:
    """Parsed as a search finds them."""
    answer = msgspec.structs.replace(page(None), body=b'{"hits": [%s], "nbHits": 3}' % hits)

    class Once(Algolia):
        async def get(self, *_asked: Any, **_how: Any) -> Page:
            return answer

    (landed,) = await discovered(Once([]))
    return hackernews.parse(landed, OPTIONS)


async def test_half_a_character_spoils_no_hit() -> None:
    titles = [rb"a \ud800", rb"\uDC00\uD83D\uDE00", rb"\\ud800"]  # half, a half and a whole, a backslash
    hits = b",".join(b'{"objectID": "%d", "created_at_i": 1, "title": "%s"}' % pair for pair in enumerate(titles))
    found = await searched(hits)
    assert found.malformed.is_empty()
    assert found.tables["mention"]["text"].to_list() == ["a \ufffd", "\ufffd\N{GRINNING FACE}", r"\ud800"]


@pytest.mark.parametrize(
    "broken",
    [b'{"objectID": "9\xff"}', b"[" * 800 + b"]" * 800],
    ids=["no UTF-8", "deep"],
)
async def test_a_hit_that_is_no_text_is_lost_alone_by_search_and_by_parsing(broken: bytes) -> None:
    hits = b",".join([json.dumps(STORY).encode(), broken, json.dumps(COMMENT).encode()])
    found = await searched(hits)
    assert found.malformed["item_no"].to_list() == [1]
    assert found.tables["mention"]["native_id"].to_list() == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"hits": [secret', "DecodeError at byte 10 of 16 bytes"),
        (b'{"hits": [], "nbHits": "secret"}', "Expected `int`, got `str` - at `$.nbHits` of 32 bytes"),
        (b'{"hits": ' + b"[" * 3000 + b"]" * 3000 + b', "secret": 1}', "RecursionError of 6,023 bytes"),
    ],
)
def test_an_answer_that_is_no_json_is_refused_without_a_word_of_it(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=re.escape(said)) as told:
        hackernews.items(msgspec.structs.replace(page(None), body=body))
    assert "secret" not in str(told.value)


def test_a_refresh_tells_counts_and_what_is_gone() -> None:
    item = {"id": 1, "by": "ann", "type": "story", "time": 1795132800, "title": "Acme", "score": 9, "descendants": 4}
    counts = hackernews.parse(page(item, "refresh"), OPTIONS).tables["engagement_snapshot"].row(0, named=True)
    assert (counts["upvotes"], counts["replies"]) == (9, 4)
    gone = hackernews.parse(page({"id": 1, "deleted": True, "time": 1, "type": "story"}, "refresh"), OPTIONS)
    assert gone.tables["deletion"].row(0, named=True)["reason"] == "deleted"
    assert "mention" not in gone.tables
    assert hackernews.parse(page(None, "refresh"), OPTIONS).item_count == 0


@pytest.mark.real_data
def test_a_recorded_answer_is_read_field_by_field(shared_data: Path) -> None:
    body = json.loads((shared_data / "recorded/trimmed/hackernews.json").read_text())
    found = hackernews.parse(page(body), OPTIONS)
    assert found.malformed.is_empty()
    mentions = found.tables["mention"].rows(named=True)
    counts = found.tables["engagement_snapshot"].rows(named=True)
    for hit, mention, count in zip(body["hits"], mentions, counts, strict=True):
        assert mention["native_id"] == hit["objectID"]
        assert mention["text"] == (hit.get("title") or hit.get("story_title"))
        assert mention["author_id"] == f"hackernews:{hit['author']}"
        assert mention["links"] == ([hit["url"]] if hit["url"] else [])
        assert f"{mention['published_at'].isoformat()}.000Z" == hit["created_at"]
        assert (count["upvotes"], count["replies"]) == (hit["points"], hit["num_comments"])
