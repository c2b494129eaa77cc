"""What a platform must be asked, so that nothing is missed that a query matches."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from flows.topics.query import And, Near, Node, Not, Or, Query, Term

MOST_ALTERNATIVES = 50


def search_terms(query: Query) -> list[tuple[Term, ...]]:
    """Alternatives, each a conjunction of terms, that together find at least all that the query matches.

    NOT is dropped and NEAR becomes AND. A source writes each alternative in its platform's syntax; it may leave out
    terms that the platform does not know, so long as one is left that is no `lang`. There are at most
    MOST_ALTERNATIVES, or as many as the query has terms where that is more.
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
    sets = {frozenset(conjunction): conjunction for conjunction in reversed(conjunctions)}
    return [kept for wanted, kept in reversed(sets.items()) if not any(other < wanted for other in sets)]
