"""What people wrote, without the markup that a platform wraps around it."""

from __future__ import annotations

import html
import re
from html.entities import html5

from selectolax.lexbor import LexborHTMLParser

LONGEST = 300_000  # characters of markup that are read; no post is longer
_MOST_WORK = 500_000  # tags times depth: what nests on and on costs a parser the square of its length
_MOST_ATTRIBUTES = 1_000  # of one tag, for the same reason
_BREAKS = re.compile(r"\n{3,}")
_MARKUP = re.compile(r"[<&]")
_GAPS = dict.fromkeys(("p", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"), "\n\n")
_GAPS |= dict.fromkeys(("br", "div", "li", "tr"), "\n")
_BLOCKS = ", ".join(_GAPS)
_UNSEEN = ("script", "style", "template", "noscript")
_SELF_CLOSED = frozenset({"br", "img", "wbr"})
_HOLD_WORDS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})  # and nothing that begins a line
_HOLD_ALL = frozenset({"blockquote", "div", "li", "ol", "ul"})
_INLINE = frozenset({"a", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup", "u"})
_TAG = re.compile(
    r"<(/?)([a-z][a-z0-9]*)"
    r"""(?:\s++[A-Za-z][-\w]*+(?:=(?:"[^"]*"|'[^']*'))?)*+\s*+/?>"""
)
_ENTITY = re.compile(r"&(#?\w*;?)")
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)([^<>]*+)>")
_NEVER_CLOSED = frozenset({"br", "dd", "dt", "hr", "img", "input", "li", "option", "p", "td", "th", "tr", "wbr"})


def from_html(markup: str) -> str:
    """Plain text of a fragment of HTML: blocks become lines, scripts and styles go, entities are decoded."""
    if not _MARKUP.search(markup):
        return markup.strip()
    if "<" not in markup:
        return html.unescape(markup).strip()
    markup = markup[:LONGEST]
    text = _simple(markup)
    if text is None:
        text = _stripped(markup) if _is_costly(markup) else _parsed(markup)
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BREAKS.sub("\n\n", lines).strip()


def _simple(markup: str) -> str | None:
    """The text of a few well-nested tags, ten times as quick as a parser tells it; None where there is more to it."""
    if "\r" in markup or "\0" in markup or not all(map(_is_plain, set(_ENTITY.findall(markup)))):
        return None
    pieces: list[str] = []
    opened: list[str] = []
    end = 0
    for tag in _TAG.finditer(markup):
        text, (closes, name) = markup[end : tag.start()], tag.groups()
        if "<" in text:
            return None
        pieces.append(text)
        end = tag.end()
        if closes:
            if not opened or opened.pop() != name:
                return None
            continue
        inside = opened[-1] if opened else "div"
        if name not in _SELF_CLOSED:
            if markup[end - 2] == "/" or not _may_hold(inside, name):
                return None
            opened.append(name)
        pieces.append(_GAPS.get(name, ""))
    if opened or "<" in markup[end:]:
        return None
    return html.unescape("".join([*pieces, markup[end:]]))


def _may_hold(outer: str, inner: str) -> bool:
    return inner in _INLINE or (outer in _HOLD_ALL and (inner in _HOLD_WORDS or inner in _HOLD_ALL))


def _is_plain(entity: str) -> bool:
    """Whether every reader takes it for the same character, or for a mere &."""
    if entity.startswith("#"):
        number = entity[1:-1]
        return entity.endswith(";") and number.isascii() and number.isdigit() and 31 < int(number[:6]) < 127
    return not entity or (entity in html5 and entity.endswith(";"))


def _parsed(markup: str) -> str:
    """The text as a browser would read the markup."""
    tree = LexborHTMLParser(markup)
    tree.strip_tags(list(_UNSEEN))
    for node in tree.css(_BLOCKS):
        node.insert_before(_GAPS[str(node.tag)])
    body = tree.body
    return body.text(deep=True).replace("\r\n", "\n") if body is not None else ""


def _is_costly(markup: str) -> bool:
    depth = deepest = tags = 0
    for closes, name, attributes in _ANY_TAG.findall(markup):
        tags += 1
        if name.lower() not in _NEVER_CLOSED:
            depth = max(0, depth - 1) if closes else depth + 1
            deepest = max(deepest, depth)
        if len(attributes) > _MOST_ATTRIBUTES and len(attributes.split()) > _MOST_ATTRIBUTES:
            return True
    return tags * deepest > _MOST_WORK


def _stripped(markup: str) -> str:
    """The text of what no sane writer nests so: tags go, wherever they stand."""
    for name in _UNSEEN:
        markup = re.sub(rf"<{name}\b[^<>]*+>.*?(?:</{name}\s*>|\Z)", "", markup, flags=re.DOTALL | re.IGNORECASE)
    return html.unescape(_ANY_TAG.sub(lambda tag: "" if tag[1] else _GAPS.get(tag[2].lower(), ""), markup))
