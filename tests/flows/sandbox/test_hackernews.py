"""The façade of Hacker News: what the vendor's pages say that the search and the items do."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import polars as pl
import pytest

from flows.sandbox.hackernews import BadRequestError, HackerNews
from flows.sandbox.streams import epoch
from tests.flows.sandbox.worlds import END, START, made, written

LATER = START + timedelta(days=8)


@cache
def _facade(scale: float = 1.0) -> HackerNews:
    return HackerNews(made(scale=scale))


def _search(facade: HackerNews, now: datetime = END, **parameters: str) -> dict[str, Any]:
    return facade.search({name: str(value) for name, value in parameters.items()}, now, by_date=True)


def _titles(*titles: str, **parameters: str) -> list[str]:
    """Which of these stories a search finds, oldest first."""
    posts = [{"platform": "hackernews", "account": 40, "at": number, "title": t} for number, t in enumerate(titles)]
    found = _search(HackerNews(written(*posts)), LATER, **parameters)
    return [hit["title"] for hit in reversed(found["hits"])]


def test_pages_of_a_search_hold_each_hit_once_and_newest_first() -> None:
    facade = _facade()
    pages = [_search(facade, hitsPerPage="40", page=str(page)) for page in range(40)]
    first = pages[0]
    hits = [hit for page in pages for hit in page["hits"]]
    assert first["nbHits"] == len(hits) == len({hit["objectID"] for hit in hits})
    assert first["nbPages"] == -(-len(hits) // 40)
    moments = [hit["created_at_i"] for hit in hits]
    assert moments == sorted(moments, reverse=True)


def test_past_the_thousandth_hit_there_is_nothing_but_a_message() -> None:
    answer = _search(_facade(4.0), hitsPerPage="1000")
    assert answer["nbHits"] > 1000
    assert (len(answer["hits"]), answer["nbPages"]) == (1000, 1)
    beyond = _search(_facade(4.0), hitsPerPage="100", page="10")
    assert (beyond["hits"], beyond["nbHits"], beyond["nbPages"]) == ([], 0, 0)
    assert beyond["message"].startswith("you can only fetch the 1000 hits")
    assert len(_search(_facade(4.0), hitsPerPage="5000")["hits"]) == 1000


def test_halving_the_time_until_every_part_is_reachable_finds_every_post_once() -> None:
    world, facade = made(scale=4.0), _facade(4.0)

    def ids(start: int, end: int) -> list[str]:
        answer = _search(facade, numericFilters=f"created_at_i>={start},created_at_i<{end}", hitsPerPage="1000")
        if answer["nbHits"] < 1000:
            return [hit["objectID"] for hit in answer["hits"]]
        middle = (start + end) // 2
        return ids(start, middle) + ids(middle, end)

    now = world.at(END)
    there = world.posts.filter(now["is_indexed"] & (pl.col("platform") == "hackernews"))
    assert sorted(ids(epoch(world.start), epoch(world.end))) == sorted(there["native_id"])


def test_a_count_of_many_hits_of_some_words_is_an_estimate_that_never_hides_the_cap() -> None:
    answer = _search(_facade(16.0), query="the")
    assert not answer["exhaustiveNbHits"]
    assert answer["nbHits"] > 1000
    assert _search(_facade(4.0))["exhaustiveNbHits"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("created_at_i>{}", 1),
        ("created_at_i>={}", 2),
        ("created_at_i<{}", 1),
        ("created_at_i<={}", 2),
        ("created_at_i={}", 1),
    ],
)
def test_numeric_filters_have_the_bounds_that_they_say(condition: str, expected: int) -> None:
    middle = epoch(START + timedelta(hours=1))
    assert len(_titles("one", "two", "three", numericFilters=condition.format(middle))) == expected


def test_filters_on_points_leave_comments_out() -> None:
    told = _search(_facade(), numericFilters="points>5", hitsPerPage="1000")["hits"]
    assert told
    assert all(hit["points"] > 5 for hit in told)


def test_tags_are_anded_and_ored_in_parentheses() -> None:
    facade = _facade()
    stories, comments, both = (
        _search(facade, tags=tags)["nbHits"] for tags in ("story", "comment", "(story,comment,poll)")
    )
    assert stories > 0
    assert stories + comments == both == _search(facade)["nbHits"]
    assert _search(facade, tags="story,comment")["nbHits"] == 0
    story = _search(facade, tags="ask_hn", hitsPerPage="1")["hits"][0]
    mine = _search(facade, tags=f"author_{story['author']},(story,comment)", hitsPerPage="1000")["hits"]
    assert {hit["author"] for hit in mine} == {story["author"]}
    thread = _search(facade, tags=f"comment,story_{story['objectID']}", hitsPerPage="1000")["hits"]
    assert {hit["story_id"] for hit in thread} <= {int(story["objectID"])}


def test_words_are_anded_in_any_order_and_phrases_want_neighbours() -> None:
    titles = ("Acme Air late", "The air at Acme", "Acme alone", "Air show by acme air.")
    assert _titles(*titles, query="acme air") == ["Acme Air late", "The air at Acme", "Air show by acme air."]
    assert _titles(*titles, query='"acme air"') == ["Acme Air late", "Air show by acme air."]


def test_the_last_word_is_a_prefix_and_typos_are_forgiven_unless_told_not_to() -> None:
    titles = ("lumicabin", "lumicabinet", "lumicabim", "lamp")
    assert _titles(*titles, query="lumicabin") == ["lumicabin", "lumicabinet", "lumicabim"]
    assert _titles(*titles, query="lumicabin", typoTolerance="false") == ["lumicabin", "lumicabinet"]
    assert _titles(*titles, query='"lumicabin"') == ["lumicabin"]
    assert _titles("acne air", "acme air", "home air", query="acme air") == ["acne air", "acme air"]


def test_a_minus_excludes_and_without_the_advanced_syntax_it_does_not() -> None:
    titles = ("acme air", "acme air recipe")
    assert _titles(*titles, query="acme -recipe") == ["acme air"]
    assert _titles(*titles, query="acme -recipe", advancedSyntax="false") == ["acme air recipe"]


def test_chinese_and_cyrillic_names_are_found() -> None:
    titles = ("坐了艾克美航空的航班", "Летели с Акме Эйр вчера", "nothing")
    assert _titles(*titles, query="艾克美航空") == [titles[0]]
    assert _titles(*titles, query='"акме эйр"') == [titles[1]]


def test_authors_and_links_are_searched_as_well() -> None:
    world = written(
        {"platform": "hackernews", "account": 0, "at": 0, "title": "Good morning"},
        {
            "platform": "hackernews",
            "account": 40,
            "at": 1,
            "title": "A press page",
            "link": "https://www.acmeair.example/1",
        },
        {"platform": "hackernews", "account": 40, "at": 2, "title": "Neither"},
    )
    assert _search(HackerNews(world), LATER, query="acmeair")["nbHits"] == 2


def test_comments_have_no_points_and_their_markup_reads_back_as_the_text() -> None:
    world, facade = made(), _facade()
    posts = {
        post["native_id"]: post for post in world.posts.filter(pl.col("platform") == "hackernews").iter_rows(named=True)
    }
    texts = world.at(END)["text"]
    rows = {native_id: row for row, native_id in enumerate(world.posts["native_id"])}
    hits = _search(facade, tags="comment", hitsPerPage="1000")["hits"]
    assert any("&lt;never&gt;" in hit["comment_text"] for hit in hits)
    for hit in hits:
        assert hit["points"] is None
        assert html.unescape(hit["comment_text"].replace("<p>", "\n\n")) == texts[rows[hit["objectID"]]]
        assert posts[hit["objectID"]]["root"] == rows[str(hit["story_id"])]
        assert posts[hit["objectID"]]["parent"] == rows[str(hit["parent_id"])]


def test_a_hit_has_the_fields_of_the_real_one() -> None:
    story = _search(_facade(), tags="story", hitsPerPage="1")["hits"][0]
    common = {
        "_tags",
        "author",
        "created_at",
        "created_at_i",
        "objectID",
        "points",
        "story_id",
        "updated_at",
        "_highlightResult",
    }
    assert common | {"title", "story_text", "num_comments"} <= set(story)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", story["created_at"])
    comment = _search(_facade(), tags="comment", query="acme", hitsPerPage="1")["hits"][0]
    assert common | {"comment_text", "parent_id", "story_title", "story_url"} <= set(comment)
    assert "<em>" in comment["_highlightResult"]["comment_text"]["value"]


def test_new_items_come_late_deleted_ones_go_and_edits_show() -> None:
    world = written(
        {"platform": "hackernews", "account": 40, "at": 0},
        {"platform": "hackernews", "account": 41, "at": 1, "indexed": 1.5, "deleted": 5, "parent": 0, "root": 0,
         "text": "Acme Air & more", "edited": 3, "text_edited": "withdrawn"},
    )  # fmt: skip
    facade = HackerNews(world)

    def found(hour: float, query: str) -> int:
        answer = _search(facade, START + timedelta(hours=hour), query=query, tags="comment")
        return int(answer["nbHits"])

    assert [found(hour, "acme") for hour in (1.2, 2, 4, 6)] == [0, 1, 0, 0]
    assert [found(hour, "withdrawn") for hour in (1.2, 2, 4, 6)] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    "parameters", [{"colour": "red"}, {"numericFilters": "created_at_i~5"}, {"page": "two"}, {"query": "a" * 513}]
)
def test_what_the_api_does_not_understand_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(BadRequestError):
        _search(_facade(), **parameters)


def test_the_search_by_relevance_gives_most_points_first() -> None:
    answer = _facade().search({"tags": "story", "hitsPerPage": "50"}, END, by_date=False)
    points = [hit["points"] for hit in answer["hits"]]
    assert points == sorted(points, reverse=True)
