"""What must be true of `account_snapshot`. Grain: account_id × captured_at."""

from __future__ import annotations

from expectations import shapes
from expectations.gx import gxe
from expectations.suites import Suite, note

SUITE = Suite(
    table="account_snapshot",
    derived={"latest_at": shapes.LATEST_AT},
    rules=(
        gxe.ExpectColumnValuesToNotBeNull(
            column="account_id",
            severity="critical",
            meta=note("account_id.not_null", "followers of nobody"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="account_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("account_id.is_platform_and_native_id", "joins the counts to their account"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="captured_at",
            severity="critical",
            meta=note("captured_at.not_null", "reach is computed from the followers of that moment"),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="latest_at",
            column_B="captured_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("captured_at.not_after_as_of", "a snapshot from the future would stay the latest for ever"),
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=counter,
                min_value=0,
                max_value=shapes.MOST,
                severity="critical",
                meta=note(f"{counter}.in_range", "negative or absurd counts are parsing errors; not reported is NULL"),
            )
            for counter in ("followers", "following", "posts")
        ),
    ),
)
