"""The query language: `"acme air" OR @acmeair OR (#acme NOT recipe)`.

Loosest to tightest: OR, AND (or a blank), NEAR/n, NOT. So `a OR b NOT c` is `a OR (b AND NOT c)`: the exclusion belongs
to the branch it stands in, as in the searches of X and Lucene; brackets make it hold for all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.exceptions import VisitError

from flows.errors import TopicError
from flows.topics.patterns import patterns
from flows.topics.query import And, Near, Node, Not, Or, Query, Term, is_anchored
from flows.topics.words import quoted_term, word_term

LONGEST_QUERY = 20_000  # characters
MOST_TERMS = 1_000
DEEPEST_NESTING = 50
FARTHEST_NEAR = 100
_SAME_SIGNS = str.maketrans("“”„‟＂（）", '"""""()')
_PARSER = Lark(
    r"""
    ?start: either
    ?either: both (_OR both)*
    ?both: near (_AND? near)*
    ?near: negation (NEAR negation)*
    ?negation: _NOT atom -> without
        | atom
    ?atom: _LPAR either _RPAR
        | QUOTED -> quoted
        | WORD -> word
    _OR.2: /OR(?=[\s()"]|$)/
    _AND.2: /AND(?=[\s()"]|$)/
    _NOT.2: /NOT(?=[\s()"]|$)/
    NEAR.2: /NEAR(\/[^\s()"]*)?(?=[\s()"]|$)/
    _LPAR: "("
    _RPAR: ")"
    QUOTED: /"[^"]*"/
    WORD: /[^\s()"]+/
    %ignore /\s+/
    """,
    parser="lalr",
    lexer="basic",
)


class _Fault(Exception):
    """What is wrong with the query, and at which character (from 0)."""

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at


@lru_cache(maxsize=4096)
def parse(query: str) -> Query:
    """The query as frozen nodes. Raises TopicError, which points at the character and says what to write instead."""
    try:
        return _read(query.translate(_SAME_SIGNS))
    except _Fault as fault:
        raise TopicError(_pointed(query, fault)) from None


def _read(text: str) -> Query:
    tokens = _tokens(text)
    builder = _Builder()
    try:
        root = builder.transform(_PARSER.parse(text))
    except UnexpectedToken as error:
        raise _Fault(*_misplaced(text, error.token)) from None
    except VisitError as error:
        raise error.orig_exc from None
    for term, found in zip(builder.starts, patterns(list(builder.starts)), strict=True):
        if not found and term.kind != "lang":
            raise _Fault(builder.starts[term], _unreadable(term))
    if not is_anchored(root):
        at = next((token.start_pos or 0 for token in tokens if token.type == "_NOT"), 0)
        raise _Fault(at, "this would match everything else on the platform: join NOT and lang: to a term by AND")
    return Query(root)


def _tokens(text: str) -> list[Token]:
    """The query's tokens, once its size and its brackets and quotes are in order."""
    if not text.strip():
        raise _Fault(0, "the query is empty: write what to look for")
    if len(text) > LONGEST_QUERY:
        raise _Fault(LONGEST_QUERY, f"the query is longer than {LONGEST_QUERY} characters: split the topic")
    if (at := next((i for i, sign in enumerate(text) if "\ud800" <= sign <= "\udfff"), -1)) >= 0:
        raise _Fault(at, "half a character (a lone surrogate): delete it")
    if text.count('"') % 2:
        raise _Fault(text.rindex('"'), 'this quote has no partner: add the missing "')
    tokens = list(_PARSER.lex(text))
    if len(wanted := [token for token in tokens if token.type in ("WORD", "QUOTED")]) > MOST_TERMS:
        raise _Fault(wanted[MOST_TERMS].start_pos or 0, f"more than {MOST_TERMS} terms: split the topic")
    _check_brackets(tokens)
    return tokens


def _check_brackets(tokens: list[Token]) -> None:
    opened: list[int] = []
    for token in tokens:
        at = token.start_pos or 0
        if token.type == "_LPAR":
            opened.append(at)
        elif token.type == "_RPAR" and not opened:
            raise _Fault(at, "this bracket was never opened: delete it or add a (")
        elif token.type == "_RPAR":
            opened.pop()
        if len(opened) > DEEPEST_NESTING:
            raise _Fault(at, f"brackets nested deeper than {DEEPEST_NESTING}: simplify the query")
    if opened:
        raise _Fault(opened[-1], "this bracket is never closed: add a )")


def _misplaced(text: str, token: Token) -> tuple[int, str]:
    if token.type == "$END":
        return len(text.rstrip()), "the query ends where a term is needed: add one, or delete the operator before"
    return token.start_pos or 0, f"a term is needed before {token.value}: add one, or delete what is too much"


def _unreadable(term: Term) -> str:
    if "@" in term.text:
        return f"{term}: a handle stands alone, before a blank and outside quotes: join it by AND or NEAR/n"
    return f"{term} leaves nothing to look for: write a word, @handle, #tag or emoji (links: domain:example.com)"


def _pointed(query: str, fault: _Fault) -> str:
    start = max(0, fault.at - 40)
    excerpt = "".join(sign if sign.isprintable() else " " for sign in query[start : fault.at + 30])
    return f"{fault} (character {fault.at + 1})\n  {excerpt}\n  {' ' * (fault.at - start)}^"


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Turns the parse tree into nodes and remembers where each term began."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: dict[Term, int] = {}

    def word(self, token: Token) -> Node:
        return self._term(token, word_term(str(token)))

    def quoted(self, token: Token) -> Node:
        return self._term(token, quoted_term(str(token)[1:-1]))

    def _term(self, token: Token, read: Term | str) -> Node:
        at = token.start_pos or 0
        if isinstance(read, str):
            raise _Fault(at, read)
        self.starts.setdefault(read, at)
        return read

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


def _near(left: Node, operator: Token, right: Node) -> Near:
    at, distance = operator.start_pos or 0, operator.removeprefix("NEAR/")
    if not (distance.isascii() and distance.isdigit() and 1 <= int(distance) <= FARTHEST_NEAR):
        advice = 'write NEAR/3, or "NEAR" in quotes for the word'
        raise _Fault(at, f"NEAR needs a distance of 1 (adjoining) to {FARTHEST_NEAR}: {advice}")
    sides = [node.operands if isinstance(node, Or) else (node,) for node in (left, right)]
    for term in (*sides[0], *sides[1]):
        if not isinstance(term, Term) or term.kind in ("domain", "lang"):
            raise _Fault(
                at, "NEAR joins words, phrases, @handles, #tags, or (a OR b) of them: move the rest out by AND"
            )
    return Near(sides[0], sides[1], int(distance))
