"""The XML parser that feedparser is given: expat, with the text between two tags in one piece.

Without that expat tells each entity by itself, and an article of escaped HTML in hundreds of pieces: half of the time.
"""

from __future__ import annotations

from xml.sax.expatreader import ExpatParser

LARGEST_PIECE = 1 << 16  # bytes; longer texts come in several


class BufferingParser(ExpatParser):
    """expat's reader, buffering."""

    def reset(self) -> None:
        """Called before each document: it makes a new parser beneath."""
        super().reset()
        self._parser.buffer_size = LARGEST_PIECE  # type: ignore[attr-defined] # typeshed leaves it out
        self._parser.buffer_text = True  # type: ignore[attr-defined]


def create_parser() -> BufferingParser:
    """What `xml.sax.make_parser` calls in a module that it is named."""
    return BufferingParser()
