"""From lark's parse tree to the nodes of a query."""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer, v_args

from flows.topics.query import And, Near, Node, Not, Or, Term
from flows.topics.words import ReadError, quoted_term, word_term

FARTHEST_NEAR = 100


@v_args(inline=True)
class Builder(Transformer[Token, Node]):
    """The grammar's rules, one method each; `starts` tells where each term first stands. Raises ReadError."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: dict[Term, int] = {}

    def word(self, token: Token) -> Node:
        return self._remembered(token, word_term(str(token), start(token)))

    def quoted(self, token: Token) -> Node:
        return self._remembered(token, quoted_term(str(token)[1:-1], start(token) + 1))

    def _remembered(self, token: Token, term: Term) -> Node:
        self.starts.setdefault(term, start(token))
        return term

    def without(self, operand: Node) -> Node:
        return Not(operand)

    def either(self, *operands: Node) -> Node:
        return Or(tuple(inner for node in operands for inner in (node.operands if isinstance(node, Or) else (node,))))

    def both(self, *operands: Node) -> Node:
        return And(tuple(inner for node in operands for inner in (node.operands if isinstance(node, And) else (node,))))

    def near(self, first: Node, *rest: Any) -> Node:
        chain = [first, *rest]
        pairs = [_near(*chain[at : at + 3]) for at in range(0, len(rest), 2)]
        return pairs[0] if len(pairs) == 1 else And(tuple(pairs))


def start(token: Token) -> int:
    """Where the token begins, from 0."""
    return token.start_pos or 0


def _near(left: Node, operator: Token, right: Node) -> Near:
    distance = operator.removeprefix("NEAR/")
    if not (distance.isascii() and distance.isdigit() and len(distance) < 4 and 1 <= int(distance) <= FARTHEST_NEAR):
        advice = 'write NEAR/3, or "NEAR" in quotes for the word'
        raise ReadError(start(operator), f"NEAR needs a distance of 1 (adjoining) to {FARTHEST_NEAR}: {advice}")
    return Near(_side(left, operator), _side(right, operator), int(distance))


def _side(node: Node, operator: Token) -> tuple[Term, ...]:
    operands = node.operands if isinstance(node, Or) else (node,)
    terms = tuple(each for each in operands if isinstance(each, Term) and each.kind not in ("domain", "lang"))
    if len(terms) < len(operands):
        problem = "NEAR joins words, phrases, @handles, #tags, or (a OR b) of them: move the rest out by AND"
        raise ReadError(start(operator), problem)
    return terms
