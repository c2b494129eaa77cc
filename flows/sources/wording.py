"""A topic's alternatives in a platform's own words, in as few searches as its longest query allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows import topics
from flows.errors import SourceError


def worded(platform: str, query: str, operand: Callable[[topics.Term], str], *, longest: int) -> list[tuple[str, ...]]:
    """Each alternative as words that must all stand there, `longest` characters with blanks: fewer words find more.

    `operand` writes one term. Languages are left out, and prefixes (no platform here knows them) where another term
    stands beside them. Raises SourceError where one term alone is too long.
    """
    parts = []
    for alternative in topics.search_terms(topics.parse(query)):
        asked = [term for term in alternative if term.kind != "lang"]
        operands = [operand(term) for term in asked if not term.is_prefix] or [operand(term) for term in asked]
        while len(operands) > 1 and len(" ".join(operands)) > longest:
            operands.remove(max(operands, key=len))
        if len(operands[0]) > longest:
            raise SourceError(platform, f"a term of {len(operands[0])} characters is longer than a search may be")
        parts.append(tuple(dict.fromkeys(operands)))
    return list(dict.fromkeys(parts))


def packed(parts: Sequence[str], joint: str, *, longest: int) -> list[list[str]]:
    """The parts in as few groups as fit, each at most `longest` characters when joined; order is kept."""
    groups: list[list[str]] = []
    for part in parts:
        if groups and len(joint.join([*groups[-1], part])) <= longest:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def quoted(term: topics.Term) -> str:
    """The bare word, or in quotes what a search would cut at its signs and blanks."""
    plain = term.text.replace('"', " ").strip()
    return plain if plain.isalnum() else f'"{plain}"'
