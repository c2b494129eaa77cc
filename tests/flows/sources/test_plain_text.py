"""Text out of HTML: the quick way and the bounded one read what a whole parser reads."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from flows.sources.plain_text import LONGEST, from_html, read

PIECES = [
    "word", " two words ", "\n", "\n\n\n", " \n ", "&amp;", "&lt;b&gt;", "& x", "&copy", "&nbsp;", "&#39;", "&#8217;",
    "&bogus;", "&NotEqualTilde;", "<", ">", "x < y", "\t", "\r\n", "\u00a0", "\u2028", "<br>", "<br/>", "<br />",
    "</br>", "</p>", "<img src='x'>", "<hr>", "<!-- no -->", "<script>no()</script>", "<p/>", "<table>", "<td>",
    "</div>", "<!doctype html>", "</tr>", "<svg><tr>x", "<noscript><a href=n>n</a></noscript>", "&#x27;", "&#150;",
    '<a class="u-url mention" href="https://e.example/@x">@x</a>', "<a href>", "<A HREF='&amp;1' href=2>up</A>",
]  # fmt: skip
NAMES = ["p", "div", "a", "span", "b", "em", "code", "pre", "ul", "li", "blockquote", "h2", "style", "tr", "font"]
ATTRIBUTES = [
    "", ' class="x"', " href='https://e.example/?a=1&b=2'", " hidden", ' title="a > b"', ' title="a < b"', " data-x=1",
]  # fmt: skip


def parsed(markup: str) -> str:
    """What a whole parser makes of it: blocks become lines, scripts and styles go."""
    tree = LexborHTMLParser(markup)
    tree.strip_tags(["script", "style", "template", "noscript"])
    for blocks, gap in (("p, pre, blockquote, h1, h2, h3, h4, h5, h6", "\n\n"), ("br, div, li, tr", "\n")):
        for node in tree.css(blocks):
            node.insert_before(gap)
    text = tree.body.text(deep=True) if tree.body is not None else ""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def elements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tagged = st.tuples(st.sampled_from(NAMES), st.sampled_from(ATTRIBUTES), inner)
    return st.lists(st.one_of(inner, tagged.map(lambda t: f"<{t[0]}{t[1]}>{t[2]}</{t[0]}>")), max_size=4).map("".join)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.recursive(st.sampled_from(PIECES), elements, max_leaves=8), min_size=15, max_size=25))
def test_all_markup_is_read_as_a_whole_parser_reads_it(fragments: list[str]) -> None:
    for fragment in [*fragments, "".join(fragments[:6])]:
        if "<" in fragment:
            assert from_html(fragment) == parsed(fragment)
            anchors = [node.attributes for node in LexborHTMLParser(fragment).css("a[href]")]
            assert list(read(fragment).anchors) == anchors


HOSTILE = {
    "nested blocks": "<div>" * 200_000, "nested formats": "<b><p></b>" * 100_000, "lists": "<ul><li>" * 100_000,
    "formats taken up again": "".join(f"<font color={i}>" for i in range(200)) + "<p>x" * 70_000,
    "attributes": "<p " + "".join(f"a{i} " for i in range(50_000)) + ">x", "half a tag": "<a" * 300_000,
    "half an attribute": '<a b="' * 100_000, "half a script": "<script" * 100_000, "blanks": "<b>" + " " * 500_000,
    "comments": "<!--" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE)
def test_no_markup_takes_longer_than_its_length(markup: str) -> None:
    began = time.process_time()
    from_html(markup)
    assert time.process_time() - began < 2


def test_of_markup_that_nests_too_deep_the_words_and_links_are_kept() -> None:
    found = read("<div>a<script>no</script>" + "<div>" * 5_000 + "<A HREF='/l'>b&amp;c</a><a>")
    assert found.text == "a\n\nb&c"
    assert found.anchors == [{"href": "/l"}]


def test_what_is_longer_than_any_post_is_cut() -> None:
    assert len(from_html("<p>" + "x" * 2 * LONGEST)) == LONGEST - len("<p>")
