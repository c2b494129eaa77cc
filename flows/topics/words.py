"""A single word or quoted phrase of a query, read as a term."""

from __future__ import annotations

import re

from flows.topics.query import Kind, Term

_OPERATORS = re.compile(r"and|or|not|near(/\d+)?", re.IGNORECASE)
_OTHER_TOOLS_SIGNS = re.compile(r"([-+!~])[-+!~]*([^\W_]|[@#])")
_FIELD = re.compile(r"([A-Za-z]+):(.*)", re.DOTALL)
_FOREIGN_FIELDS = {
    **dict.fromkeys(("site", "url", "link", "links"), "write domain:example.com"),
    "language": "write lang:en",
    **dict.fromkeys(("from", "to", "author", "title", "text", "raw", "country"), "delete it, or quote the word"),
}
_HOST = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?(\.[^\W_]([\w-]{0,61}[^\W_])?)*")
_FEWEST_LETTERS = 2


class ReadError(Exception):
    """What is wrong with the query, and at which character (from 0)."""

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at


def word_term(word: str, at: int) -> Term:
    """`acme`, `acm*`, `@acme`, `#acme`, `domain:acme.com`, `lang:en`; it begins at `at`. Raises ReadError."""
    if _OPERATORS.fullmatch(word):
        capitals = f"operators are written in capitals: {word.upper()}"
        raise ReadError(at, f'{capitals}; to look for the word itself, quote it: "{word}"')
    if found := _OTHER_TOOLS_SIGNS.match(word):
        advice = f"NOT {word.lstrip('-!')}" if found[1] in "-!" else "AND, or NEAR/n for a distance"
        raise ReadError(at, f"{found[1]} is no operator here: write {advice}; to look for the sign, quote it")
    if found := re.search(r"\w\?\w", word):
        raise ReadError(
            at + found.start() + 1, "? stands for no letter here: join the spellings by OR, or write a prefix*"
        )
    if (field := _FIELD.fullmatch(word)) and field[1].lower() in ("domain", "lang", *_FOREIGN_FIELDS):
        return _field_term(field[1].lower(), field[2], at)
    return _lettered(word, at, "word")


def quoted_term(text: str, at: int) -> Term:
    """`"acme air"`; a handle or a tag alone in quotes is that handle or tag. The text begins at `at`."""
    return _lettered(" ".join(text.split()), at, "phrase")


def _lettered(text: str, at: int, otherwise: Kind) -> Term:
    kinds: dict[str, Kind] = {"@": "handle", "#": "tag"}
    kind = kinds.get(text[:1], otherwise) if re.fullmatch(r"[@#][^\s()]+", text) else otherwise
    name = text[1:] if kind in ("handle", "tag") else text
    if "*" not in name:
        return Term(kind, name)
    at += text.index("*")
    prefix = name.removesuffix("*")
    if "*" in prefix:
        raise ReadError(at, "* stands only at the end of a term: write a prefix such as recip*")
    if sum(map(str.isalnum, prefix)) < _FEWEST_LETTERS:
        raise ReadError(at, f"* needs at least {_FEWEST_LETTERS} letters before it: write a longer prefix")
    return Term(kind, prefix.rstrip(), is_prefix=True)


def _field_term(field: str, value: str, at: int) -> Term:
    if field in _FOREIGN_FIELDS:
        raise ReadError(at, f"{field}: is not known here: {_FOREIGN_FIELDS[field]}")
    value = value.lower()
    if field == "lang" and not re.fullmatch("[a-z]{2,3}", value):
        raise ReadError(at, "lang: needs a language's code without region or blank: write lang:en")
    if field == "domain" and not _is_host(value):
        raise ReadError(at, "domain: needs a host alone, without blank, scheme or path: write domain:example.com")
    return Term("lang" if field == "lang" else "domain", value)


def _is_host(value: str) -> bool:
    try:
        value.encode("idna")
    except UnicodeError:
        return False
    return bool(_HOST.fullmatch(value))
