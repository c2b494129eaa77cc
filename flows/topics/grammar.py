"""The query language: `"acme air" OR @acmeair OR (#acme NOT recipe)`.

Loosest to tightest: OR, AND (or a blank), NEAR/n, NOT. So `a OR b NOT c` is `a OR (b AND NOT c)`: the exclusion belongs
to the branch it stands in, as in X's search; brackets make it hold for all.
"""

from __future__ import annotations

from functools import lru_cache

from lark import Lark, Token, UnexpectedToken
from lark.exceptions import VisitError

from flows.errors import TopicError
from flows.topics.builder import Builder, start
from flows.topics.patterns import patterns
from flows.topics.query import Query, Term, is_anchored
from flows.topics.words import ReadError

LONGEST_QUERY = 20_000  # characters
MOST_TERMS = 1_000
DEEPEST_NESTING = 50
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


@lru_cache(maxsize=4096)
def parse(query: str) -> Query:
    """The query as frozen nodes. Raises TopicError, which points at the character and says what to write instead."""
    try:
        return _read(query.translate(_SAME_SIGNS))
    except ReadError as fault:
        raise TopicError(_pointed(query, fault)) from None


def _read(text: str) -> Query:
    tokens = _tokens(text)
    builder = Builder()
    try:
        root = builder.transform(_PARSER.parse(text))
    except UnexpectedToken as error:
        raise ReadError(*_misplaced(text, error.token)) from None
    except VisitError as error:
        raise error.orig_exc from None
    for term, found in zip(builder.starts, patterns(list(builder.starts)), strict=True):
        if not found and term.kind != "lang":
            raise ReadError(builder.starts[term], _unreadable(term))
    if not is_anchored(root):
        at = next((start(token) for token in tokens if token.type == "_NOT"), 0)
        raise ReadError(at, "this would match everything else on the platform: join NOT and lang: to a term by AND")
    return Query(root)


def _tokens(text: str) -> list[Token]:
    """The query's tokens, once its size and its brackets and quotes are in order."""
    if not text.strip():
        raise ReadError(0, "the query is empty: write what to look for")
    if len(text) > LONGEST_QUERY:
        raise ReadError(LONGEST_QUERY, f"the query is longer than {LONGEST_QUERY} characters: split the topic")
    if (at := next((i for i, sign in enumerate(text) if "\ud800" <= sign <= "\udfff"), -1)) >= 0:
        raise ReadError(at, "half a character (a lone surrogate): delete it")
    if text.count('"') % 2:
        raise ReadError(text.rindex('"'), 'this quote has no partner: add the missing "')
    tokens = list(_PARSER.lex(text))
    if len(wanted := [token for token in tokens if token.type in ("WORD", "QUOTED")]) > MOST_TERMS:
        raise ReadError(start(wanted[MOST_TERMS]), f"more than {MOST_TERMS} terms: split the topic")
    _check_brackets(tokens)
    return tokens


def _check_brackets(tokens: list[Token]) -> None:
    opened: list[int] = []
    for token in tokens:
        at = start(token)
        if token.type == "_LPAR":
            opened.append(at)
        elif token.type == "_RPAR" and not opened:
            raise ReadError(at, "this bracket was never opened: delete it or add a (")
        elif token.type == "_RPAR":
            opened.pop()
        if len(opened) > DEEPEST_NESTING:
            raise ReadError(at, f"brackets nested deeper than {DEEPEST_NESTING}: simplify the query")
    if opened:
        raise ReadError(opened[-1], "this bracket is never closed: add a )")


def _misplaced(text: str, token: Token) -> tuple[int, str]:
    if token.type == "$END":
        return len(text.rstrip()), "the query ends where a term is needed: add one, or delete the operator before"
    return start(token), f"a term is needed before {token.value}: add one, or delete what is too much"


def _unreadable(term: Term) -> str:
    if "@" in term.text[:-1]:
        return f"{term}: a handle stands alone, before a blank and outside quotes: join it by AND or NEAR/n"
    return f"{term} leaves nothing to look for: write a word, @handle, #tag or emoji (links: domain:example.com)"


def _pointed(query: str, fault: ReadError) -> str:
    start = max(0, fault.at - 40)
    excerpt = "".join(sign if sign.isprintable() else " " for sign in query[start : fault.at + 30])
    return f"{fault} (character {fault.at + 1})\n  {excerpt}\n  {' ' * (fault.at - start)}^"
