"""A topic made ready for matching, and its boolean part as column expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from flows.topics.grammar import parse
from flows.topics.patterns import Pattern, patterns
from flows.topics.query import And, Near, Node, Not, Or, Query, Term, nodes, positive_terms


@dataclass(frozen=True)
class Plan:
    """A query with its terms numbered, and what finds each."""

    topic_id: str
    query: Query
    patterns: dict[Term, tuple[Pattern, ...]]
    numbers: dict[Term, int]
    nears: tuple[Near, ...]

    def holds(self, node: Node) -> pl.Expr:
        """Whether the node is true of a candidate row (`found`: list of term numbers, `language`, `near_<n>`)."""
        match node:
            case Term("lang", code):
                return (pl.col("language") == code).fill_null(value=False)
            case Term():
                return pl.col("found").list.contains(self.numbers[node])
            case Near():
                return pl.col(f"near_{self.nears.index(node)}")
            case Not(operand):
                return ~self.holds(operand)
            case And(operands):
                return pl.all_horizontal(map(self.holds, operands))
            case Or(operands):
                return pl.any_horizontal(map(self.holds, operands))


def plans(queries: Sequence[tuple[str, str]]) -> list[Plan]:
    """Plans of (topic_id, query), in order. Raises TopicError where a query cannot be read."""
    parsed = [(topic_id, parse(query)) for topic_id, query in queries]
    distinct = list(dict.fromkeys(chain.from_iterable(_terms(query) for _, query in parsed)))
    found = dict(zip(distinct, patterns(distinct), strict=True))
    return [_plan(topic_id, query, found) for topic_id, query in parsed]


def _plan(topic_id: str, query: Query, found: Mapping[Term, tuple[Pattern, ...]]) -> Plan:
    terms = _terms(query)
    nears = dict.fromkeys(node for node in nodes(query.root) if isinstance(node, Near))
    numbers = {term: number for number, term in enumerate(terms)}
    return Plan(topic_id, query, {term: found[term] for term in terms}, numbers, tuple(nears))


def _terms(query: Query) -> list[Term]:
    """Each term once: those that can be reported first, in the order of the query."""
    others = (node for node in nodes(query.root) if isinstance(node, Term))
    return list(dict.fromkeys(chain(positive_terms(query.root), others)))
