"""The README's table of sources is what the sources and the seed say."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.sources import SOURCES, table

ROOT = Path(__file__).parents[3]
SEED = table.read_seed(ROOT / "sql" / "seeds" / "platform_metrics.csv")


def test_the_readme_holds_the_table_that_the_sources_and_the_seed_make() -> None:
    made = table.markdown(SEED)
    told = (ROOT / "flows" / "sources" / "README.md").read_text("utf-8")
    if made not in told:  # not assert: it would print the whole file, cut
        pytest.fail(f"put this into flows/sources/README.md:\n\n{made}", pytrace=False)


def test_every_source_has_a_row_and_a_section() -> None:
    told = (ROOT / "flows" / "sources" / "README.md").read_text("utf-8")
    for source in SOURCES:
        assert told.count(f"\n| `{source.platform}` | ") == 1
        assert told.count(f"\n## {source.platform}\n") == 1


def test_a_platform_with_counts_is_in_the_seed() -> None:
    told = {platform for platform, _ in SEED}
    visits = {"file", "matomo", "plausible"}
    assert {source.platform for source in SOURCES} - told <= visits


def test_the_seed_says_whose_threads_a_source_reads() -> None:
    told = {platform: reporting for (platform, metric), (reporting, _) in SEED.items() if metric == "threads"}
    readers = {source.platform for source in SOURCES if source.context is not None}
    assert told == {platform: "reported" if platform in readers else "never" for platform, _ in SEED}
    assert readers <= told.keys()  # so nobody reads threads of a platform that the seed does not know
