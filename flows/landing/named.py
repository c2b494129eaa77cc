"""Which pages name which mentions, or are profiles of whom: a small sorted list beside an attempt's pages, `named`.

It is written when the window's batch is made, so that a deletion finds the pages to rewrite without reading the others.
An attempt without it was never made a batch of: all of its pages must be read.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import chain, takewhile
from pathlib import Path

from flows.landing.attempts import Outcome
from flows.landing.files import PAGE_FILE, write_whole
from flows.sources.base import Parsed

NAMED = "named"
ANYONE = 0  # the hash of whoever an unreadable page may name
_NAMING = {
    "mention": ("mention_id", "parent_id", "root_id"),
    "interaction": ("mention_id", "target_mention_id"),
    "engagement_snapshot": ("mention_id",),
    "deletion": ("mention_id",),
}
Entry = tuple[int, int]
"""A hash of a mention's id, or of an account's, and the number of the page that names it."""


def hash_of(mention_id: str) -> int:
    """64 bits: a collision costs the reading of one page."""
    return int.from_bytes(hashlib.blake2b(mention_id.encode(), digest_size=8).digest(), "big")


def hash_of_account(account_id: str) -> int:
    """The same of an account, apart from those of mentions: some platforms have numbers for both."""
    return hash_of(f"@{account_id}")


def entries(page_id: str, parsed: Parsed | None) -> set[Entry]:
    """Mentions that a page tells of, or that its mentions answer; of a page of profiles alone, whose they are; of one
    that cannot be read: it may name anyone.
    """
    match = PAGE_FILE.fullmatch(f"{page_id.rpartition('/')[2]}.zst")
    number = int(match[1]) if match else 0
    if parsed is None:
        return {(ANYONE, number)}
    columns = [parsed.tables.column(table, name) for table, names in _NAMING.items() for name in names]
    named = {*chain.from_iterable(columns), *(parsed.malformed["mention_id"] if len(parsed.malformed) else ())}
    told = {(hash_of(mention_id), number) for mention_id in named if mention_id is not None}
    if "mention" in parsed.tables:
        return told
    return told | {
        (hash_of_account(account_id), number) for account_id in parsed.tables.column("account", "account_id")
    }


def unlisted(root: Path, window: Outcome) -> list[str]:
    """Ids of pages that a source has asked for and not given: what it counted or looked up, or was too much."""
    attempt = root / window.source / window.window_id / window.attempt
    landed = (f"{window.window_id}/{window.attempt}/{path.stem}" for path in sorted(attempt.glob("*.zst")))
    return sorted(set(landed) - set(window.pages))


def write_named(root: Path, window: Outcome, found: Iterable[Entry]) -> None:
    """Keep the list of a window; where its attempt is gone there is nothing to find."""
    attempt = root / window.source / window.window_id / window.attempt
    if attempt.is_dir():
        rewrite_named(attempt, found)


def rewrite_named(attempt: Path, found: Iterable[Entry]) -> None:
    """All hashes, sorted, eight bytes each; then the page numbers in the same order, four bytes each."""
    ordered = sorted(found)
    hashes, numbers = array("Q", (h for h, _ in ordered)), array("I", (n for _, n in ordered))
    if sys.byteorder == "big":
        hashes.byteswap()
        numbers.byteswap()
    write_whole(attempt / NAMED, hashes.tobytes() + numbers.tobytes())


def read_named(attempt: Path) -> tuple[array[int], array[int]] | None:
    """Hashes and page numbers; None where there is no list, or not a whole one."""
    try:
        packed = (attempt / NAMED).read_bytes()
    except FileNotFoundError:
        return None
    count, rest = divmod(len(packed), 12)
    if rest:
        return None
    hashes, numbers = array("Q", packed[: count * 8]), array("I", packed[count * 8 :])
    if sys.byteorder == "big":
        hashes.byteswap()
        numbers.byteswap()
    return hashes, numbers


def pages_of(named: tuple[array[int], array[int]], wanted: Iterable[int]) -> set[int]:
    """Numbers of the pages that name one of the wanted."""
    hashes, numbers = named
    found: set[int] = set()
    for each in wanted:
        places = takewhile(lambda place: hashes[place] == each, range(bisect_left(hashes, each), len(hashes)))  # noqa: B023 - used at once
        found.update(numbers[place] for place in places)
    return found
