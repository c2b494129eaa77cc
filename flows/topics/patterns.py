"""Terms as substrings of token streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.topics.query import Kind, Term
from flows.topics.streams import HANDLE, TAG, UNSPACED, Name, Place, cut

_SIGIL: dict[Kind, str] = {"handle": "@", "tag": "#"}
_SIGN: dict[Kind, str] = {"handle": f" {HANDLE}", "tag": f" {TAG}"}
_READABLE = rf"[\p{{L}}\p{{N}}{UNSPACED}\x{{1F1E6}}-\x{{1F1FF}}]"


@dataclass(frozen=True)
class Pattern:
    """One substring of one stream."""

    place: Place
    text: str


def patterns(terms: Sequence[Term]) -> list[tuple[Pattern, ...]]:
    """What finds each term, in order; nothing for `lang`, and nothing for a term of which no letter is left.

    A term without accents looks where accents are taken off and so finds both spellings, one with accents only its own.
    """
    names: tuple[Name, ...] = ("words", "marks")
    places = [Place(name, has_accents) for name in names for has_accents in (False, True)]
    streams = cut(pl.Series([_SIGIL.get(term.kind, "") + term.text for term in terms], dtype=pl.String), places)
    columns = {place: _open_edges(stream).to_list() for place, stream in streams.items()}
    return [
        _patterns(term, {place: column[row] for place, column in columns.items()}) for row, term in enumerate(terms)
    ]


def _open_edges(stream: pl.Series) -> pl.Series:
    """Unspaced scripts are found anywhere: no blank is asked for at that edge."""
    readable = stream.str.contains(_READABLE)
    opened = stream.str.replace(f"^ ([{UNSPACED}])", "$1").str.replace(
        f"( [^{TAG}{HANDLE} ]*[{UNSPACED}]|^[^ ]+) $", "$1"
    )
    return opened.set(~readable, "")


def _patterns(term: Term, found: dict[Place, str]) -> tuple[Pattern, ...]:
    if term.kind == "lang":
        return ()
    if term.kind == "domain":
        hosts = dict.fromkeys((term.text, term.text.encode("idna").decode()))
        return tuple(Pattern(Place("hosts"), f".{host} ") for host in hosts)
    sign = _SIGN.get(term.kind)
    name: Name = "marks" if sign else "words"
    plain, accented = found[Place(name)], found[Place(name, has_accents=True)]
    if not plain or (not plain.startswith(sign) if sign else HANDLE in plain):
        return ()
    place, text = (Place(name), plain) if plain == accented else (Place(name, has_accents=True), accented)
    if term.kind == "handle":
        text = _without_letters(text)
    return (Pattern(place, text.removesuffix(" ") if term.is_prefix else text),)


def _without_letters(handle: str) -> str:
    """A handle's pattern without the unspaced letters of its name, which stand behind it once more as words."""
    name, *others = handle.split()
    is_repeated = len(others) == 1 and not others[0].isascii() and name.startswith(HANDLE + others[0])
    return f" {name} " if is_repeated else handle
