"""Payloads that went wrong, and what must hold of every item of any payload."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.matching import settle
from flows.sources.base import Page, Parsed, Source, SourceOptions

_ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, 1e300, "", "x", "12", "2026", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "\x00", [], {}, [[]], [None], {"": None}, {"x": None}, {"a": [{}]}, ["x", 1],
    [[[[[["deep"]]]]]],
]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, payload: Any) -> Any:
    """The payload with some values lost, of another type, nested, repeated or swapped; its outermost shape stays."""
    spoilt = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 6))):
        places = list(_places(spoilt))
        if not places:
            break
        _spoil(draw, *draw(st.sampled_from(places)))
    return spoilt


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


def _spoil(draw: st.DrawFn, holder: Any, key: Any) -> None:
    value = holder[key]
    match draw(st.sampled_from(["lose", "odd", "nest", "repeat", "swap"])):
        case "lose":
            del holder[key]
        case "odd":
            holder[key] = copy.deepcopy(draw(st.sampled_from(_ODD)))
        case "nest":
            holder[key] = draw(st.sampled_from([[value], {"x": value}, {str(key): value}]))
        case "repeat" if isinstance(holder, list):
            holder.append(copy.deepcopy(value))
        case "swap":
            other = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
            holder[key], holder[other] = holder[other], value


def check_outcomes(source: Source, page: Page, parsed: Parsed) -> None:
    """Each item is in one outcome, and what is malformed has no rows."""
    assert parsed.item_count == len(source.items(page))
    numbers = list(range(parsed.item_count))
    items = pl.DataFrame(
        {"page_id": [page.page_id] * len(numbers), "item_no": numbers, "verb": [page.verb] * len(numbers)},
        schema={"page_id": pl.String, "item_no": pl.Int64, "verb": pl.String},
    )
    settled = settle(items, dict(parsed.tables), parsed.malformed, [], frozenset(), keep_threads=False)
    assert settled.items["item_no"].to_list() == numbers
    assert settled.items["outcome"].null_count() == 0
    unread = parsed.malformed["item_no"].to_list()
    assert len(unread) == len(set(unread))
    assert set(unread) <= set(numbers)
    for table in parsed.tables.values():
        assert set(table["item_no"]) <= set(numbers) - set(unread)


def check_any_payload(source: Source, options: SourceOptions, page: Page) -> None:
    """A payload, whole, cut off or empty, is read item by item, or its page fails as a whole and says so."""
    for size in (len(page.body), len(page.body) // 2, 0):
        answer = msgspec.structs.replace(page, body=page.body[:size])
        try:
            parsed = source.parse(answer, options)
        except SourceError:
            continue
        check_outcomes(source, answer, parsed)
