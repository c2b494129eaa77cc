"""What must be true of `referral_daily`. Grain: site × visit_date × referrer × landing_page."""

from __future__ import annotations

from expectations import shapes
from expectations.beside import joined_repeated, repeated
from expectations.gx import gxe
from expectations.rules import in_range, length, no_hit, not_after, not_null, once, shape
from expectations.suites import Suite, note

_KEYS = ("site", "visit_date", "referrer", "landing_page")

SUITE = Suite(
    table="referral_daily",
    lookups={"repeated_referral_daily": repeated("referral_daily", *_KEYS)},
    joined=joined_repeated("referral_daily", *_KEYS),
    derived={
        "visit_at": "visit_date::timestamp",
        "first_day": shapes.EARLIEST_AT,
        "last_day": "captured_at + interval 1 day",
        "latest_at": shapes.LATEST_AT,
        "copies_in_item": "coalesce(repeated.copies, 1)",
    },
    rules=(
        not_null("site", "visits of which site?"),
        length("site", 1, 253, "a name of a host has at most 253 characters"),
        not_null("visit_date", "the day of every KPI"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="visit_at",
            column_B="first_day",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("visit_date.not_before_the_web", "an epoch of 0, or a date whose parts were swapped"),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="last_day",
            column_B="visit_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note(
                "visit_date.not_after_captured", "nobody came tomorrow; a site's own day may be a day ahead of UTC"
            ),
        ),
        not_null("referrer", "'' is a visit without one; NULL is a parser that lost it"),
        length("referrer", None, shapes.LONGEST_URL, "longer is no referrer"),
        no_hit("referrer", shapes.NUL, "has_no_nul", "PostgreSQL and many readers refuse or cut such a text"),
        not_null("landing_page", "where a visit began is a part of the key"),
        length("landing_page", None, shapes.LONGEST_URL, "browsers and BI tools cut longer ones"),
        no_hit("landing_page", shapes.NUL, "has_no_nul", "PostgreSQL and many readers refuse or cut such a text"),
        once("visit_date", "visits that are told twice are counted twice"),
        shape("platform", shapes.PLATFORM, "is_a_platform", "visits are joined to the platform's mentions by it"),
        *(
            in_range(counter, "negative or absurd counts are parsing errors; not reported is NULL")
            for counter in ("sessions", "engaged_sessions", "conversions")
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="sessions",
            column_B="engaged_sessions",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("engaged_sessions.within_sessions", "a part above its whole: the columns are swapped"),
        ),
        not_null("captured_at", "the newest reading of a day counts"),
        not_after("captured_at", "a reading from the future would stay the newest for ever"),
    ),
)
