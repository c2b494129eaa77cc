"""What must be true of `engagement_snapshot`. Grain: mention_id × captured_at."""

from __future__ import annotations

from expectations import shapes
from expectations.beside import COUNTERS, joined_repeated, repeated
from expectations.gx import col, gxe
from expectations.rules import id_shape, in_range, not_after, not_null, once
from expectations.suites import Suite, note

NOTABLE = 100
"""Counts below it fall by half now and then: unlikes, or accounts that are purged."""
LARGE = 1_000
NOWHERE_OF_ALL = ("clicks",)
"""What no platform tells of every post: none of it is no sign of a fault."""

_REPORTING = ", ".join(f"any_value(reporting) filter (metric = '{counter}') as {counter}" for counter in COUNTERS)
_CAPABILITY = f"select platform, {_REPORTING} from staged_known_capability group by platform"  # noqa: S608 - our names


def _kept(counter: str, least: int) -> str:
    return f"case when previous.{counter} >= {least} then landed.{counter} / previous.{counter} end"


def _told(counter: str) -> gxe.Expectation:
    return gxe.ExpectColumnValuesToNotBeNull(
        column=counter,
        row_condition=col(f"{counter}_reporting") == "reported",
        mostly=0.5,
        severity="warning",
        meta=note(
            f"{counter}.told_where_reported",
            "by its capability row the platform tells it for every post: NULL in most rows is a field that was"
            " renamed or not mapped. Hacker News tells its two for all of 20,100 stories; an export what it has",
            fix="map the column, or mend sql/seeds/platform_metrics.csv",
        ),
    )


def _of_counter(counter: str) -> tuple[gxe.Expectation, ...]:
    return (
        in_range(
            counter,
            "negative or absurd counts are parsing errors; not reported is NULL",
            **({"row_condition": col("platform").is_not_in(list(shapes.SCORED))} if counter == "upvotes" else {}),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=f"{counter}_kept",
            min_value=0.1,
            severity="critical",
            meta=note(
                f"{counter}.not_collapsed",
                f"less than a tenth is left of {LARGE:,} and more: another field, or another post, was read. Unlikes"
                " and purges take a few percent",
                fix="compare the landed page with the source's parse; where the platform says so, release it",
            ),
        ),
        *((_told(counter),) if counter not in NOWHERE_OF_ALL else ()),
        gxe.ExpectColumnValuesToBeNull(
            column=counter,
            row_condition=col(f"{counter}_reporting") == "never",
            severity="warning",
            meta=note(
                f"{counter}.null_where_never",
                "by its capability row the platform has no such count: the models leave it out."
                f" {shapes.NONE_SEEN.capitalize()} has one",
                fix="map it to the metric that it is, or mend sql/seeds/platform_metrics.csv",
            ),
        ),
    )


SUITE = Suite(
    table="engagement_snapshot",
    lookups={
        "repeated_engagement_snapshot": repeated("engagement_snapshot", "mention_id", "captured_at"),
        "capability": _CAPABILITY,
    },
    joined=" ".join(
        (
            joined_repeated("engagement_snapshot", "mention_id", "captured_at"),
            "left join staged_known_counter as previous on previous.mention_id = landed.mention_id"
            " and previous.captured_at < landed.captured_at",
            "left join capability on capability.platform = split_part(landed.mention_id, ':', 1)",
        )
    ),
    derived={
        "platform": "split_part(landed.mention_id, ':', 1)",
        "latest_at": shapes.LATEST_AT,
        "counters_told": " + ".join(f"(landed.{counter} is not null)::integer" for counter in COUNTERS),
        "copies_in_item": "coalesce(repeated.copies, 1)",
        "least_kept": f"least({', '.join(_kept(counter, NOTABLE) for counter in COUNTERS)})",
        **{f"{counter}_kept": _kept(counter, LARGE) for counter in COUNTERS},
        **{f"{counter}_reporting": f"capability.{counter}" for counter in COUNTERS},
    },
    rules=(
        not_null("mention_id", "counts of nothing"),
        id_shape("mention_id", "joins the counts to their mention"),
        not_null("captured_at", "the latest snapshot is the one that KPIs use"),
        once("mention_id", "two counts of one moment cannot both be true"),
        not_after("captured_at", "a snapshot from the future would stay the latest for ever"),
        not_null("age_hours", "growth curves are drawn over it"),
        in_range(
            "age_hours",
            "nothing is counted before it is published; clocks differ by 2 minutes",
            least=-shapes.TOLERANCE_HOURS,
            most=shapes.OLDEST_HOURS,
        ),
        *(rule for counter in COUNTERS for rule in _of_counter(counter)),
        gxe.ExpectColumnValuesToBeBetween(
            column="upvotes",
            min_value=shapes.LEAST_SCORE,
            max_value=shapes.MOST,
            row_condition=col("platform").is_in(list(shapes.SCORED)),
            severity="critical",
            meta=note("score.in_range", "votes up minus votes down may be below zero, but not that far"),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="least_kept",
            min_value=0.5,
            mostly=0.95,
            severity="warning",
            meta=note(
                "counters.not_fallen",
                f"less than half is left of {NOTABLE} and more. A few are unlikes and purges; none of the posts at hand"
                " was read twice, so the tolerance is ours",
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="counters_told",
            min_value=1,
            severity="warning",
            meta=note("counters.one_told", "a snapshot that tells nothing: the fields were renamed, or it is needless"),
        ),
    ),
)
