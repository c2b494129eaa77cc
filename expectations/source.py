"""What should be true of a source after its load. Grain: one row a source and run; `warehouse/known.py` counts it.

A day's volume is no matter of one batch, so it is told when the source's batches are done. Nothing is refused here: a
quiet day may be a quiet day.
"""

from __future__ import annotations

from expectations.gx import col, gxe
from expectations.suites import Suite, note

FEWEST_A_DAY = 20
"""Of mentions, on the median day: below, one more or less is a multiple."""
FEWEST_DAYS = 7
_IS_USUAL = (col("usual_volume") >= FEWEST_A_DAY) & (col("usual_days") >= FEWEST_DAYS)
_FIX = "soundings status says what was asked and covered; a landed page shows what the platform answered"

SUITE = Suite(
    table="source",
    derived={"volume_ratio": "volume / usual_volume"},
    rules=(
        gxe.ExpectColumnValuesToBeBetween(
            column="volume_ratio",
            min_value=0.2,
            max_value=5,
            row_condition=_IS_USUAL,
            severity="warning",
            meta=note(
                "volume.near_its_median",
                "the last whole day against the median of the 28 before. On 1 of 380 days of a public export of stories"
                " it was below a fifth (0.14), on none above 2.1 times",
                fix=_FIX,
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="silence_hours",
            max_value=48,
            row_condition=_IS_USUAL,
            severity="warning",
            meta=note(
                "silence.at_most_two_days",
                "a source that usually has mentions every day and has none for two is asked wrongly, or answers with"
                " nothing. No two of 387 days of a public export of stories were empty",
                fix=_FIX,
            ),
        ),
    ),
)
