"""One page's items: what one of them does wrong is its own affair."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from flows.sources.base import Page, parse_items

NOW = datetime(2026, 6, 10)
PAGE = Page(
    page_id="w/a/1", source="s", platform="s", verb="discover", topic_id="t", as_of=NOW, fetched_at=NOW,
    request="GET", status=200, body=b"[]",
)  # fmt: skip


@pytest.mark.parametrize(
    "trip",
    [
        lambda _: [][0],
        lambda item: item["a"],
        lambda _: "a".encode("bogus"),
        lambda _: int("x"),
        lambda item: item["b"] + "x",
    ],
)
def test_an_item_that_trips_its_parser_loses_no_other(trip: Callable[[Any], Any]) -> None:
    def parse(item: Any, _page: Page) -> list[Any]:
        return [trip(item)] if item else []

    parsed = parse_items(PAGE, [b'{"b": 1}', b"{}"], parse)
    assert (parsed.item_count, parsed.malformed["item_no"].to_list()) == (2, [0])
