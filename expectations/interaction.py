"""What must be true of `interaction`. Grain: mention_id × kind (the acting mention)."""

from __future__ import annotations

from expectations import shapes
from expectations.beside import joined_repeated, repeated
from expectations.gx import col, gxe
from expectations.rules import id_shape, in_set, not_after, not_null, once
from expectations.suites import Suite, note

SUITE = Suite(
    table="interaction",
    lookups={"repeated_interaction": repeated("interaction", "mention_id", "kind")},
    joined=joined_repeated("interaction", "mention_id", "kind"),
    derived={
        "born_at": shapes.born_at("split_part(landed.mention_id, ':', 1)"),
        "latest_at": shapes.LATEST_AT,
        "copies_in_item": "coalesce(repeated.copies, 1)",
    },
    rules=(
        not_null("mention_id", "an edge that nobody drew"),
        id_shape("mention_id", "joins the edge to the post that draws it"),
        not_null("kind", "a reply weighs less than a quote"),
        in_set("kind", ["reply", "quote", "repost"], "an unknown kind has no weight in the ranks"),
        once("mention_id", "an edge that counts twice makes its target twice as important"),
        id_shape("actor_id", "ranks are told by it"),
        id_shape("target_mention_id", "cascades are walked by it"),
        id_shape("target_id", "ranks are told by it"),
        gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
            column_list=["mention_id", "target_mention_id"],
            ignore_row_if="any_value_is_missing",
            severity="critical",
            meta=note(
                "target_mention_id.is_another", "a post that acts upon itself sends every walk of a cascade in circles"
            ),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="target_mention_id",
            row_condition=col("target_id").is_null(),
            severity="warning",
            meta=note(
                "target.is_told",
                "an edge to nobody: the fields of the target were renamed. All of 68 answers of a public export of"
                " support threads tell it",
            ),
        ),
        not_null("occurred_at", "influence fades with time"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="occurred_at",
            column_B="born_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("occurred_at.not_before_platform", shapes.CLOCKS_LIE),
        ),
        not_after("occurred_at", shapes.CLOCKS_LIE),
    ),
)
