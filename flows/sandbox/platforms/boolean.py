"""The boolean searches of platforms, as their pages describe them: words and "phrases" ANDed, OR, NOT, brackets.

Apart from the topics' own grammar, which it is there to judge. Words compare without case and accents, as whole words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

Matches = Callable[[str], bool]


class BadQueryError(ValueError):
    """The platform would refuse this query."""


@dataclass(frozen=True)
class Syntax:
    """What a platform writes for its operators; an empty string where it has none."""

    either: str = "OR"
    negation: str = "NOT"  # as a word before its operand
    minus: bool = True  # as a sign before its operand
    brackets: bool = True
    longest: int = 512  # characters


def compiled(query: str, syntax: Syntax) -> Matches:
    """A test of texts. Raises BadQueryError where the brackets, quotes or operators do not fit together."""
    if len(query) > syntax.longest:
        raise BadQueryError(f"query is {len(query)} characters long; the longest is {syntax.longest}")
    pieces = _pieces(query, syntax)
    matches, rest = _any_of(pieces, syntax)
    if rest:
        raise BadQueryError(f"unexpected {rest[0]!r}")
    return matches


def _pieces(query: str, syntax: Syntax) -> list[str]:
    if query.count('"') % 2:
        raise BadQueryError("a quote is not closed")
    brackets = "()" if syntax.brackets else ""
    either = re.escape(syntax.either) if syntax.either and not syntax.either.isalnum() else "(?!)"
    sign = re.escape(syntax.either) if not syntax.either.isalnum() else ""  # a sign ends a word, a word does not
    word = rf'[^\s"{re.escape(brackets)}{sign}]+'
    found = re.findall(rf'-?"[^"]*"|-(?=\()|[{re.escape(brackets) or "(?!)"}]|{either}|{word}', query)
    return [piece for piece in found if piece.strip()]


def _any_of(pieces: list[str], syntax: Syntax) -> tuple[Matches, list[str]]:
    first, rest = _all_of(pieces, syntax)
    options = [first]
    while rest and rest[0] == syntax.either:
        following, rest = _all_of(rest[1:], syntax)
        options.append(following)
    return (lambda text: any(option(text) for option in options)), rest


def _all_of(pieces: list[str], syntax: Syntax) -> tuple[Matches, list[str]]:
    parts: list[Matches] = []
    rest = pieces
    while rest and rest[0] not in (")", syntax.either):
        part, rest = _one(rest, syntax)
        parts.append(part)
    if not parts:
        raise BadQueryError("an operand is missing")
    return (lambda text: all(part(text) for part in parts)), rest


def _one(pieces: list[str], syntax: Syntax) -> tuple[Matches, list[str]]:
    piece, rest = pieces[0], pieces[1:]
    if piece == "AND" and rest:
        return _one(rest, syntax)
    if (syntax.negation and piece == syntax.negation) or (syntax.minus and piece == "-"):
        if not rest:
            raise BadQueryError("nothing follows the negation")
        inner, rest = _one(rest, syntax)
        return (lambda text: not inner(text)), rest
    if piece == "(":
        inner, rest = _any_of(rest, syntax)
        if not rest or rest[0] != ")":
            raise BadQueryError("a bracket is not closed")
        return inner, rest[1:]
    if syntax.minus and piece.startswith("-") and len(piece) > 1:
        inner = _operand(piece[1:])
        return (lambda text: not inner(text)), rest
    return _operand(piece), rest


def _operand(piece: str) -> Matches:
    """A word, a phrase, or a @handle or #tag that stands as such."""
    wanted = folded(piece.strip('"'))
    if wanted[:1] in ("@", "#"):
        exact = re.compile(rf"(?<![\w@#]){re.escape(wanted)}(?!\w)")
        return lambda text: exact.search(folded(text)) is not None
    words = _spaced(wanted)
    return lambda text: words in _spaced(text)


@lru_cache(maxsize=20_000)
def _spaced(text: str) -> str:
    """The words of a text with a blank around each; the same texts are searched again and again."""
    return f" {' '.join(_words(folded(text)))} "


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(character for character in plain if not unicodedata.combining(character)).casefold()


def _words(text: str) -> list[str]:
    """Words; each Han or kana character is one, as these are written without spaces."""
    return re.findall(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+", text)
