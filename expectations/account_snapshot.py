"""What must be true of `account_snapshot`. Grain: account_id × captured_at."""

from __future__ import annotations

from expectations import shapes
from expectations.beside import joined_repeated, repeated
from expectations.gx import gxe
from expectations.rules import id_shape, in_range, not_after, not_null, once
from expectations.suites import Suite, note

NOTABLE = 100

SUITE = Suite(
    table="account_snapshot",
    lookups={"repeated_account_snapshot": repeated("account_snapshot", "account_id", "captured_at")},
    joined=" ".join(
        (
            joined_repeated("account_snapshot", "account_id", "captured_at"),
            "left join staged_known_follower as previous on previous.account_id = landed.account_id"
            " and previous.captured_at < landed.captured_at",
        )
    ),
    derived={
        "latest_at": shapes.LATEST_AT,
        "copies_in_item": "coalesce(repeated.copies, 1)",
        "followers_kept": f"case when previous.followers >= {NOTABLE} then landed.followers / previous.followers end",
    },
    rules=(
        not_null("account_id", "followers of nobody"),
        id_shape("account_id", "joins the counts to their account"),
        not_null("captured_at", "reach is computed from the followers of that moment"),
        once("account_id", "two counts of one moment cannot both be true"),
        not_after("captured_at", "a snapshot from the future would stay the latest for ever"),
        *(
            in_range(counter, "negative or absurd counts are parsing errors; not reported is NULL")
            for counter in ("followers", "following", "posts")
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="followers_kept",
            min_value=0.5,
            severity="warning",
            meta=note(
                "followers.not_fallen",
                f"half of {NOTABLE} followers and more are gone since the last reading: a platform that purged what was"
                " bought, which is worth knowing, or another account's count",
            ),
        ),
    ),
)
