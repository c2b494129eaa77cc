"""What people wrote, without the markup that a platform wraps around it."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping, Sequence
from html.entities import html5
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

LONGEST = 300_000  # characters of markup that are read; no post is longer
_MOST_WORK = 500_000  # tags times depth: what nests on and on costs a parser the square of its length
_MOST_ATTRIBUTES = 1_000  # of one tag, for the same reason
_BREAKS = re.compile(r"\n{3,}")
_MARKUP = re.compile(r"[<&]")
_GAPS = dict.fromkeys(("p", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"), "\n\n")
_GAPS |= dict.fromkeys(("br", "div", "li", "tr"), "\n")
_UNSEEN = ("script", "style", "template", "noscript")
_FEW = 40  # tags; of more of them the parser is the quicker reader
_SELF_CLOSED = frozenset({"br", "img", "wbr"})
_HOLD_WORDS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})  # and nothing that begins a line
_OUTSIDE = ""  # of all tags
_HOLD_ALL = frozenset({_OUTSIDE, "blockquote", "div", "li", "ol", "ul"})
_INLINE = frozenset({"a", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup", "u"})
_BRACKETS = re.compile(r"(<[^>]{1,500}>)")  # a longer tag is none to remember
_TAG = re.compile(
    r"<(/?)([a-z][a-z0-9]*)"
    r"""((?:[ \t\n\f]++[A-Za-z][-\w]*+(?:=(?:"[^"]*"|'[^']*'))?)*+)[ \t\n\f]*+(/?)>"""
)
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")  # </p> and </br> make an element, too
_ATTRIBUTE = re.compile(r"""[ \t\n\f]([A-Za-z][-\w]*+)(?:=("[^"]*"|'[^']*'))?""")
_ENTITY = re.compile(r"&(#?\w*;?)")
_NUMBER = re.compile(r"#(?:([0-9]{1,6})|[xX]([0-9a-fA-F]{1,5}));")
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)([^<>]*+)>")
_LONG_TAG = re.compile(rf"<[^<>]{{{_MOST_ATTRIBUTES}}}")
_NEVER_CLOSED = frozenset({"br", "dd", "dt", "hr", "img", "input", "li", "option", "p", "td", "th", "tr", "wbr"})


Attributes = Mapping[str, str | None]


class Fragment(NamedTuple):
    """What a fragment of HTML says, and the attributes of its anchors that lead somewhere, in order."""

    text: str
    anchors: Sequence[Attributes] = ()


def from_html(markup: str) -> str:
    """Plain text of a fragment of HTML: blocks become lines, scripts and styles go, entities are decoded."""
    return read(markup).text


def read(markup: str) -> Fragment:
    """The text as `from_html` gives it and the anchors, read in one go."""
    if not _MARKUP.search(markup):
        return Fragment(markup.strip())
    if "<" not in markup:
        return Fragment(html.unescape(markup).strip())
    markup = markup[:LONGEST]
    found = _simple(markup) if markup.count("<") <= _FEW else None
    if found is None:
        found = _stripped(markup) if _is_costly(markup) else _parsed(markup)
    text = found.text.strip()
    if "\n" in text:
        text = _BREAKS.sub("\n\n", "\n".join([line.rstrip() for line in text.split("\n")]))
    return Fragment(text, found.anchors)


def _simple(markup: str) -> Fragment | None:
    """A few well-nested tags, ten times as quick as a parser reads them; None where there is more to it."""
    if "\r" in markup or "\0" in markup or ("&" in markup and not all(map(_is_plain, set(_ENTITY.findall(markup))))):
        return None
    pieces = _BRACKETS.split(markup)
    tags = [*map(_tag, pieces[1::2])]
    opened = [_OUTSIDE]
    for name, closes, is_void, is_block, _, _ in tags:
        if closes:
            if opened.pop() != name:
                return None
        elif is_block and opened[-1] not in _HOLD_ALL:
            return None
        elif not is_void:
            opened.append(name)
    pieces[1::2] = [tag.gap for tag in tags]
    text = "".join(pieces)
    if len(opened) > 1 or "<" in text:
        return None
    return Fragment(html.unescape(text), [tag.leads for tag in tags if tag.leads])


class _Tag(NamedTuple):
    """One tag of those that may stand in what is simple."""

    name: str
    closes: bool = False
    is_void: bool = False
    is_block: bool = False  # stands in what holds blocks
    gap: str = ""
    leads: Attributes | None = None  # what is written in an anchor with an address


_UNKNOWN = _Tag("?", closes=True)  # what can never be open


@functools.lru_cache(maxsize=1024)
def _tag(written: str) -> _Tag:
    """A tag with its brackets; the same few come again and again."""
    found = _TAG.fullmatch(written)
    if found is None:
        return _UNKNOWN
    closes, name, attributes, ends = found.groups()
    if closes:
        return _Tag(name, closes=True)
    is_void, is_block = name in _SELF_CLOSED, name in _HOLD_WORDS or name in _HOLD_ALL
    if not (is_void or is_block or name in _INLINE) or (ends and not is_void):
        return _UNKNOWN
    told = _attributes(attributes) if name == "a" else {}
    leads = told if "href" in told else None
    return _Tag(name, is_void=is_void, is_block=is_block, gap=_GAPS.get(name, ""), leads=leads)


def _attributes(written: str) -> Attributes:
    """What stands in a tag behind its name; of one that is there twice the first counts."""
    found = reversed(_ATTRIBUTE.findall(written))
    return {name.lower(): html.unescape(value[1:-1]) if value else None for name, value in found}


def _is_plain(entity: str) -> bool:
    """Whether every reader takes it for the same character, or for a mere &."""
    if number := _NUMBER.fullmatch(entity):
        code = int(number[1]) if number[1] else int(number[2], 16)
        return 31 < code < 127 or 159 < code < 0xD800  # beyond them are some that stand for others, or for none
    return not entity or (entity in html5 and entity.endswith(";"))


def _parsed(markup: str) -> Fragment:
    """As a browser would read it."""
    tree, names = LexborHTMLParser(markup), {name.lower() for name in set(_NAME.findall(markup))}
    told = [anchor.attributes for anchor in tree.tags("a")] if "a" in names else []  # also of what is not seen
    if unseen := [name for name in _UNSEEN if name in names]:
        tree.strip_tags(unseen)
    for name in _GAPS.keys() & (names | {"tr"} if "td" in names or "th" in names else names):  # a cell makes its row
        for node in tree.tags(name):
            node.insert_before(_GAPS[name])
    text = tree.body.text_lexbor() if tree.body is not None else ""
    return Fragment(text.replace("\r\n", "\n") if "\r" in text else text, [each for each in told if "href" in each])


def _is_costly(markup: str) -> bool:
    tags = markup.count("<")
    if tags * (tags - markup.count("</")) <= _MOST_WORK and not _LONG_TAG.search(markup):
        return False  # however they nest
    depth = deepest = tags = 0
    for closes, name, attributes in _ANY_TAG.findall(markup):
        tags += 1
        if name.lower() not in _NEVER_CLOSED:
            depth = max(0, depth - 1) if closes else depth + 1
            deepest = max(deepest, depth)
        if len(attributes) > _MOST_ATTRIBUTES and len(attributes.split()) > _MOST_ATTRIBUTES:
            return True
    return tags * deepest > _MOST_WORK


def _stripped(markup: str) -> Fragment:
    """Of what no sane writer nests so: tags go, wherever they stand."""
    links = [_attributes(tag[3]) for tag in _ANY_TAG.finditer(markup) if tag[2] in {"a", "A"} and not tag[1]]
    for name in _UNSEEN:
        markup = re.sub(rf"<{name}\b[^<>]*+>.*?(?:</{name}\s*>|\Z)", "", markup, flags=re.DOTALL | re.IGNORECASE)
    text = html.unescape(_ANY_TAG.sub(lambda tag: "" if tag[1] else _GAPS.get(tag[2].lower(), ""), markup))
    return Fragment(text, [link for link in links if "href" in link])
