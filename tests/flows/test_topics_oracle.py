"""`topics.match` against the plain reader beside it, on texts and queries of every kind."""

from __future__ import annotations

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows import records, topics
from flows.sources.base import Topic
from tests.flows.topics_oracle import Post, expected

COLUMNS = ("text", "handles", "hashtags", "links", "language_reported")
SCHEMA = pl.Schema((name, records.schema(records.Mention)[name]) for name in COLUMNS)


def matched(posts: list[Post], query: str) -> list[tuple[int, list[str]]]:
    rows = [(p.text, p.handles, p.hashtags, p.links, p.language) for p in posts]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    found = topics.match(frame, [Topic("t", query)])
    return list(zip(found["row_no"].to_list(), found["matched_terms"].to_list(), strict=True))


PIECES = (
    *("acme", "Acme", "ACME’s", "air", "AIRLINE", "refund", "don't"),
    *("a", "航空", "公司", "航", "東京タワー", "ไทย"),
    *("İstanbul", "ISTANBUL", "ıstanbul", "straße", "STRASSE"),
    *("Nestlé", "nestle", "Ne\u0301stle", "Ёлка", "елка"),
    *("AT&amp;T", "at&t", "at", "t", "&", "C++", "C#", "@acme"),
    *("@Acme-Air", "@航空公司", "@", "#acme", "#航空", "##Acme_Air", "#"),
    *("😀", "👍🏽", "👩‍💻", "❤️", "🇩🇪", "🇪🇸"),
    *("https://www.acme.com/air?refund=1", "http://t.co/x", "ａｃｍｅ", "ac\u200bme", "Acme™"),
)
TERMS = (
    *("acme", "Acme", "air*", "refund", "macy's", "ACME’s", "航空"),
    *("航", "公司", "タワー", "ไทย", "acme航空", "İstanbul", "istan*"),
    *("strasse", "nestle", "Nestlé", "елка", "ёлка", "AT&T", "C++"),
    *("C#", "t", "@acme", "@acme-air", "@航空公司", "@acm*"),
    *("#acme", "#航空", "#acme_air", "#acm*", "😀", "👍", "👍🏽"),
    *("👩‍💻", "❤", "🇩🇪", '"acme air"', '"航空 公司"', '"at air*"', "don't"),
)
NEARABLE = st.sampled_from(TERMS)
FILTERS = ("domain:acme.com", "domain:t.co", "lang:en", "lang:zh")
TEXTS = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(("", " ", " ", ", ", "\n", "-", "_", "，", "'", ".")))
).map(lambda parts: "".join(piece + joint for piece, joint in parts))
POSTS = st.builds(
    Post,
    text=st.none() | TEXTS,
    handles=st.lists(st.sampled_from(("acme", "Acme-Air", "航空公司", "other")), max_size=2),
    hashtags=st.lists(st.sampled_from(("acme", "航空", "acme_air", "refund")), max_size=2),
    links=st.lists(
        st.sampled_from(("https://shop.ACME.com:8080/x", "https://notacme.com", "http://me@t.co/y")), max_size=1
    ),
    language=st.sampled_from((None, "en", "en-US", "zh_Hans", "")),
)
SIDES = NEARABLE | st.tuples(NEARABLE, NEARABLE).map(lambda pair: f"({pair[0]} OR {pair[1]})")
NEARS = st.builds(lambda a, n, b: f"{a} NEAR/{n} {b}", SIDES, st.integers(1, 6), SIDES)
NODES = st.recursive(
    st.sampled_from(TERMS + FILTERS) | NEARS,
    lambda inner: st.builds(
        lambda a, joint, b: f"({a}){joint}({b})", inner, st.sampled_from((" ", " AND ", " OR ", " NOT ")), inner
    ),
    max_leaves=5,
)
QUERIES = NODES.map(lambda node: f"({node}) AND (acme OR air* OR 航 OR @acme OR t OR refund OR domain:acme.com)")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(posts=st.lists(POSTS, min_size=1, max_size=12), queries=st.lists(QUERIES | NEARS, min_size=1, max_size=3))
def test_matching_in_columns_agrees_with_reading_token_by_token(posts: list[Post], queries: list[str]) -> None:
    for query in queries:
        assert matched(posts, query) == expected(posts, query)


def test_each_kind_of_term_agrees_with_the_reader_on_every_pair_of_pieces() -> None:
    posts = [Post(a + joint + b, [], [], [], None) for a in PIECES for b in PIECES for joint in ("", " ")]
    for term in TERMS:
        assert matched(posts, term) == expected(posts, term)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(posts=st.lists(POSTS, min_size=1, max_size=12), query=QUERIES | NEARS)
def test_what_sources_are_told_to_ask_finds_at_least_what_the_query_matches(posts: list[Post], query: str) -> None:
    alternatives = topics.search_terms(topics.parse(query))
    asked = " OR ".join(" AND ".join(map(str, alternative)) for alternative in alternatives)
    assert {row for row, _ in matched(posts, query)} <= {row for row, _ in matched(posts, asked)}
