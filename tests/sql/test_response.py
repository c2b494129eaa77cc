"""The survival estimate of waits, as SQL windows, against the same in fractions; nights are in test_incremental."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from oracle_service import survival_time

MACROS = Path(__file__).parents[2] / "sql/macros"
QUERY = """
{%- import 'survival.sql' as km -%}
with watched as (
    select *, {{ km.at_risk('k', 'hours') }} as at_risk, {{ km.events_at('k', 'hours', 'is_answered') }} as answers,
        {{ km.nth_at('k', 'hours', 'id') }} as nth
    from waits
),
lasting as (
    select *, {{ km.survival('k', 'hours', 'answers', 'at_risk', 'nth') }} as survival
    from watched window {{ km.survival_window('k', 'hours') }}
)
select k, {{ km.survived_to(0.5, 'survival', 'hours') }}, {{ km.survived_to(0.1, 'survival', 'hours') }}
from lasting group by k
"""
SQL = Environment(loader=FileSystemLoader(MACROS), autoescape=False).from_string(QUERY).render()  # noqa: S701
HOURS = st.one_of(st.integers(0, 6).map(float), st.floats(0, 720, allow_nan=False))  # many ties, and none
WAITS = st.lists(st.tuples(st.one_of(st.none(), HOURS), st.booleans()), min_size=1, max_size=40)


def estimated(groups: list[list[tuple[float | None, bool]]]) -> dict[int, tuple[float | None, float | None]]:
    """Median and p90 by group, from the macros."""
    rows = [(k, f"m{n}", *wait) for k, waits in enumerate(groups) for n, wait in enumerate(waits)]
    with duckdb.connect() as con:
        con.execute("create table waits (k integer, id varchar, hours double, is_answered boolean)")
        con.executemany("insert into waits values (?, ?, ?, ?)", rows)
        return {k: (median, p90) for k, median, p90 in con.execute(SQL).fetchall()}


def exactly(waits: list[tuple[float | None, bool]]) -> tuple[float | None, float | None]:
    watched = [(hours, is_answered) for hours, is_answered in waits if hours is not None]
    return survival_time(watched, Fraction(1, 2)), survival_time(watched, Fraction(1, 10))


@settings(max_examples=40, deadline=None)
@given(st.lists(WAITS, min_size=1, max_size=6))
def test_half_and_nine_tenths_of_random_waits_end_when_fractions_say(
    groups: list[list[tuple[float | None, bool]]],
) -> None:
    assert estimated(groups) == {k: exactly(waits) for k, waits in enumerate(groups)}


@pytest.mark.parametrize("size", [2, 10, 1000])
def test_a_share_that_is_reached_exactly_is_reached(size: int) -> None:
    """Products of many factors miss one half by some last bits, which must not cost an hour."""
    waits = [(float(n), True) for n in range(1, size + 1)]
    expected = (float(size // 2), float(-(-size * 9 // 10)))
    assert estimated([waits]) == {0: expected}
    assert exactly(waits) == expected


def test_answers_come_before_those_who_stop_being_watched_in_the_same_moment() -> None:
    assert estimated([[(2.0, True), (2.0, False)], [(2.0, False), (3.0, True)]]) == {0: (2.0, None), 1: (3.0, 3.0)}
