"""What must be true of `mention`. Grain: mention_id, several times where several items brought it."""

from __future__ import annotations

from expectations import shapes
from expectations.gx import col, gxe
from expectations.suites import Suite, note

KINDS = ["post", "comment", "reply", "quote", "repost", "article", "question", "answer", "poll"]
FOUND_BY = ["query", "account", "thread"]

BORN_AT = {
    "hackernews": "2006-10-09",
    "reddit": "2005-06-23",
    "stackexchange": "2008-07-31",
    "telegram": "2013-08-14",
    "twitter": "2006-03-21",
    "vk": "2006-10-10",
    "weibo": "2009-08-14",
    "x": "2006-03-21",
    "youtube": "2005-04-23",
}
"""First day of each platform (UTC) whose posts cannot be older. Not those that carry older posts in: forums that were
moved, feeds, federated servers, and Bluesky, where people import their old posts with the old dates."""

_BORN_AT = " ".join(f"when '{platform}' then timestamp '{day}'" for platform, day in BORN_AT.items())

SUITE = Suite(
    table="mention",
    derived={
        "key": "platform || ':' || native_id",
        "born_at": f"case platform {_BORN_AT} else {shapes.EARLIEST_AT} end",
        "latest_at": shapes.LATEST_AT,
        "attachments": "coalesce(len(links), 0) + coalesce(len(media_formats), 0)",
    },
    rules=(
        gxe.ExpectColumnValuesToNotBeNull(
            column="mention_id",
            severity="critical",
            meta=note("mention_id.not_null", "every other table refers to it"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="mention_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("mention_id.is_platform_and_native_id", f"the key of everything; {shapes.NONE_SEEN} differs"),
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="mention_id",
            column_B="key",
            severity="critical",
            meta=note("mention_id.agrees_with_platform", "two spellings of one key would count a post twice"),
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="native_id",
            min_value=1,
            max_value=shapes.LONGEST_NATIVE_ID,
            severity="critical",
            meta=note("native_id.length", "an empty id stands for every post without one; a huge one is no id"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="kind",
            severity="critical",
            meta=note("kind.not_null", "staging decides by it what is a reply and what a repost"),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="kind",
            value_set=KINDS,
            severity="critical",
            meta=note("kind.in_set", "an unknown kind would fall out of every KPI that asks for one"),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="found_by",
            value_set=FOUND_BY,
            severity="critical",
            meta=note("found_by.in_set", "only what a query found is counted; the rest must say so"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="found_by",
            severity="critical",
            meta=note("found_by.not_null", "only what a query found is counted; the rest must say so"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="author_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("author_id.is_platform_and_native_id", "authors are counted by it; unknown authors are NULL"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="text",
            severity="critical",
            meta=note("text.not_null", "a post without words has the empty text; NULL is a parser that lost it"),
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="text",
            max_value=shapes.LONGEST_TEXT,
            severity="critical",
            meta=note("text.length", f"a whole page is no post; {shapes.NONE_SEEN} has more than 300 code points"),
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="text",
            regex=shapes.NUL,
            severity="critical",
            meta=note("text.has_no_nul", "PostgreSQL and many readers refuse or cut such a text"),
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="text",
            regex=shapes.BROKEN_TEXT,
            severity="critical",
            meta=note(
                "text.is_decoded", f"a run of U+FFFD is a text read in the wrong encoding; {shapes.NONE_SEEN} has any"
            ),
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="text",
            min_value=1,
            row_condition=(col("attachments") == 0) & (col("kind") != "repost"),
            severity="warning",
            meta=note("text.not_empty_alone", "nothing to read, see or follow: mostly a body that was not mapped"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="url",
            regex=shapes.URL,
            severity="critical",
            meta=note("url.is_http", "reports show it as a link; `javascript:` must not get there"),
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="url",
            max_value=shapes.LONGEST_URL,
            severity="critical",
            meta=note("url.length", "browsers and BI tools cut longer ones; the longest real one seen has 525"),
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="published_at",
            severity="critical",
            meta=note("published_at.not_null", "the day of every KPI"),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="published_at",
            column_B="born_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("published_at.not_before_platform", shapes.CLOCKS_LIE),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="latest_at",
            column_B="published_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("published_at.not_after_as_of", shapes.CLOCKS_LIE),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="edited_at",
            column_B="published_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="warning",
            meta=note(
                "edited_at.not_before_published", "scheduled posts are edited before they appear; more is a clock"
            ),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="latest_at",
            column_B="edited_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("edited_at.not_after_as_of", "an edit from the future would win over every later one"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="parent_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("parent_id.is_platform_and_native_id", "answers are joined to questions by it"),
        ),
        gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
            column_list=["mention_id", "parent_id"],
            ignore_row_if="any_value_is_missing",
            severity="critical",
            meta=note("parent_id.is_another", "a post that answers itself sends every walk up the thread in circles"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="root_id",
            regex=shapes.ID,
            severity="critical",
            meta=note("root_id.is_platform_and_native_id", "threads are joined by it"),
        ),
    ),
)
