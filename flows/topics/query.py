"""A parsed query: frozen nodes, their canonical spelling, and what a platform must be asked to find them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

Kind = Literal["word", "phrase", "handle", "tag", "domain", "lang"]
_SIGILS: dict[Kind, str] = {"word": "", "phrase": "", "handle": "@", "tag": "#", "domain": "domain:", "lang": "lang:"}
MOST_ALTERNATIVES = 50


@dataclass(frozen=True)
class Term:
    """What is looked for; `text` has neither sigil nor quotes nor the `*` of a prefix."""

    kind: Kind
    text: str
    is_prefix: bool = False

    @property
    def spelling(self) -> str:
        """As the query writes it, without quotes: `acme air`, `@acme`, `acm*`."""
        return f"{_SIGILS[self.kind]}{self.text}{'*' * self.is_prefix}"

    def __str__(self) -> str:
        return f'"{self.spelling}"' if self.kind == "phrase" else self.spelling


@dataclass(frozen=True)
class Near:
    """One of `left` and one of `right`, in either order, at most `distance` tokens on (1 is adjoining)."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]
    distance: int

    def __str__(self) -> str:
        return f"{_alternatives(self.left)} NEAR/{self.distance} {_alternatives(self.right)}"


@dataclass(frozen=True)
class Not:
    operand: Node

    def __str__(self) -> str:
        return f"NOT {self.operand if isinstance(self.operand, Term) else f'({self.operand})'}"


@dataclass(frozen=True)
class And:
    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(f"({node})" if isinstance(node, Or) else str(node) for node in self.operands)


@dataclass(frozen=True)
class Or:
    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(f"({node})" if isinstance(node, And) else str(node) for node in self.operands)


Node = Term | Near | Not | And | Or


@dataclass(frozen=True)
class Query:
    """A query that can match something and not everything; `str` gives its canonical spelling."""

    root: Node

    def __str__(self) -> str:
        return str(self.root)


def _alternatives(terms: tuple[Term, ...]) -> str:
    return str(terms[0]) if len(terms) == 1 else f"({' OR '.join(map(str, terms))})"


def children(node: Node) -> tuple[Node, ...]:
    """The node's operands, left to right."""
    match node:
        case Term():
            return ()
        case Not(operand):
            return (operand,)
        case Near(left, right):
            return (*left, *right)
        case And(operands) | Or(operands):
            return operands


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the query."""
    yield node
    for child in children(node):
        yield from nodes(child)


def positive_terms(node: Node) -> Iterator[Term]:
    """Every term that stands under no NOT, in the order of the query."""
    if isinstance(node, Term):
        yield node
    elif not isinstance(node, Not):
        for child in children(node):
            yield from positive_terms(child)


def is_anchored(node: Node) -> bool:
    """Whether all that it matches holds one of its terms; a language alone is no anchor, half a platform has it."""
    match node:
        case Term(kind):
            return kind != "lang"
        case Near():
            return True
        case Not():
            return False
        case And(operands):
            return any(map(is_anchored, operands))
        case Or(operands):
            return all(map(is_anchored, operands))


def query_hash(query: Query) -> str:
    """Changes when the query says something else, not when it is spaced or bracketed otherwise."""
    return hashlib.sha256(str(query).encode()).hexdigest()[:16]


def search_terms(query: Query) -> list[tuple[Term, ...]]:
    """Alternatives, each a conjunction, that together find at least all that the query matches.

    NOT is dropped and NEAR becomes AND. A source sends each alternative in its platform's syntax and may leave out the terms
    of a conjunction that the platform does not know, but not the last that is no `lang`. At most MOST_ALTERNATIVES, or the
    query's number of terms where that is more.
    """
    return _shortest(_conjunctions(query.root))


def _conjunctions(node: Node) -> list[tuple[Term, ...]]:
    match node:
        case Term():
            return [(node,)]
        case Not():
            return [()]
        case Near(left, right):
            return _both([(term,) for term in left], [(term,) for term in right])
        case Or(operands):
            return [conjunction for operand in operands for conjunction in _conjunctions(operand)]
        case And(operands):
            found: list[tuple[Term, ...]] = [()]
            for operand in operands:
                found = _both(found, _shortest(_conjunctions(operand)))
            return found


def _both(left: list[tuple[Term, ...]], right: list[tuple[Term, ...]]) -> list[tuple[Term, ...]]:
    """The products; where they would be too many, one side alone, which finds more and never less."""
    if len(left) * len(right) <= MOST_ALTERNATIVES:
        return [tuple(dict.fromkeys(a + b)) for a, b in product(left, right)]
    return min(left, right, key=lambda side: (not all(map(_can_be_asked, side)), len(side)))


def _can_be_asked(conjunction: Iterable[Term]) -> bool:
    return any(term.kind != "lang" for term in conjunction)


def _shortest(conjunctions: list[tuple[Term, ...]]) -> list[tuple[Term, ...]]:
    """Without those that another one finds anyway (`a`, `a b` → `a`)."""
    kept: list[tuple[Term, ...]] = []
    for candidate in sorted(dict.fromkeys(conjunctions), key=len):
        if not any(set(other) <= set(candidate) for other in kept):
            kept.append(candidate)
    return kept
