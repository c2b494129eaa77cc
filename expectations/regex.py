"""Python's regular expressions in RE2's words, where both mean the same; everything else is refused.

Great Expectations judges with Python's `re`, DuckDB with RE2. They differ in `$` (before a last newline or not),
`\\d \\w \\s \\b` (Unicode or ASCII), flags, look-around and back-references, so a suite uses none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as op
from re import _parser as parser
from typing import Any

from expectations.errors import ExpectationError

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
