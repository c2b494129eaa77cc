"""The words of a mention as a page has them, found and blanked where other items quote them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from flows.sources.plain_text import from_html

SHORTEST = 12  # characters: what is shorter stands in a text by chance, unless it is all of it


def words_of(item: bytes, text: str, addresses: Iterable[str | None]) -> set[str]:
    """The strings of an item that its text is made of, in whatever markup, and its addresses."""
    plain = " ".join(text.split())
    made_of = {leaf for leaf in _leaves(_decoded(item)) if _is_part(" ".join(from_html(leaf).split()), plain)}
    return {word for word in (*made_of, text, *addresses) if word}


def holds(body: bytes, words: Collection[str]) -> bool:
    """Whether one of the strings of a body is one of the words."""
    return not frozenset(words).isdisjoint(_leaves(_decoded(body)))


def blank(body: bytes, words: Collection[str]) -> bytes:
    """The body with those of its strings empty that are one of the words."""
    chosen = frozenset(words)
    rows = _decoded(body)
    blanked = [_blanked(row, chosen) for row in rows]
    return b"\n".join(msgspec.json.encode(row) for row in blanked) if rows else body


def _is_part(leaf: str, plain: str) -> bool:
    return leaf == plain if len(leaf) < SHORTEST else leaf in plain


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


def _blanked(value: Any, words: frozenset[str]) -> Any:
    if isinstance(value, str):
        return "" if value in words else value
    if isinstance(value, dict):
        return {name: _blanked(each, words) for name, each in value.items()}
    return [_blanked(each, words) for each in value] if isinstance(value, list) else value
