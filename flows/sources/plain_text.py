"""What people wrote, without the markup that a platform wraps around it."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

_BREAKS = re.compile(r"\n{3,}")
_MARKUP = re.compile(r"[<&]")
PARAGRAPHS = "p, pre, blockquote, h1, h2, h3, h4, h5, h6"
LINES = "br, div, li, tr"


def from_html(markup: str) -> str:
    """Plain text of a fragment of HTML: blocks become lines, scripts and styles go, entities are decoded."""
    if not _MARKUP.search(markup):
        return markup.strip()
    if "<" not in markup:
        return html.unescape(markup).strip()
    tree = LexborHTMLParser(markup)
    tree.strip_tags(["script", "style", "template", "noscript"])
    for blocks, gap in ((PARAGRAPHS, "\n\n"), (LINES, "\n")):
        for node in tree.css(blocks):
            node.insert_before(gap)
    body = tree.body
    text = body.text(deep=True) if body is not None else ""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return _BREAKS.sub("\n\n", lines).strip()
