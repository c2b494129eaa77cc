"""Which days a file covers: those of its posts, and silence that is not too long to be true."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_ingest import ACME, FILE, NIGHT, configure, cut_off, load, night, posts, raw

from expectations.verdict import Verdict
from flows.landing import Outcome
from flows.run import opened
from flows.sources.base import NONE_MALFORMED, Parsed
from flows.sources.tables import Tables
from flows.tally import Tally

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
FIRST = datetime(2024, 3, 1, 9)
SPANS = "select window_start, window_end from raw.collection order by window_start"
BOOKS = "select window_start, pages, items, rejected, is_covered, error from raw.collection order by pages desc, 1"


def file_of(folder: Path, *times: datetime, silence: int | None = None) -> Path:
    """A configuration with one file that has a post at each of these times."""
    rows = [(str(number), "acme", time.isoformat()) for number, time in enumerate(times)]
    posts(folder / "a.ndjson", *rows)
    option = "" if silence is None else f"longest_silence = {silence}\n"
    return configure(folder, ACME, FILE.format(name="files", path="*.ndjson*").replace("path", option + "path"))


def in_pairs(patch: pytest.MonkeyPatch) -> None:
    """Pages of two rows, each a batch of its own."""
    patch.setattr("flows.sources.file.ROWS_A_PAGE", 2)
    patch.setattr("flows.batch.ITEMS_A_BATCH", 2)


@pytest.mark.parametrize(
    ("gap", "silence", "is_hole"),
    [
        (7 * DAY, None, False),
        (7 * DAY + SECOND, None, True),
        (8 * DAY, None, True),
        (8 * DAY, 8, False),
        (2 * DAY, 1, True),
        (600 * DAY, 36_500, False),
    ],
)
def test_a_gap_longer_than_the_longest_silence_is_not_covered(
    tmp_path: Path, gap: timedelta, silence: int | None, is_hole: bool
) -> None:
    times = [FIRST, FIRST + DAY, FIRST + DAY + gap, FIRST + 2 * DAY + gap]
    config = file_of(tmp_path, *times, silence=silence)
    night(config)
    parts = [times[:2], times[2:]] if is_hole else [times]
    assert raw(config, SPANS) == [(part[0], part[-1] + SECOND) for part in parts]


def test_a_stray_post_of_an_era_before_covers_its_own_moment_and_no_day_more(tmp_path: Path) -> None:
    stray = datetime(2009, 3, 2, 12)
    config = file_of(tmp_path, stray, *(FIRST + n * DAY for n in range(20)))
    night(config)
    assert raw(config, BOOKS) == [(FIRST, 1, 21, 0, True, None), (stray, 0, 0, 0, True, None)]
    assert raw(config, "select max(window_end) from raw.collection where pages = 0") == [(stray + SECOND,)]
    assert raw(config, "select fetched, loaded from raw.load_window") == [(21, 21)]
    assert night(config, NIGHT + DAY) == {}  # it was read, all of it


@pytest.mark.slow
def test_a_day_within_a_hole_has_no_row_and_a_quiet_day_has_one(tmp_path: Path, prefect_api: str) -> None:
    from flows.nightly import nightly

    config = file_of(tmp_path, datetime(2009, 3, 2, 12), FIRST, FIRST + 4 * DAY, FIRST + 20 * DAY)
    nightly(config, None, NIGHT, return_state=True)
    told = "select report_date, mentions, coverage from marts.{} where entity_id = 'acme' order by 1"
    quiet = [(FIRST.date() + n * DAY, 0, 1.0) for n in (1, 2, 3)]
    spoken = [(day.date(), 1, 1.0) for day in (FIRST, FIRST + 4 * DAY, FIRST + 20 * DAY, datetime(2009, 3, 2))]
    for mart in ("kpi_entity_daily", "kpi_entity_platform_daily"):
        assert raw(config, told.format(mart)) == sorted(quiet + spoken)


def test_a_raised_option_reads_the_file_again_and_covers_the_silence(tmp_path: Path) -> None:
    times = [FIRST, FIRST + 20 * DAY]
    night(file_of(tmp_path, *times))
    config = file_of(tmp_path, *times, silence=20)
    night(config, NIGHT + DAY)
    assert (FIRST, times[1] + SECOND) in raw(config, SPANS)
    assert raw(config, "select sum(fetched), sum(loaded), sum(duplicate) from raw.load") == [(4, 2, 2)]


def test_of_a_torn_file_no_part_is_covered(tmp_path: Path) -> None:
    config = file_of(tmp_path)
    times = [FIRST + n * SECOND for n in range(6_000)] + [FIRST + 20 * DAY + n * SECOND for n in range(6_000)]
    lines = [json.dumps({"id": str(n), "text": "acme", "at": time.isoformat()}) for n, time in enumerate(times)]
    (tmp_path / "a.ndjson").unlink()
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress("\n".join(lines).encode())[:-20])
    (error,) = night(config)["files"]
    assert "a.ndjson.gz" in error
    told = raw(config, "select is_covered, error is null, items from raw.collection order by items desc")
    assert told == [(False, False, 10_000), (False, True, 0)]


def test_a_file_of_many_batches_is_held_together_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_pairs(monkeypatch)
    days = [0, 40, 6, 41, 12, 300, 18, 20, 2]  # no order; 0 … 20 are one span, as each is near its next
    config = file_of(tmp_path, *(FIRST + day * DAY for day in days))
    night(config)
    assert raw(config, "select count(distinct batch_id) from raw.load")[0][0] > 1
    assert raw(config, BOOKS) == [
        (FIRST, 5, 9, 0, True, None),
        (FIRST + 40 * DAY, 0, 0, 0, True, None),
        (FIRST + 300 * DAY, 0, 0, 0, True, None),
    ]
    assert raw(config, "select sum(fetched), sum(loaded), count(distinct window_id) from raw.load_window") == [
        (9, 9, 1)
    ]


def test_a_part_that_is_withheld_uncovers_all_spans_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_pairs(monkeypatch)
    told = iter([False, True, False])

    def validate(folder: Path, **_: Any) -> Verdict:
        return Verdict(
            batch_id=folder.name, source="files", rules=(), quarantined_items=0, is_withheld=next(told),
            reasons=("too few",),
        )  # fmt: skip

    monkeypatch.setattr("flows.ingest.validate", validate)
    config = file_of(tmp_path, *(FIRST + 20 * n * DAY for n in range(4)))
    night(config)
    assert raw(config, "select is_covered, error, count(*) from raw.collection group by all") == [
        (False, "withheld: too few", 4)
    ]


def test_a_run_that_was_cut_off_after_a_file_with_holes_does_not_read_it_again(tmp_path: Path) -> None:
    config = file_of(tmp_path, FIRST, FIRST + 20 * DAY)
    cut_off(config)
    with opened(config, None, "nightly") as run:
        load(run)
        run.status.sources[0].state = "completed"
    assert raw(config, "select count(*) from raw.collection") == [(2,)]


def tally_of(pages: list[list[datetime]], silence: timedelta | None) -> Tally:
    """What is told of a window without bounds whose pages hold posts of these times."""
    window = Outcome(
        source="files", platform="x", verb="read", topic_id=None, window_id="read-0a", window_start=None,
        window_end=None, attempt="1", run_id="r", as_of=NIGHT, is_covered=True, rate_limited=0, lost_items=0,
        error=None, pages=[],
    )  # fmt: skip
    tally = Tally(window, silence)
    for times in pages:
        frame = pl.DataFrame({"published_at": times}, schema={"published_at": pl.Datetime("us")})
        tally.add(Parsed(len(times), Tables(frames={"mention": frame}), NONE_MALFORMED), NIGHT)
    return tally


moments = st.datetimes(datetime(2025, 1, 1), datetime(2025, 3, 1))


@given(st.lists(st.lists(moments, max_size=6), max_size=6), st.integers(1, 20))
def test_in_whatever_order_and_pages_posts_come_the_spans_are_the_same(pages: list[list[datetime]], days: int) -> None:
    spans: list[list[datetime]] = []
    for time in sorted(time for page in pages for time in page):
        if not spans or time - spans[-1][-1] > days * DAY:
            spans.append([])
        spans[-1].append(time)
    rows = tally_of(pages, days * DAY).rows("r", "files", "x")
    assert len({row["window_id"] for row in rows}) == len(rows) == max(len(spans), 1)
    found = sorted((row["window_start"], row["window_end"]) for row in rows if row["window_start"])
    assert found == [(span[0], span[-1].replace(microsecond=0) + SECOND) for span in spans]
    assert sum(row["items"] for row in rows) == sum(map(len, pages))


def test_posts_of_windows_that_are_no_files_are_one_span_however_long_the_silence() -> None:
    (row,) = tally_of([[FIRST], [FIRST + 500 * DAY]], None).rows("r", "x", "x")
    assert (row["window_start"], row["window_end"]) == (FIRST, FIRST + 500 * DAY + SECOND)
