"""What was deleted at its platform, taken out of the pages that have landed.

A page is made anew of the items that stay (`Source.wrap`), so that it still parses and a replay counts no item as
malformed; where that does not give just what is to stay, all of its body goes. Page ids and the pages of a window stay
as they are. Of an attempt that did not end, or that nothing was loaded of yet, the page itself goes: it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from flows.errors import SourceError
from flows.landing.attempts import OPENED, OUTCOME
from flows.landing.files import PAGE_FILE, UNFINISHED, Label, load_label, write_page
from flows.landing.gone import Marks
from flows.landing.named import ANYONE, entries, hash_of, hash_of_account, pages_of, read_named, rewrite_named
from flows.landing.words import IsWord, blank, holds, words_of
from flows.sources.base import Page, Parsed

_UNREADABLE = (
    SourceError, msgspec.MsgspecError, pl.exceptions.PolarsError, KeyError, TypeError, ValueError, ArithmeticError,
    AttributeError, RecursionError, LookupError,
)  # fmt: skip
"""What reading a page of an unknown shape raises."""


@dataclass(frozen=True)
class Parser:
    """How one source reads its pages, with its options, and makes one of items."""

    items: Callable[[Page], Sequence[bytes]]
    parse: Callable[[Page], Parsed]
    wrap: Callable[[Page, Sequence[bytes]], bytes] | None


@dataclass(frozen=True)
class _Gone:
    ids: Set[str]
    accounts: Set[str]
    hashes: Set[int]
    platforms: Set[str]

    @classmethod
    def of(cls, ids: Set[str], accounts: Set[str]) -> _Gone:
        hashes = {*map(hash_of, ids), *map(hash_of_account, accounts)}
        return cls(ids, accounts, hashes, frozenset(each.partition(":")[0] for each in ids | accounts))


@dataclass(frozen=True)
class _Found:
    """A page that names what is gone; `own`: numbers of the items that go."""

    path: Path
    label: Label
    page: Page
    parser: Parser
    items: Sequence[bytes]
    parsed: Parsed
    own: Set[int]


def scrub_landing(
    root: Path,
    ids: Set[str],
    accounts: Set[str],
    parsers: Mapping[str, Parser],
    marks: Marks,
    on_words: Callable[[Set[str]], None],
) -> None:
    """Take mentions out of all landed pages; `on_words` gets what they were made of, before the first page changes.

    `accounts` are those of whom nothing stands any more: pages of profiles, which name no mention, lose theirs.

    `parsers` are those of the sources by name. Words are kept in `marks`, for pages that land later and quote them.
    A scrub that was killed is simply made again: its words were kept before.
    """
    gone = _Gone.of(ids, accounts)
    words: set[tuple[str, str]] = set()
    quoting: list[Path] = []
    telling: list[Path] = []
    for path in _pages(root, gone):
        if (found := _read(root, path, parsers, gone)) is not None:
            words |= _words(found)
            (telling if found.own else quoting).append(path)
    on_words({word for _, word in words})
    marks.add(words)
    is_word = marks.of(gone.hashes)
    for path in (*quoting, *telling):
        if (found := _read(root, path, parsers, gone)) is not None:  # again: memory is bounded by a page
            _rewrite(found, gone, is_word)
    for attempt in {path.parent for path in (*quoting, *telling)}:
        if (named := read_named(attempt)) is not None:
            rewrite_named(attempt, [entry for entry in zip(*named, strict=True) if entry[0] not in gone.hashes])


def _pages(root: Path, gone: _Gone) -> Iterator[Path]:
    """Pages that may name what is gone: those that the attempt's list tells, or all where none is whole yet."""
    for attempt in sorted(path.parent for path in root.glob(f"*/*/*/{OPENED}")):
        named = read_named(attempt) if (attempt / OUTCOME).exists() else None
        numbers = None if named is None else pages_of(named, {ANYONE, *gone.hashes})
        if numbers is None:
            for torn in attempt.glob(f"{UNFINISHED}*"):
                torn.unlink()
        if numbers is None or numbers:
            files = ((path, PAGE_FILE.fullmatch(path.name)) for path in sorted(attempt.iterdir()))
            yield from (path for path, match in files if match and (numbers is None or int(match[1]) in numbers))


def _read(root: Path, path: Path, parsers: Mapping[str, Parser], gone: _Gone) -> _Found | None:
    """What a page says of those who are gone; None where that is nothing. One that nobody can read is deleted."""
    page_id = path.relative_to(root).with_suffix("").as_posix().partition("/")[2]
    try:
        label, page = load_label(path, page_id, "landing")
        if page.is_emptied or page.platform not in gone.platforms:
            return None
        parser = parsers[page.source]
        items, parsed = parser.items(page), parser.parse(page)
    except _UNREADABLE:
        path.unlink()  # a window that lacks a page is not covered, and asked for again
        return None
    if gone.hashes.isdisjoint(number for number, _ in entries(page_id, parsed)):
        return None
    return _Found(path, label, page, parser, items, parsed, _own(parsed, gone))


def _own(parsed: Parsed, gone: _Gone) -> set[int]:
    """Items of the mentions that are gone, and of their authors where no other mention of the page is by them."""
    ids = list(gone.ids)
    told = [*(frame for frame in parsed.tables.values() if "mention_id" in frame.columns), parsed.malformed]
    own = {n for frame in told for n in frame.filter(pl.col("mention_id").is_in(ids))["item_no"]}
    others = {n for frame in told for n in frame["item_no"]} - own
    mentions, accounts = parsed.tables.get("mention"), parsed.tables.get("account")
    if accounts is None:
        return own
    if mentions is None:
        return own | (set(accounts.filter(pl.col("account_id").is_in(list(gone.accounts)))["item_no"]) - others)
    staying = set(mentions.filter(~pl.col("mention_id").is_in(ids))["author_id"].drop_nulls())
    leaving = set(mentions.filter(pl.col("mention_id").is_in(ids))["author_id"].drop_nulls()) - staying
    alone = accounts.filter(pl.col("account_id").is_in(list(leaving)))["item_no"]
    return own | (set(alone) - others)


def _words(found: _Found) -> set[tuple[str, str]]:
    """What the mentions that go are made of: mention_id, word."""
    if "mention" not in found.parsed.tables or not found.own:
        return set()
    rows = found.parsed.tables["mention"].filter(pl.col("item_no").is_in(list(found.own)))
    told = rows.select("item_no", "mention_id", "text", "url", "links").iter_rows()
    items = found.items
    return {
        (mention_id, word)
        for n, mention_id, text, url, links in told
        if n < len(items)
        for word in words_of(items[n], text, (url, *links))
    }


def _rewrite(found: _Found, gone: _Gone, is_word: IsWord) -> None:
    attempt = found.path.parent
    body = next(_bodies(found, gone, is_word), None)
    if body == found.page.body:
        return
    if not (attempt / OUTCOME).exists() or (body is None and read_named(attempt) is None):
        found.path.unlink()  # nothing was loaded from it yet: it is asked for again
        return
    page = msgspec.structs.replace(found.page, body=body or b"", is_scrubbed=True)
    label = found.label
    write_page(found.path, page, run_id=label.run_id, window_id=label.window_id, number=label.number)


def _bodies(found: _Found, gone: _Gone, is_word: IsWord) -> Iterator[bytes]:
    """What the body may be, the best first; all of them say of other mentions what the page has said."""
    body = found.page.body
    if found.own:
        staying = [item for n, item in enumerate(found.items) if n not in found.own]
        if found.parser.wrap is None or not staying:
            return
        try:
            body = found.parser.wrap(found.page, staying)
        except _UNREADABLE:
            return
    for each in ([blank(body, is_word)] if holds(body, is_word) else []) + [body]:
        if _is_faithful(found, each, gone):
            yield each


def _is_faithful(found: _Found, body: bytes, gone: _Gone) -> bool:
    """Whether a body tells of what stays as before, of nothing that is gone, and of no more unreadable items."""
    try:
        after = found.parser.parse(msgspec.structs.replace(found.page, body=body))
    except _UNREADABLE:
        return False
    is_same = _said(found.parsed, gone) == _said(after, gone)
    return is_same and len(after.malformed) <= len(found.parsed.malformed) and not _own(after, gone)


def _said(parsed: Parsed, gone: _Gone) -> list[tuple[object, ...]]:
    if "mention" not in parsed.tables:
        accounts = set(parsed.tables.column("account", "account_id")) - gone.accounts
        return sorted((account_id,) for account_id in accounts)
    rows = parsed.tables["mention"].filter(~pl.col("mention_id").is_in(list(gone.ids)))
    return sorted(rows.select("mention_id", "text", "author_id", "links", "published_at").iter_rows(), key=repr)
