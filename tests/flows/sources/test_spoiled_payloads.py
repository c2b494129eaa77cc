"""Payloads of every source, with values lost, mistyped, nested, repeated or swapped, cut off or empty: none is lost."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import page_of
from spoiled_payloads import check_any_payload, spoiled

from flows.sources import SOURCES
from tests.bench.parse_samples import Sample, of_facades

ITEMS = 3
ROWS = [{"id": str(n), "text": "Acme", "at": "2026-01-01", "likes": n, "who": "a"} for n in range(ITEMS)]
COLUMNS = {"native_id": "id", "text": "text", "published_at": "at", "likes": "likes", "author_handle": "who"}


@pytest.fixture(scope="module")
def samples() -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in of_facades():
        found.setdefault(sample.source.platform, []).append(sample)
    return found


@pytest.mark.parametrize("platform", sorted(source.platform for source in SOURCES if not source.files))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_payload_breaks_a_source(samples: dict[str, list[Sample]], platform: str, data: st.DataObject) -> None:
    for sample in samples[platform]:
        source, page = sample.source, sample.page
        assert source.wrap is not None
        few = source.wrap(page, source.items(page)[:ITEMS])
        body = msgspec.json.encode(data.draw(spoiled(msgspec.json.decode(few))))
        check_any_payload(source, sample.options, msgspec.structs.replace(page, body=body))


@settings(max_examples=20, deadline=None)
@given(spoiled(ROWS))
def test_no_row_breaks_the_file_source(rows: list[Any]) -> None:
    source = next(source for source in SOURCES if source.files)
    told = {"name": "a", "type": "file", "platform": "x", "path": "a.ndjson", "time_format": "iso", "columns": COLUMNS}
    page = page_of("x", b"\n".join(msgspec.json.encode(row) for row in rows), "read", "READ a.ndjson page 0")
    check_any_payload(source, source.options.model_validate(told), page)
