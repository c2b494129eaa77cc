"""A single word or quoted phrase of a query, read as a term; a string in its place says what is wrong with it."""

from __future__ import annotations

import re

from flows.topics.query import Kind, Term

_OPERATORS = re.compile(r"and|or|not|near(/\d+)?", re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z]+):(.*)", re.DOTALL)
_FOREIGN_FIELDS = {
    **dict.fromkeys(("site", "url", "link", "links"), "write domain:example.com"),
    "language": "write lang:en",
    **dict.fromkeys(
        ("from", "to", "author", "title", "text", "raw", "country", "location"), "delete it, or quote the word"
    ),
}
_HOST = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?(\.[^\W_]([\w-]{0,61}[^\W_])?)*")
_FEWEST_LETTERS = 2


def word_term(word: str) -> Term | str:
    """`acme`, `acm*`, `@acme`, `#acme`, `domain:acme.com`, `lang:en`."""
    if _OPERATORS.fullmatch(word):
        return f'operators are written in capitals: {word.upper()}; to look for the word itself, quote it: "{word}"'
    if re.match(r"[-+!~]+([^\W_]|[@#])", word):
        advice = f"NOT {word.lstrip('-!')}" if word[0] in "-!" else "AND, or NEAR/n for a distance"
        return f"{word[0]} is no operator here: write {advice}; to look for the sign, quote it"
    if re.search(r"\w\?\w", word):
        return "there is no ? for a single letter: write both spellings joined by OR, or a prefix with *"
    if (field := _FIELD.fullmatch(word)) and field[1].lower() in ("domain", "lang", *_FOREIGN_FIELDS):
        return _field_term(field[1].lower(), field[2])
    return _lettered(word)


def quoted_term(text: str) -> Term | str:
    """`"acme air"`; a handle or a tag alone in quotes is that handle or tag."""
    text = " ".join(text.split())
    return _lettered(text, otherwise="word" if not text else "phrase")


def _lettered(text: str, otherwise: Kind = "word") -> Term | str:
    kinds: dict[str, Kind] = {"@": "handle", "#": "tag"}
    kind = kinds.get(text[:1], otherwise) if re.fullmatch(r"[@#][^\s()]+", text) else otherwise
    name = text[1:] if kind in ("handle", "tag") else text
    if "*" not in name:
        return Term(kind, name)
    prefix = name.removesuffix("*")
    if "*" in prefix:
        return "* stands only at the end of a term: write a prefix such as recip*"
    if sum(map(str.isalnum, prefix)) < _FEWEST_LETTERS:
        return f"* needs at least {_FEWEST_LETTERS} letters before it: write a longer prefix"
    return Term(kind, prefix.rstrip(), is_prefix=True)


def _field_term(field: str, value: str) -> Term | str:
    if field in _FOREIGN_FIELDS:
        return f"{field}: is not known here: {_FOREIGN_FIELDS[field]}"
    value = value.lower()
    if field == "lang":
        known = re.fullmatch("[a-z]{2,3}", value)
        return Term("lang", value) if known else "lang: needs a language's code without region or blank: write lang:en"
    try:
        value.encode("idna")
    except UnicodeError:
        value = ""
    if not _HOST.fullmatch(value):
        return "domain: needs a host alone, without blank, scheme or path: write domain:example.com"
    return Term("domain", value)
