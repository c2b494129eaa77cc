"""GDELT: the whole window though a query gives 250 articles, refusals that look like answers, JSON that is none."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.sources import gdelt
from flows.sources.base import Page, Topic, Window

AS_OF = datetime(2026, 11, 22, 2)
OPTIONS = gdelt.Options(name="news", type="gdelt")
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
BUSY = b"Please limit requests to one every 5 seconds or contact us for larger queries."


def page(body: Any) -> Page:
    return Page(
        page_id="w/a/1", source="news", platform="gdelt", verb="discover", topic_id="acme", as_of=AS_OF,
        fetched_at=AS_OF, request="GET https://api.example/doc?query=x", status=200,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )  # fmt: skip


def article(number: int = 1, seen: datetime = datetime(2026, 11, 20, 10, 15), **changes: Any) -> dict[str, Any]:
    return {
        "url": f"https://www.news.example/{number}", "url_mobile": "", "title": f"Acme &amp; Co {number}",
        "seendate": f"{seen:%Y%m%dT%H%M%SZ}", "socialimage": "", "domain": "news.example", "language": "German",
        "sourcecountry": "Germany", **changes,
    }  # fmt: skip


class Server:
    """Articles of the window, both ends included, the oldest first, at most as many as asked and 250."""

    def __init__(self, seen: list[datetime], refusals: list[bytes] | None = None) -> None:
        self.found = [article(number, at) for number, at in enumerate(sorted(seen))]
        self.refusals = refusals or []
        self.asked: list[dict[str, Any]] = []

    async def get(self, url: str, params: dict[str, Any], *_: Any) -> Page:
        assert url == str(OPTIONS.base_url)
        assert params not in self.asked, "an answer that has landed would answer again"
        self.asked.append(params)
        if self.refusals:
            return page(self.refusals.pop(0))
        first, last = (f"{params[name][:8]}T{params[name][8:]}Z" for name in ("startdatetime", "enddatetime"))
        found = [each for each in self.found if first <= each["seendate"] <= last]
        return page({"articles": found[: min(250, params["maxrecords"])]} if found else {})


async def discovered(server: Server, query: str = "acme") -> list[Page]:
    return [found async for found in gdelt.discover(server, OPTIONS, Topic("acme", query), WINDOW)]  # type: ignore[arg-type]


def urls(pages: list[Page]) -> list[str]:
    return [json.loads(item)["url"] for each in pages for item in gdelt.items(each)]


async def test_a_window_of_many_articles_is_halved_until_none_is_out_of_reach() -> None:
    seen = [WINDOW.start + timedelta(minutes=15 * (n % 96)) for n in range(3_000)]
    server = Server(seen)
    pages = await discovered(server)
    assert sorted(urls(pages)) == sorted(each["url"] for each in server.found)
    assert sum(each.lost_items for each in pages) == 0


async def test_what_one_reading_of_the_web_holds_above_the_cap_is_told_as_lost() -> None:
    pages = await discovered(Server([WINDOW.start + timedelta(hours=3)] * 400))
    assert [each.lost_items for each in pages if each.lost_items] == [1]
    assert len(urls(pages)) == 250


async def test_nothing_found_is_an_answer() -> None:
    (found,) = await discovered(Server([]))
    assert gdelt.items(found) == []


async def test_a_refusal_that_looks_like_an_answer_is_asked_again_after_a_pause() -> None:
    server = Server([WINDOW.start], refusals=[BUSY, BUSY])
    assert len(urls(await discovered(server))) == 1
    assert (gdelt.pause(BUSY), gdelt.pause(b'{"articles": []}')) == (6.0, None)
    with pytest.raises(SourceError, match="refused as too soon"):
        await discovered(Server([], refusals=[BUSY] * 3))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"The specified phrase is too short.", "says: The specified phrase is too short"),
        (b"<html><p>secret</p></html>", "answers with a page"),
        (b'{"articles": [{"url": "secret', "answered no JSON"),
        (b'{"articles": "secret"}', "Expected `array`"),
    ],
)
async def test_what_is_no_list_of_articles_fails_the_window_and_says_why(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as told:
        await discovered(Server([], refusals=[body]))
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ('"acme air" OR @acmeair OR #acmeair OR acme-air', ['("acme air" OR acmeair)']),
        ("acme refund lang:en", ["acme refund"]),
        ("(acme NEAR/3 it) OR globex", ["globex", "acme"]),
        ("domain:acme.com NOT recipe", ["domain:acme.com"]),
        (" OR ".join(f"brand{n:02}" for n in range(40)), None),
    ],
)
async def test_a_topic_is_asked_in_gdelts_words(query: str, asked: list[str] | None) -> None:
    server = Server([])
    await discovered(server, query)
    queries = [params["query"] for params in server.asked]
    assert asked is None or queries == asked
    assert all(len(each) <= gdelt.LONGEST_QUERY + 2 for each in queries)
    assert asked or [f"brand{n:02}" in " ".join(queries) for n in range(40)] == [True] * 40


async def test_the_articles_of_a_site_are_its_timeline() -> None:
    server = Server([WINDOW.start])
    pages = [found async for found in gdelt.timeline(server, OPTIONS, "acme.com", WINDOW)]  # type: ignore[arg-type]
    assert (server.asked[0]["query"], len(urls(pages))) == ("domainis:acme.com", 1)


def test_an_article_is_its_title_seen_at_a_site() -> None:
    found = gdelt.parse(page({"articles": [article(socialimage="https://x.example/i.png")]}), OPTIONS)
    mention = found.tables["mention"].row(0, named=True)
    assert (mention["mention_id"], mention["kind"]) == ("gdelt:news.example/1", "article")
    assert (mention["text"], mention["language_reported"]) == ("Acme & Co 1", "de")
    assert (mention["published_at"], mention["media_formats"]) == (datetime(2026, 11, 20, 10, 15), ["image"])
    assert (mention["author_id"], mention["links"]) == ("gdelt:news.example", ["https://www.news.example/1"])
    assert found.tables["account"]["handle"].to_list() == ["news.example"]
    assert found.tables.keys() == {"mention", "account"}


@pytest.mark.parametrize("title", [b"It\\'s", b"a\tb\x01", b"\xe9t\xe9", b"C:\\dir", b"half \\ud800", b"fine \\u00e9"])
def test_json_that_no_parser_takes_is_mended(title: bytes) -> None:
    body = json.dumps({"articles": [article(1), article(2, title="?title?")]}).encode().replace(b"?title?", title)
    assert gdelt.parse(page(body), OPTIONS).tables["mention"].height == 2


def test_a_broken_article_is_named_and_loses_no_other() -> None:
    broken = [{}, article(url="javascript:x"), article(seendate="now"), article(title=5), article(language=["x"]), None]
    found = gdelt.parse(page({"articles": [article(1), *broken, article(2)]}), OPTIONS)
    assert found.malformed["item_no"].to_list() == [1, 2, 3, 4, 5, 6]
    assert found.tables["mention"].height == 2
    assert gdelt.SOURCE.wrap
    answer = page({"articles": [article(1)]})
    assert gdelt.items(page(gdelt.SOURCE.wrap(answer, gdelt.items(answer)))) == gdelt.items(answer)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.lists(st.none(), max_size=2))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(VALUES, st.dictionaries(st.sampled_from(sorted(article())), VALUES)), max_size=4))
def test_every_item_has_an_outcome_whatever_it_is(found: list[Any]) -> None:
    result = gdelt.parse(page(msgspec.json.encode({"articles": found})), OPTIONS)
    rows = result.tables["mention"]["item_no"].to_list() if "mention" in result.tables else []
    assert sorted([*rows, *result.malformed["item_no"]]) == list(range(len(found)))


@pytest.mark.real_data
def test_a_recorded_answer_is_read_field_by_field(shared_data: Path) -> None:
    body = (shared_data / "recorded/trimmed/gdelt.json").read_bytes()
    found = gdelt.parse(page(body), OPTIONS)
    assert found.malformed.is_empty()
    rows = found.tables["mention"].rows(named=True)
    for told, mention in zip(json.loads(body)["articles"], rows, strict=True):
        assert (mention["url"], mention["text"]) == (told["url"], told["title"])
        assert f"{mention['published_at']:%Y%m%dT%H%M%SZ}" == told["seendate"]
        assert mention["author_id"] == f"gdelt:{told['domain']}"
        assert (mention["language_reported"], told["language"]) == ("en", "English")
        assert mention["media_formats"] == (["image"] if told["socialimage"] else [])
