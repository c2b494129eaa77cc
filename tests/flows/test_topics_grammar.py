"""The query language: how it binds, how it is spelled canonically, how it fails, and what sources are told to ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import topics
from flows.errors import TopicError
from flows.topics.query import Node

TERMS = (
    "acme",
    "AT&T",
    "acm*",
    '"acme air"',
    '"acme air*"',
    "@acme",
    "#acme",
    "航空",
    "😀",
    "domain:acme.com",
    "lang:en",
    "macy's",
)
NEAR_SIDE = st.sampled_from(TERMS[:9]) | st.sampled_from(('("x y" OR b)', "(@a OR #b OR c*d)".replace("c*d", "cd*")))
NODES: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(TERMS) | st.builds("{} NEAR/{} {}".format, NEAR_SIDE, st.integers(1, 100), NEAR_SIDE),
    lambda inner: (
        st.builds("({}) {} ({})".format, inner, st.sampled_from(("", "AND", "OR", "NOT", "AND NOT")), inner)
        | st.builds("NOT ({}) {}".format, inner, st.just("acme"))
    ),
    max_leaves=12,
)
PARTS = st.sampled_from(
    (*TERMS, "AND", "OR", "NOT", "NEAR", "NEAR/3", "NEAR/0", "(", ")", '"', "*", "@", "#", "-", "not", "x:y", "“", "）")
)


def root(query: str) -> Node:
    return topics.parse(query).root


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a b NOT c", "a AND b AND (NOT c)"),
        ('"acme air" OR @acmeair OR #acme NOT recipe', '"acme air" OR @acmeair OR (#acme AND (NOT recipe))'),
        ("a OR b c", "a OR (b AND c)"),
        ("a b NEAR/2 c OR d", "(a AND (b NEAR/2 c)) OR d"),
        ("a NEAR/2 b NEAR/3 c", "(a NEAR/2 b) AND (b NEAR/3 c)"),
        ("NOT (b OR c) a", "(NOT (b OR c)) AND a"),
        ("a(b)“c d”", 'a AND b AND "c d"'),
        ("（a OR b）　c", "(a OR b) AND c"),
        ('"@acme" "#air"', "@acme AND #air"),
    ],
)
def test_not_binds_tightest_then_near_then_and_then_or(written: str, meant: str) -> None:
    assert root(written) == root(meant)


def test_quoted_operators_are_words_and_words_that_only_begin_like_operators_are_too() -> None:
    assert root('"OR" ORACLE NOTE') == root('"OR" AND ORACLE AND NOTE')


@pytest.mark.parametrize(
    ("query", "character", "advice"),
    [
        ("", 1, "empty"),
        ("  ", 1, "empty"),
        ('acme "air', 6, 'add the missing "'),
        ("acme (air", 6, "add a )"),
        ("acme) air", 5, "add a ("),
        ("a ()", 4, "term is needed before )"),
        ("a OR", 5, "query ends"),
        ("OR a", 1, "needed before OR"),
        ("a AND OR b", 7, "needed before OR"),
        ("a NOT NOT b", 7, "needed before NOT"),
        ("a and b", 3, "AND"),
        ("a or b", 3, 'quote it: "or"'),
        ("not a", 1, "NOT"),
        ("NOT a", 1, "match everything else"),
        ("a OR NOT b", 6, "match everything else"),
        ("lang:en", 1, "match everything else"),
        ("lang:en NOT a", 9, "match everything else"),
        ("a NEAR b", 3, "NEAR/3"),
        ("a NEAR/0 b", 3, "1 (adjoining) to 100"),
        ("a NEAR/101 b", 3, "1 (adjoining) to 100"),
        ("a NEAR/² b", 3, "NEAR/3"),
        ("a NEAR/3 (b c)", 3, "move the rest out by AND"),
        ("a NEAR/3 lang:en", 3, "move the rest out by AND"),
        ("NOT a NEAR/3 b", 7, "move the rest out by AND"),
        ("*", 1, "2 letters"),
        ("x OR a*", 7, "2 letters"),
        ("ac*me", 3, "only at the end"),
        ("reali?ation", 6, "prefix*"),
        ("acme -recipe", 6, "write NOT recipe"),
        ("acme +air", 6, "AND"),
        ("acme | air", 6, "nothing to look for"),
        ("acme 'https://acme.com'", 6, "domain:example.com"),
        ('"thanks @acme"', 1, "handle stands alone"),
        ("a @", 3, "nothing to look for"),
        ("domain:https://acme.com", 1, "write domain:example.com"),
        ("domain: acme.com", 1, "without blank"),
        ("lang:en-GB acme", 1, "write lang:en"),
        ("site:acme.com", 1, "write domain:example.com"),
        ("acme \ud800", 6, "surrogate"),
    ],
)
def test_an_error_points_at_the_character_and_says_what_to_write(query: str, character: int, advice: str) -> None:
    with pytest.raises(TopicError) as raised:
        topics.parse(query)
    first, excerpt, caret = str(raised.value).split("\n")
    assert advice in first
    assert first.endswith(f"(character {character})")
    assert caret.index("^") <= len(excerpt)


@pytest.mark.parametrize(
    "query", ["(" * 60 + "a" + ")" * 60, "a " * 1_001, "a" * 20_001, "(" * 10_000, "NOT " * 4_000 + "a"]
)
def test_huge_queries_are_refused_and_not_recursed_into(query: str) -> None:
    with pytest.raises(TopicError):
        topics.parse(query)


def test_a_query_of_a_thousand_terms_and_fifty_brackets_can_be_read() -> None:
    assert topics.parse(" OR ".join(f"word{n}" for n in range(1_000)))
    assert root("(" * 50 + "a" + ")" * 50) == root("a")


@given(st.text(max_size=60) | st.lists(PARTS, max_size=12).map(" ".join) | st.lists(PARTS, max_size=8).map("".join))
def test_whatever_is_written_a_query_is_read_or_refused_with_a_topic_error(query: str) -> None:
    try:
        parsed = topics.parse(query)
    except TopicError:
        return
    assert topics.parse(str(parsed)) == parsed
    assert topics.search_terms(parsed)


@given(NODES)
def test_the_canonical_spelling_means_the_same_and_is_its_own_canonical_spelling(node: str) -> None:
    parsed = topics.parse(f"({node}) acme")
    again = topics.parse(str(parsed))
    assert again == parsed
    assert str(again) == str(parsed)


def test_the_hash_survives_blanks_and_brackets_and_changes_with_the_meaning() -> None:
    same = ["a b OR c", " a  AND b\nOR (c)", "((a b)) OR c"]
    assert len({topics.query_hash(topics.parse(query)) for query in same}) == 1
    other = ["a OR b c", "a b OR #c", 'a b OR "c d"', "a NEAR/2 b OR c", "a NEAR/3 b OR c"]
    assert len({topics.query_hash(topics.parse(query)) for query in [same[0], *other]}) == 6


def asked(query: str) -> list[list[str]]:
    return [[str(term) for term in alternative] for alternative in topics.search_terms(topics.parse(query))]


@pytest.mark.parametrize(
    ("query", "alternatives"),
    [
        ('"acme air" OR @acmeair OR #acme NOT recipe', [['"acme air"'], ["@acmeair"], ["#acme"]]),
        ("(a OR b) c lang:en NOT d", [["a", "c", "lang:en"], ["b", "c", "lang:en"]]),
        ("(a OR b) NEAR/3 c", [["a", "c"], ["b", "c"]]),
        ("a OR a b", [["a"]]),
        ("a (NOT b OR c)", [["a"]]),
    ],
)
def test_sources_are_told_alternatives_without_exclusions(query: str, alternatives: list[list[str]]) -> None:
    assert asked(query) == alternatives


def test_where_alternatives_would_explode_one_side_is_asked_and_nothing_is_lost() -> None:
    wide = " ".join("(" + " OR ".join(f"{letter}{n}" for n in range(9)) + ")" for letter in "abcdefgh")
    alternatives = asked(f"lang:en {wide}")
    assert len(alternatives) <= 50
    assert {alternative[0][0] for alternative in alternatives if alternative[0] != "lang:en"} <= set("abcdefgh")
    assert all(any(term != "lang:en" for term in alternative) for alternative in alternatives)
