"""The facts that are counted before marts are published hold in every night, whatever came late."""

from __future__ import annotations

from pathlib import Path

import duckdb
from raw_nights import ZONE, Nights

from expectations.errors import ExpectationError
from expectations.verdict import Verdict
from warehouse.check_marts import check_marts
from warehouse.connection import StorageSettings
from warehouse.models import build


class Checked:
    """Nights that are built with the check, as a run does it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.nights = folder, Nights(folder / "soundings.duckdb", seed)

    def build(self) -> tuple[bool, Verdict]:
        seen: list[tuple[bool, Verdict]] = []

        def check(con: duckdb.DuckDBPyConnection, is_full: bool) -> None:
            verdict = check_marts(con, "run", self.nights.as_of, ZONE, is_full=is_full)
            seen.append((is_full, verdict))
            if verdict.is_withheld:
                raise ExpectationError("; ".join(verdict.reasons))

        settings, folder = StorageSettings(), self.folder / "dbt"
        build(self.nights.con_path, folder, settings, reporting_timezone=ZONE, full_refresh=False, check=check)
        return seen[0]


def test_facts_hold_in_random_nights_in_a_full_build_and_in_a_small_one(tmp_path: Path) -> None:
    checked = Checked(tmp_path, seed=11)
    kinds = []
    for _ in range(2):
        checked.nights.live()
        is_full, verdict = checked.build()
        kinds.append(is_full)
        assert verdict.reasons == ()
        assert {rule.rule_id for rule in verdict.rules if not rule.is_met} <= {"marts.source.fresh"}
        assert all(rule.checked for rule in verdict.rules if rule.severity == "critical")
    assert kinds == [True, False]
