"""The words of a mention as a page has them, found and blanked where other items quote them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from flows.sources.plain_text import from_html

SHORTEST = 12  # characters: what is shorter stands in a text by chance, unless it is all of it
IsWord = Callable[[str], bool]


def words_of(item: bytes, text: str, addresses: Iterable[str | None]) -> set[str]:
    """The strings of an item that its text is made of, in whatever markup, and its addresses."""
    whole = " ".join(text.split())
    made_of = {leaf for leaf in _leaves(_decoded(item)) if _is_part(plain(leaf), whole)}
    return {word for word in (*made_of, text, *addresses) if word}


def plain(leaf: str) -> str:
    """A string of a page as people read it, on one line."""
    return " ".join(from_html(leaf).split())


def holds(body: bytes, is_word: IsWord) -> bool:
    """Whether one of the strings of a body is a word."""
    return any(map(is_word, filter(None, _leaves(_decoded(body)))))


def blank(body: bytes, is_word: IsWord) -> bytes:
    """The body with those of its strings empty that are a word."""
    rows = _decoded(body)
    blanked = [_blanked(row, is_word) for row in rows]
    return b"\n".join(msgspec.json.encode(row) for row in blanked) if rows else body


def _is_part(leaf: str, whole: str) -> bool:
    return leaf == whole if len(leaf) < SHORTEST else leaf in whole


def _decoded(body: bytes) -> list[Any]:
    """A JSON document, or one a line; nothing where it is neither."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [msgspec.json.decode(body)]
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [msgspec.json.decode(line) for line in body.split(b"\n") if line.strip()]
    return []


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)


def _blanked(value: Any, is_word: IsWord) -> Any:
    if isinstance(value, str):
        return "" if value and is_word(value) else value
    if isinstance(value, dict):
        return {name: _blanked(each, is_word) for name, each in value.items()}
    return [_blanked(each, is_word) for each in value] if isinstance(value, list) else value
