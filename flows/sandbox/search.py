"""Full-text search over the synthetic Hacker News as Algolia does it: words ANDed, last word a prefix, typos forgiven.

Written from Algolia's pages: advancedSyntax has "phrases" (neighbouring words, no typos) and -words; there is no OR.
Typos: one from 4 letters, two from 8, a wrong first letter counts twice. '+', '#' and '$' are indexed as words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from flows.sandbox.streams import Ints
from flows.sandbox.world import World

_OPERANDS = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_NO_ROWS: Ints = np.empty(0, dtype=np.int64)


def normalized(texts: pl.Series) -> pl.Series:
    """Lower case, no accents, words between single spaces; Chinese and Japanese characters are words."""
    plain = texts.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    apart = plain.str.replace_all(r"([+#$\p{Han}\p{Hiragana}\p{Katakana}])", " $1 ")
    words = apart.str.replace_all(r"[^\p{L}\p{N}+#$]+", " ").str.strip_chars(" ")
    return (" " + words + " ").alias(texts.name)


@dataclass(frozen=True)
class Query:
    """What the searcher typed: words, phrases (each a run of words) and what must not occur."""

    words: tuple[str, ...]
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]
    has_prefix: bool  # the last operand is a bare word: it also matches longer words

    @classmethod
    @lru_cache(maxsize=1_000)
    def parse(cls, query: str, *, advanced: bool) -> Query:
        """Read the query; without the advanced syntax quotes and minus are nothing but separators."""
        words: list[str] = []
        phrases: list[str] = []
        excluded: list[str] = []
        last_is_word = False
        for minus, phrase, word in _OPERANDS.findall(query if advanced else query.replace('"', " ").replace("-", " ")):
            text = normalized(pl.Series([phrase or word.lstrip("-")]))[0].strip()
            last_is_word = bool(word) and not word.startswith("-")
            if not text:
                continue
            if minus or word.startswith("-"):
                excluded.append(text)
            elif phrase or (" " in text and not text.isascii()):
                phrases.append(text)
            else:
                words.extend(text.split())
        return cls(tuple(words), tuple(phrases), tuple(excluded), last_is_word and bool(words))


class SearchIndex:
    """Words → the versions (before and after an edit) of the Hacker News posts that hold them."""

    def __init__(self, world: World) -> None:
        posts = world.posts.with_row_index("post").filter(pl.col("platform") == "hackernews")
        author = world.accounts["handle"].gather(posts["account"])
        after = pl.col("text_edited").is_not_null()
        versions = pl.concat([
            posts.select("post", "title", "text", "link", author=author, is_after=False),
            posts.with_columns(author=author).filter(after).select(
                "post", "title", pl.col("text_edited").alias("text"), "link", "author", is_after=True
            ),
        ])  # fmt: skip
        fields = [normalized(versions[name].fill_null("")) for name in ("title", "text", "link", "author")]
        self._texts = pl.DataFrame(fields).select(pl.concat_str("title", "text", "link", "author", separator="|"))[
            "title"
        ]
        self._post = versions["post"].cast(pl.Int64).to_numpy()
        edited = posts["edited_s"].to_numpy()[self._post]
        is_after = versions["is_after"].to_numpy()
        has_after = posts["text_edited"].is_not_null().to_numpy()[self._post]
        never = np.iinfo(np.int64).max
        self._from = np.where(is_after, edited, 0)
        self._until = np.where(~is_after & has_after, edited, never)
        words = pl.DataFrame(
            {"word": self._texts.str.replace_all("|", " ", literal=True).str.strip_chars(" ").str.split(" ")}
        )
        grouped = words.with_row_index("version").explode("word").unique().group_by("word").agg("version")
        self._versions = {word: np.sort(np.asarray(rows, dtype=np.int64)) for word, rows in grouped.iter_rows()}
        self._by_letter: dict[str, list[str]] = {}
        for word in self._versions:
            self._by_letter.setdefault(word[:1], []).append(word)
        self._found: dict[tuple[Query, bool], Ints] = {}

    def find(self, query: Query, *, typos: bool, now: int) -> Ints:
        """The rows of the posts whose text at `now` matches, oldest first."""
        key = (query, typos)
        if key not in self._found:
            self._found[key] = self._matching(query, typos)
        versions = self._found[key]
        current = versions[(self._from[versions] <= now) & (now < self._until[versions])]
        return np.sort(self._post[current])

    def _matching(self, query: Query, typos: bool) -> Ints:
        found: Ints | None = None
        for number, word in enumerate(query.words):
            is_prefix = query.has_prefix and number == len(query.words) - 1
            found = _both(found, self._any_of(self._spellings(word, is_prefix, typos)))
        for phrase in query.phrases:
            found = self._holding(_both(found, self._all_of(phrase.split())), phrase)
        if found is None:
            found = np.arange(len(self._post))
        for phrase in query.excluded:
            found = np.setdiff1d(found, self._holding(self._all_of(phrase.split()), phrase))
        return found

    def _any_of(self, words: list[str]) -> Ints:
        return np.unique(np.concatenate([_NO_ROWS, *(self._versions[word] for word in words)]))

    def _all_of(self, words: list[str]) -> Ints:
        found: Ints | None = None
        for word in words:
            found = _both(found, self._versions.get(word, _NO_ROWS))
        return _NO_ROWS if found is None else found

    def _holding(self, versions: Ints, phrase: str) -> Ints:
        return (
            versions[self._texts[versions].str.contains(f" {phrase} ", literal=True).to_numpy()]
            if len(versions)
            else versions
        )

    def _spellings(self, word: str, is_prefix: bool, typos: bool) -> list[str]:
        """The indexed words that this one may stand for."""
        if not is_prefix and not typos:
            return [word] if word in self._versions else []
        allowed = (0 if len(word) < 4 else 1 if len(word) < 8 else 2) if typos else 0
        # A wrong first letter costs two typos: only then must words of other initials be looked through.
        pool = self._versions if allowed == 2 else self._by_letter.get(word[:1], [])
        return [known for known in pool if _typos(word, known, is_prefix, allowed) <= allowed]


def _both(left: Ints | None, right: Ints) -> Ints:
    return right if left is None else np.intersect1d(left, right, assume_unique=True)


def _typos(word: str, known: str, is_prefix: bool, allowed: int) -> int:
    """Edits from the typed word to the known one (or, for a prefix, to some beginning of it)."""
    if word == known or (is_prefix and known.startswith(word)):
        return 0
    if allowed == 0 or len(known) < len(word) - allowed or (not is_prefix and len(known) > len(word) + allowed):
        return allowed + 1
    previous = list(range(len(known) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, other in enumerate(known, 1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other)))
        if min(row) > allowed:
            return allowed + 1
        previous = row
    distance = min(previous) if is_prefix else previous[-1]
    return distance + (word[0] != known[0])
