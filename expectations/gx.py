"""The one door to Great Expectations: importing this module costs seconds and some 260 MiB.

Only the suites, the compiler and Data Docs come through it, and only when they must: `plans.load` keeps what was
compiled, so that judging a batch needs none of it.
"""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.data_context.types.base import DataContextConfig
from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier
from great_expectations.expectations.row_conditions import (
    AndCondition,
    Column,
    ComparisonCondition,
    NullityCondition,
    OrCondition,
)

col = Column

__all__ = [
    "AndCondition",
    "ComparisonCondition",
    "DataContextConfig",
    "ExpectationSuiteIdentifier",
    "NullityCondition",
    "OrCondition",
    "col",
    "gx",
    "gxe",
]
