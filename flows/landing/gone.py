"""What is kept of the words of deleted mentions, to know them in pages that land later: a keyed hash of each.

Platforms go on quoting what is deleted: Hacker News' search tells a story's title with every comment on it, long after
the story is gone. By then no page of ours has the words any more. The file `landing/gone` begins with the clock of the
run whose pages were last searched for them (8 bytes), then has 16 bytes a word: whose it is, and a hash under the key
that also masks ids; without that key a guess cannot be tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Set
from datetime import UTC, datetime
from pathlib import Path

from flows.landing.files import write_whole
from flows.landing.named import hash_of, read_named
from flows.landing.words import plain

GONE = "gone"
_HASH = 8  # bytes


class Marks:
    """The marks of what is gone, as (hash of the mention's id, hash of a word), in the file of a landing folder."""

    def __init__(self, root: Path, key: bytes) -> None:
        self._path, self._key = root / GONE, key
        packed = self._path.read_bytes() if self._path.exists() else bytes(_HASH)
        self._searched = int.from_bytes(packed[:_HASH], "big")
        pairs = (packed[at : at + 2 * _HASH] for at in range(_HASH, len(packed), 2 * _HASH))
        self._known = {(int.from_bytes(pair[:_HASH], "big"), pair[_HASH:]) for pair in pairs}

    @property
    def searched_until(self) -> datetime:
        """The clock of the newest run whose pages were searched."""
        return datetime.fromtimestamp(self._searched, UTC).replace(tzinfo=None)

    @property
    def mentions(self) -> frozenset[int]:
        """Hashes of the ids of all whose words are kept."""
        return frozenset(whose for whose, _ in self._known)

    def add(self, words: Iterable[tuple[str, str]]) -> None:
        """Keep the words of some mentions (mention_id, word) from now on, also over a kill."""
        new = {(hash_of(mention_id), self._hash(word)) for mention_id, word in words} - self._known
        if new:
            self._known |= new
            self._write()

    def note(self, as_of: datetime) -> None:
        """All pages up to this run are searched."""
        if self._known:
            self._searched = int(as_of.replace(tzinfo=UTC).timestamp())
            self._write()

    def of(self, mentions: Set[int]) -> Callable[[str], bool]:
        """Whether a string of a page, in whatever markup, is a word of one of these mentions (hashes of their ids)."""
        words = {word for whose, word in self._known if whose in mentions}
        return lambda leaf: self._hash(leaf) in words

    def _hash(self, word: str) -> bytes:
        return hashlib.blake2b(plain(word).encode(), digest_size=_HASH, key=self._key).digest()

    def _write(self) -> None:
        packed = b"".join(whose.to_bytes(_HASH, "big") + word for whose, word in sorted(self._known))
        write_whole(self._path, self._searched.to_bytes(_HASH, "big") + packed)


def named_again(root: Path, windows: Iterable[tuple[str, str]], marks: Marks) -> set[int]:
    """Which of those who are gone (hashes of their ids) the pages of some windows name: (source, window_id)."""
    gone, found = marks.mentions, set[int]()
    for source, window_id in windows if gone else ():
        for attempt in (root / source / window_id).glob("*"):
            named = read_named(attempt) if attempt.is_dir() else None
            found |= gone.intersection(named[0]) if named is not None else set()
    return found
