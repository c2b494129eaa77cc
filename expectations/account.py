"""What must be true of `account`. Grain: account_id, several times where several items brought it."""

from __future__ import annotations

from expectations import shapes
from expectations.beside import joined_repeated, repeated
from expectations.gx import gxe
from expectations.rules import id_shape, length, no_hit, not_after, not_null, once, shape
from expectations.suites import Suite, note

SUITE = Suite(
    table="account",
    lookups={"repeated_account": repeated("account", "account_id")},
    joined=joined_repeated("account", "account_id"),
    derived={
        "key": "platform || ':' || native_id",
        "lower_handle": "lower(handle)",
        "born_at": shapes.born_at("platform"),
        "latest_at": shapes.LATEST_AT,
        "copies_in_item": "coalesce(repeated.copies, 1)",
    },
    rules=(
        not_null("account_id", "authors are counted by it"),
        id_shape("account_id", "authors are counted by it"),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="account_id",
            column_B="key",
            severity="critical",
            meta=note("account_id.agrees_with_platform", "two spellings of one key would count an author twice"),
        ),
        once("account_id", "what an item says twice of one account cannot both be true"),
        length(
            "native_id",
            1,
            shapes.LONGEST_NATIVE_ID,
            "an empty id stands for every account without one; a huge one is no id",
        ),
        no_hit(
            "native_id",
            shapes.ROUNDED,
            "not_rounded",
            "an id that was read as a number has lost its last digits: different people become one",
        ),
        *(
            no_hit(name, shapes.NUL, "has_no_nul", "PostgreSQL and many readers refuse or cut such a text")
            for name in ("handle", "display_name")
        ),
        *(
            length(name, None, shapes.LONGEST_NAME, "longer is no name; real ones have up to 19 characters")
            for name in ("handle", "display_name")
        ),
        shape(
            "handle",
            shapes.HANDLE,
            "is_bare",
            "tracked accounts and @handles are found by it. 7 of 14,077 authors of a public export hold none such",
            severity="warning",
            mostly=0.99,
            fix="map author_handle to the name that stands in the profile's address",
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="handle",
            column_B="lower_handle",
            ignore_row_if="either_value_is_missing",
            severity="warning",
            meta=note("handle.is_lower_case", "handles are compared as they stand, by the lower case"),
        ),
        shape("url", shapes.URL, "is_http", "reports show it as a link; `javascript:` must not get there"),
        length("url", None, shapes.LONGEST_URL, "browsers and BI tools cut longer ones"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="created_at",
            column_B="born_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="warning",
            meta=note("created_at.not_before_platform", "nobody signed up before; the post that came with it is sound"),
        ),
        not_after("created_at", "nobody signs up tomorrow; the post that came with it is sound", severity="warning"),
    ),
)
