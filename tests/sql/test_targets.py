"""What the configuration takes as a target is what the models can sum up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from raw_targets import METRICS

from flows.sections import Metric

MACRO = Path(__file__).parents[2] / "sql/macros/targets.sql"


def test_what_may_be_a_target_is_what_the_models_and_the_nights_know() -> None:
    summed = re.findall(r"^\s+\('(\w+)', 'kpi_", MACRO.read_text("utf-8"), re.MULTILINE)
    assert len(summed) == len(set(summed))
    assert {*summed, "median_response_hours"} == set(get_args(Metric)) == set(METRICS)
