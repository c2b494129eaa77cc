"""Texts as token streams, so that one Aho-Corasick pass can tell whole words from parts of words.

A stream is the text folded (case, width, entities, apostrophes, the Turkish i) with one blank before and after every
token: a whole word is then the plain substring ` acme `. Scripts that set no blanks between words (Han, kana, Hangul,
Thai …) and emoji stay as they run, and are found anywhere: `航空`. Two streams are cut from one text: `marks` keeps
handles and tags apart from words, `words` reads a tag as a word and hides the name of a handle
(but for unspaced letters: `@北京大学` names 大学). Each may be had with
accents kept. Queries go through the same steps, so that both sides always agree.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from html.entities import html5
from typing import Literal

import polars as pl

BREAK, TAG, HANDLE, CLITIC = "\ue000", "\ue001", "\ue002", "\ue003"
FIELD_END = "\x1e"  # between the values of a list column: no phrase runs over it

_PICTURES = r"\p{Extended_Pictographic}\p{Emoji_Modifier}\x{E0020}-\x{E007F}"
_FLAG = r"\x{1F1E6}-\x{1F1FF}"
_LETTER = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
UNSPACED = _LETTER + _PICTURES
_WORD = r"\p{L}\p{M}\p{N}"
_SYMBOL = r"&+#%$€£¥"  # they tell names apart: AT&T, C++, C#, $ACME
_WIDE_SIGNS = r"\x{3000}-\x{303F}\x{FF00}-\x{FFEF}"
_LINK = rf'(?i)(?:https?://|(?-u:\b)www\.|(?:[a-z0-9-]+\.)+[a-z]{{2,}}/)[^\s<>"{FIELD_END}{UNSPACED}{_WIDE_SIGNS}]*'
_HOST = r"^(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#@\s]*@)?([^/:?#@\s]*[^/:?#@\s.])"
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_INVISIBLE = (
    r"[\x{AD}\x{61C}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FE00}-\x{FE0F}\x{FEFF}"
    r"\x{E000}-\x{F8FF}\x{E0100}-\x{E01EF}]"
)
_BEFORE_NFKC = {**dict.fromkeys("’‘ʼ′´`＇", "'"), **dict.fromkeys("™℠®©", " "), FIELD_END: f" {BREAK} "}
_AFTER_LOWER = {"ı": "i", "ß": "ss", "ς": "σ"}
_ACCENTS = {
    chr(code): unicodedata.normalize("NFD", chr(code))[0]
    for code in range(0xC0, 0x2000)
    if unicodedata.decomposition(chr(code)) and unicodedata.name(chr(code)).startswith(("LATIN SMALL", "GREEK SMALL"))
} | dict(zip("ёøłđħŧ", "еoldht", strict=True))

_HANDLE_NAME = (
    rf"[{_LETTER}][{_WORD}_]*"  # 新浪Sina is one name
    rf"|[{_WORD}_--{UNSPACED}]+"  # but @acmeさん speaks to @acme
)
_STEPS = (
    (r"\b'(s|t|d|m|ll|re|ve)\b{end-half}", f" {CLITIC}$1"),
    (rf"([_{UNSPACED}])@", "$1 @"),
    (rf"([^{_WORD}])@+({_HANDLE_NAME})", f"$1 {HANDLE}$2 "),
    (rf"{HANDLE}([{_LETTER}]+)([{_WORD}_]*)", f"{HANDLE}$1$2 $1 "),
    (rf"#+([{_WORD}_]+)", f" {TAG}$1 "),
    (rf"([{TAG}{HANDLE}][{_WORD}_]*|[{_LETTER}]+|[{_PICTURES}]+)|_+", " $1 "),
    (rf"[{_SYMBOL}]|[{_FLAG}]{{2}}", " $0 "),
    (rf"[^{_WORD}_{_SYMBOL}{UNSPACED}{_FLAG}{BREAK}-{CLITIC}]+", " "),
)
"""In this order: 's and its like; handles (after _ and unspaced letters too); the letters of an unspaced name, which
are found anywhere; tags; blanks around handles, tags and runs of unspaced letters or of pictures, and for other
underscores; symbols and flags; gaps."""


Name = Literal["words", "marks", "hosts"]


@dataclass(frozen=True)
class Place:
    """A stream of the text, or the hosts of its links."""

    name: Name
    has_accents: bool = False


def cut(texts: pl.Series, places: Collection[Place]) -> dict[Place, pl.Series]:
    """The text streams among `places`, row for row; a NULL text is an empty stream."""
    streams = {}
    folded = _fold(texts)
    for has_accents in (False, True):
        words, marks = Place("words", has_accents), Place("marks", has_accents)
        if words in places or marks in places:
            streams[marks] = _marks(folded if has_accents else folded.str.replace_many(_ACCENTS))
        if words in places:
            streams[words] = _words(streams[marks])
    return streams


def cut_hosts(links: pl.Series, texts: pl.Series) -> pl.Series:
    """Hosts of the links and of those in the text, each as ` .www.example.com `."""
    row = pl.DataFrame({"links": links, "text": _unescape(texts.fill_null(""))})
    urls = pl.concat_list(pl.col("links").fill_null([]), pl.col("text").str.extract_all(_LINK))
    hosts = urls.list.eval(" ." + pl.element().str.to_lowercase().str.extract(_HOST) + " ")
    return row.select(hosts.list.join("", ignore_nulls=True))["links"]


def _fold(texts: pl.Series) -> pl.Series:
    """Without links, entities, invisible signs and differences of case, width and quotes; accents composed."""
    plain = _unescape(texts.fill_null("")).str.replace_all(_INVISIBLE, "").str.replace_all(_LINK, FIELD_END)
    lower = plain.str.replace_many(_BEFORE_NFKC).str.normalize("NFKC").str.to_lowercase()
    return lower.str.replace_all(r"[\x{300}-\x{36F}]+", "").str.replace_many(_AFTER_LOWER)


def _unescape(texts: pl.Series) -> pl.Series:
    """HTML entities decoded, however many kinds of them there are, in one pass."""
    found = texts.filter(texts.str.contains("&", literal=True)).str.extract_all(_ENTITY).explode().drop_nulls()
    known = {entity: html.unescape(entity) for entity in found.unique() if entity[1] == "#" or entity[1:] in html5}
    return texts.str.replace_many(known) if known else texts


def _marks(folded: pl.Series) -> pl.Series:
    stream = pl.select(" " + pl.lit(folded) + " ").to_series()
    for pattern, replacement in _STEPS:
        stream = stream.str.replace_all(pattern, replacement)
    return stream


def _words(marks: pl.Series) -> pl.Series:
    hidden = marks.str.replace_all(f"{HANDLE}[^ ]*", HANDLE).str.replace_all(TAG, "", literal=True)
    return hidden.str.replace_all(f"[{UNSPACED}]+", " $0 ").str.replace_all(" {2,}", " ")
