"""What must be true of `account`. Grain: account_id, several times where several items brought it."""

from __future__ import annotations

from expectations import shapes
from expectations.gx import gxe
from expectations.suites import Suite, note

SUITE = Suite(
    table="account",
    derived={"key": "platform || ':' || native_id"},
    rules=(
        gxe.ExpectColumnValuesToNotBeNull(
            column="account_id",
            severity="critical",
            meta=note("account_id.not_null", "authors are counted by it"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="account_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("account_id.is_platform_and_native_id", "authors are counted by it"),
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="account_id",
            column_B="key",
            severity="critical",
            meta=note("account_id.agrees_with_platform", "two spellings of one key would count an author twice"),
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="native_id",
            min_value=1,
            max_value=shapes.LONGEST_NATIVE_ID,
            severity="critical",
            meta=note("native_id.length", "an empty id stands for every account without one; a huge one is no id"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="url",
            regex=shapes.URL,
            severity="critical",
            meta=note("url.is_http", "reports show it as a link; `javascript:` must not get there"),
        ),
    ),
)
