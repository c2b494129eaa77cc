"""Fields that a platform brings and a source does not know: counted for every source, and none among what it sends."""

from __future__ import annotations

import msgspec
import pytest

from flows.sources import SOURCES
from tests.bench.parse_samples import Sample, of_facades

INSIDE = {"reddit": "data", "matomo": "row", "plausible": "row"}  # where an item's fields stand, if not in itself


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return list(of_facades())


def test_every_source_but_files_lists_the_fields_that_it_knows(samples: list[Sample]) -> None:
    assert {sample.source.platform for sample in samples} == {each.platform for each in SOURCES if not each.files}
    for sample in samples:
        assert sample.source.parse(sample.page, sample.options).unmapped_fields == {}, sample.name


def test_a_field_that_a_source_does_not_know_is_counted_and_loses_no_item(samples: list[Sample]) -> None:
    for sample in samples:
        source, page = sample.source, sample.page
        items = [msgspec.json.decode(item) for item in source.items(page)]
        for item in items[:3]:
            inner = item[INSIDE[source.platform]] if source.platform in INSIDE else item
            inner["unheard_of"] = {"of": 1}
        assert source.wrap is not None
        told = msgspec.structs.replace(page, body=source.wrap(page, [msgspec.json.encode(item) for item in items]))
        parsed = source.parse(told, sample.options)
        assert parsed.unmapped_fields == {"unheard_of": 3}, sample.name
        assert parsed.malformed.is_empty(), sample.name
