"""Runs dbt's own unit tests: rows worked out by hand, in sql/unit_tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from dbt.cli.main import dbtRunner
from raw_nights import Nights

from warehouse.connection import StorageSettings, profile
from warehouse.statements import PROJECT

TESTS = [
    test
    for path in (PROJECT / "unit_tests").glob("*.yml")
    for test in yaml.safe_load(path.read_text("utf-8"))["unit_tests"]
]
WRITTEN = {test["name"] for test in TESTS}
KPIS = [path.stem for path in (PROJECT / "marts").glob("kpi_*.sql")]


def test_the_hand_worked_rows_come_out(tmp_path: Path, nights: Nights) -> None:
    """Unit tests take the columns' types from built tables, and nothing else of them."""
    home = tmp_path / "dbt"
    paths = ["--project-dir", str(PROJECT), "--profiles-dir", str(home), "--log-path", str(home / "logs")]
    target = ["--target-path", str(home / "target"), "--no-write-json", "--no-send-anonymous-usage-stats"]
    variables = ["--vars", '{"reporting_timezone": "UTC"}']
    home.mkdir()
    outputs = {"warehouse": profile(StorageSettings(), nights.con_path)}
    (home / "profiles.yml").write_text(json.dumps({"soundings": {"target": "warehouse", "outputs": outputs}}))
    result = dbtRunner().invoke(["test", "--select", "test_type:unit", "--quiet", *paths, *target, *variables])
    assert result.exception is None
    verdicts = {one.node.name: (str(one.status), one.message) for one in result.result}
    assert verdicts.keys() == WRITTEN
    assert [f"{name}: {message}" for name, (status, message) in verdicts.items() if status != "pass"] == []


@pytest.mark.parametrize("model", [*KPIS, "fct_engagement_daily", "fct_follower_fit", "fct_post_buckets"])
def test_every_kpi_has_three_rows_worked_out_by_hand(model: str) -> None:
    expected = [test["expect"]["rows"] for test in TESTS if test["model"] == model]
    assert sum(len(rows) for rows in expected if isinstance(rows, list)) >= 3
