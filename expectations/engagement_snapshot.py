"""What must be true of `engagement_snapshot`. Grain: mention_id × captured_at."""

from __future__ import annotations

from expectations import shapes
from expectations.gx import gxe
from expectations.suites import Suite, note

COUNTERS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")

SUITE = Suite(
    table="engagement_snapshot",
    derived={
        "latest_at": shapes.LATEST_AT,
        "counters_told": " + ".join(f"({counter} is not null)::integer" for counter in COUNTERS),
    },
    rules=(
        gxe.ExpectColumnValuesToNotBeNull(
            column="mention_id",
            severity="critical",
            meta=note("mention_id.not_null", "counts of nothing"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="mention_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("mention_id.is_platform_and_native_id", "joins the counts to their mention"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="captured_at",
            severity="critical",
            meta=note("captured_at.not_null", "the latest snapshot is the one that KPIs use"),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="latest_at",
            column_B="captured_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("captured_at.not_after_as_of", "a snapshot from the future would stay the latest for ever"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="age_hours",
            severity="critical",
            meta=note("age_hours.not_null", "growth curves are drawn over it"),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="age_hours",
            min_value=-shapes.TOLERANCE_HOURS,
            max_value=shapes.OLDEST_HOURS,
            severity="critical",
            meta=note("age_hours.in_range", "nothing is counted before it is published; clocks differ by 2 minutes"),
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=counter,
                min_value=0,
                max_value=shapes.MOST,
                severity="critical",
                meta=note(f"{counter}.in_range", "negative or absurd counts are parsing errors; not reported is NULL"),
            )
            for counter in COUNTERS
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="counters_told",
            min_value=1,
            severity="warning",
            meta=note("counters.one_told", "a snapshot that tells nothing: the fields were renamed, or it is needless"),
        ),
    ),
)
