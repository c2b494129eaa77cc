"""A parsed query: frozen nodes, their canonical spelling, and what a platform must be asked to find them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "phrase", "handle", "tag", "domain", "lang"]
_SIGILS: dict[Kind, str] = {"word": "", "phrase": "", "handle": "@", "tag": "#", "domain": "domain:", "lang": "lang:"}


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
