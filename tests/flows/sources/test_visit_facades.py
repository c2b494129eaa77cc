"""Visits of one's own sites, through the real steps: each row as the tool knows it that night, and restated days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl
import pytest
from staged import Bed
from staged_nights import Night
from staged_worlds import FIRST, LAST, NEXT, planted

from flows.sandbox.platforms.visits import DIRECT, SOCIAL, WEBSITE, Visits, told
from flows.sandbox.server import serve
from flows.sources.referrers import RESTATED_DAYS

KIND = {2: "Search Engines"}  # Matomo tells these together
NIGHTS = (FIRST, NEXT, LAST)
Rows = dict[tuple[str, str, str, str], tuple[int, int]]


@pytest.fixture(scope="module", params=["matomo", "plausible"])
def nights(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bed, list[Night]]]:
    world = planted(request.param)
    with serve(world, platforms={request.param: world}) as (url, sandbox):
        bed = Bed(tmp_path_factory.mktemp("visits"), sandbox, url, request.param)
        yield bed, [bed.night(as_of) for as_of in NIGHTS]


def true(bed: Bed, now: datetime) -> Rows:
    """Sessions and engaged sessions by site, day, referrer and landing page, as the platform can tell them."""
    rows: Rows = defaultdict(lambda: (0, 0))
    for each in told(bed.stage.world, now):
        referrer, page = _referrer(each, bed.platform), "" if bed.platform == "matomo" else each.page
        key = (each.site, str(each.day), referrer, page)
        rows[key] = (rows[key][0] + each.visits, rows[key][1] + each.visits - each.bounces)
    return dict(rows)


def _referrer(each: Visits, platform: str) -> str:
    kind, name = each.way
    return KIND.get(kind, name) if platform == "matomo" else name


def known(night: Night) -> Rows:
    """The newest reading of each row."""
    table = night.tables["referral_daily"]
    key = ["site", "visit_date", "referrer", "landing_page"]
    newest = table.sort("captured_at").unique(key, keep="last").with_columns(pl.col("visit_date").cast(pl.String))
    rows = newest.select(*key, "sessions", "engaged_sessions").rows()
    return {row[:4]: row[4:] for row in rows}


def test_every_row_of_the_window_is_as_the_tool_knows_it_that_night(nights: tuple[Bed, list[Night]]) -> None:
    bed, read = nights
    since = str(min(bed.asked_from(FIRST), FIRST - timedelta(days=RESTATED_DAYS)).date())
    for night in read:
        expected = {key: counts for key, counts in true(bed, night.as_of).items() if key[1] >= since}
        assert known(night) == expected
        assert night.refused == 0


def test_a_day_is_told_again_until_it_grows_no_more(nights: tuple[Bed, list[Night]]) -> None:
    first, later, last = (known(night) for night in nights[1])
    grown = {day for (_, day, *_), _ in first.items() - later.items()}
    assert grown == {str((FIRST - timedelta(days=1)).date())}
    assert {day for _, day, *_ in last.keys() - later.keys()} == {str(LAST.date())}


def test_platforms_of_ours_are_recognised_among_the_referrers(nights: tuple[Bed, list[Night]]) -> None:
    table = nights[1][-1].tables["referral_daily"]
    told_of = dict(table.select("referrer", "platform").unique().rows())
    assert {told_of["Twitter"], told_of["news.ycombinator.com"]} == {"x", "hackernews"}
    assert told_of[""] is None
    assert told_of["travel.example"] is None
    assert {DIRECT, WEBSITE, SOCIAL} <= {each.way[0] for each in told(nights[0].stage.world, LAST)}
