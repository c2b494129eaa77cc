"""Python's regular expressions in RE2's words, where both mean the same; everything else is refused.

Great Expectations judges with Python's `re`, DuckDB with RE2. They differ in `$` (before a last newline or not),
`\\d \\w \\s \\b` (Unicode or ASCII), flags, look-around and back-references, so a suite uses none of these.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any

from expectations.errors import ExpectationError

op: Any = importlib.import_module("re._constants")  # so named since Python 3.11; its stubs leave them out
parser: Any = importlib.import_module("re._parser")
MAX_REPEAT = 1000  # RE2's own bound
_ANCHORS = {op.AT_BEGINNING: r"\A", op.AT_BEGINNING_STRING: r"\A", op.AT_END_STRING: r"\z"}


def to_re2(pattern: str) -> str:
    """The RE2 pattern that finds a hit in exactly the strings in which Python's `re.search` does."""
    try:
        tree = parser.parse(pattern)
    except re.error as error:
        raise ExpectationError(f"regex {pattern!r} cannot be read: {error}") from error
    if tree.state.flags != re.UNICODE.value:
        raise ExpectationError(
            f"regex {pattern!r}: inline flags mean different things to the two engines; spell it out"
        )
    return _sequence(tree, pattern)


Spans = tuple[tuple[int, int], ...]


def first_characters(pattern: str) -> Spans | None:
    """Ranges of the characters with which every hit begins; None where a hit may begin with anything, or be empty."""
    return _first(parser.parse(pattern))


def _first(nodes: Iterable[tuple[Any, Any]]) -> Spans | None:
    kind: Any
    argument: Any
    kind, argument = next(iter(nodes), (None, None))
    if kind is op.LITERAL:
        return ((argument, argument),)
    if kind is op.IN and argument[0][0] is not op.NEGATE:
        return tuple(member if kind is op.RANGE else (member, member) for kind, member in argument)
    if kind is op.MAX_REPEAT and argument[0] > 0:
        return _first(argument[2])
    if kind is op.SUBPATTERN:
        return _first(argument[3])
    if kind is op.BRANCH:
        branches = [_first(branch) for branch in argument[1]]
        return None if None in branches else tuple(span for branch in branches for span in branch or ())
    return None


def _sequence(nodes: Iterable[tuple[Any, Any]], pattern: str) -> str:
    return "".join(_node(kind, argument, pattern) for kind, argument in nodes)


def _node(kind: Any, argument: Any, pattern: str) -> str:
    if kind is op.LITERAL:
        return _character(argument)
    if kind is op.NOT_LITERAL:
        return f"[^{_character(argument)}]"
    if kind is op.ANY:
        return r"[^\n]"
    if kind is op.IN:
        return _class(argument, pattern)
    if kind is op.AT and argument in _ANCHORS:
        return _ANCHORS[argument]
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, repeated = argument
        return _repeat(least, most, repeated, pattern)
    if kind is op.BRANCH:
        return "(?:" + "|".join(_sequence(branch, pattern) for branch in argument[1]) + ")"
    if kind is op.SUBPATTERN and not argument[1] and not argument[2]:
        return f"(?:{_sequence(argument[3], pattern)})"
    raise ExpectationError(
        rf"regex {pattern!r}: {kind} {argument} has no equal in RE2; use classes like [0-9] for \d and \Z for $"
    )


def _repeat(least: int, most: Any, nodes: Any, pattern: str) -> str:
    unbounded = most is op.MAXREPEAT
    if least > MAX_REPEAT or (not unbounded and most > MAX_REPEAT):
        raise ExpectationError(f"regex {pattern!r}: RE2 repeats at most {MAX_REPEAT} times; bound the length by a rule")
    return f"(?:{_sequence(nodes, pattern)}){{{least},{'' if unbounded else most}}}"


def _class(members: list[tuple[Any, Any]], pattern: str) -> str:
    parts = []
    for kind, argument in members:
        if kind is op.NEGATE:
            parts.append("^")
        elif kind is op.LITERAL:
            parts.append(_character(argument))
        elif kind is op.RANGE:
            parts.append(f"{_character(argument[0])}-{_character(argument[1])}")
        else:
            raise ExpectationError(
                rf"regex {pattern!r}: {argument} is Unicode in one engine and ASCII in the other; spell it out"
            )
    return f"[{''.join(parts)}]"


def _character(code: int) -> str:
    return rf"\x{{{code:x}}}"
