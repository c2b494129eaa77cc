"""Authors of a stage as sites of the web: where they publish, and how their articles are headed."""

from __future__ import annotations

from flows.sandbox.platforms.stage import Told


def domain(handle: str) -> str:
    """The host of an author's own site."""
    return f"{handle.replace('_', '-').lower()}.example"


def address(told: Told) -> str:
    """Where an article stands."""
    return f"https://{domain(told.author.handle)}/{told.row + 1}/"


def heading(told: Told) -> str:
    """A title that names nobody, so that the text alone decides whom an article is about."""
    return f"Entry {told.row + 1}"


def markup(text: str) -> str:
    """A text as paragraphs of HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "\n".join(f"<p>{part.replace(chr(10), '<br />')}</p>" for part in escaped.split("\n\n"))
