"""What must be true of `mention`. Grain: mention_id, several times where several items brought it."""

from __future__ import annotations

from expectations import shapes
from expectations.beside import joined_repeated, repeated
from expectations.gx import col, gxe
from expectations.mention_texts import TEXTS
from expectations.rules import id_shape, in_set, length, no_hit, not_after, not_null, once, shape
from expectations.suites import Suite, note

KINDS = ["post", "comment", "reply", "quote", "repost", "article", "question", "answer", "poll"]
FOUND_BY = ["query", "account", "thread"]
FORMATS = "['image', 'video', 'audio', 'link', 'poll']"

_FLOOD = f"""
with listed as (
    select mention_id, hash(text) as text_hash from staged_mention
    where length(text) >= 20 and kind <> 'repost'
),
suspect as (select text_hash from listed group by text_hash having count(*) > {shapes.FLOOD})
select text_hash, count(distinct mention_id) as copies
from listed semi join suspect using (text_hash)
group by text_hash having copies > {shapes.FLOOD}
"""  # noqa: S608 - our own constants
_ORPHAN = """
select distinct m.mention_id, m.parent_id
from staged_mention as m
where
    m.found_by = 'thread' and m.parent_id is not null
    and not exists (select 1 from staged_known_mention as k where k.mention_id = m.mention_id)
    and not exists (select 1 from staged_known_mention as k where k.mention_id = m.parent_id)
    and not exists (select 1 from staged_mention as p where p.mention_id = m.parent_id)
"""
_STRANGER = """
select distinct m.author_id
from staged_mention as m
where
    m.author_id is not null
    and not exists (select 1 from staged_account as a where a.account_id = m.author_id)
    and not exists (select 1 from staged_known_account as k where k.account_id = m.author_id)
"""

_NATIVE_IDS = tuple(
    shape(
        "native_id",
        regex,
        f"as_{platform}_numbers",
        f"{platform} has no such id: two spellings of one key would count a post twice",
        severity="critical" if platform in shapes.NUMBERED else "warning",
        row_condition=col("platform") == platform,
    )
    for platform, regex in shapes.NATIVE_IDS.items()
)

SUITE = Suite(
    table="mention",
    lookups={
        "repeated_mention": repeated("mention", "mention_id"),
        "flood": _FLOOD,
        "orphan": _ORPHAN,
        "stranger": _STRANGER,
    },
    joined=" ".join(
        (
            joined_repeated("mention", "mention_id"),
            "left join flood on flood.text_hash = case when landed.kind <> 'repost' and length(landed.text) >= 20"
            " then hash(landed.text) end",
            "left join orphan on orphan.mention_id = landed.mention_id and orphan.parent_id = landed.parent_id",
            "left join stranger on stranger.author_id = landed.author_id",
        )
    ),
    derived={
        "key": "platform || ':' || native_id",
        "born_at": shapes.born_at("platform"),
        "latest_at": shapes.LATEST_AT,
        "attachments": "coalesce(len(links), 0) + coalesce(len(media_formats), 0)",
        "link_lines": "nullif(array_to_string(links, chr(10)), '')",
        "known_formats": f"list_has_all({FORMATS}, media_formats)::integer",
        "copies_in_item": "coalesce(repeated.copies, 1)",
        "copies_of_text": "coalesce(flood.copies, 1)",
        "lost_parent_id": "orphan.parent_id",
        "unknown_author_id": "stranger.author_id",
    },
    rules=(
        not_null("mention_id", "every other table refers to it"),
        id_shape("mention_id", f"the key of everything; {shapes.NONE_SEEN} differs"),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="mention_id",
            column_B="key",
            severity="critical",
            meta=note("mention_id.agrees_with_platform", "two spellings of one key would count a post twice"),
        ),
        once("mention_id", "what an item says twice of one mention cannot both be true"),
        not_null("platform", "rates, metrics and clocks are the platform's"),
        not_null("native_id", "the platform's own key: by it counts are read again"),
        length(
            "native_id",
            1,
            shapes.LONGEST_NATIVE_ID,
            "an empty id stands for every post without one; a huge one is no id",
        ),
        no_hit(
            "native_id",
            shapes.ROUNDED,
            "not_rounded",
            "an id that was read as a number has lost its last digits: different posts become one",
        ),
        *_NATIVE_IDS,
        not_null("kind", "staging decides by it what is a reply and what a repost"),
        in_set("kind", KINDS, "an unknown kind would fall out of every KPI that asks for one"),
        in_set("found_by", FOUND_BY, "only what a query found is counted; the rest must say so"),
        not_null("found_by", "only what a query found is counted; the rest must say so"),
        id_shape("author_id", "authors are counted by it; unknown authors are NULL"),
        length("author_id", None, shapes.LONGEST_ID, "a longer one is no id of an account"),
        gxe.ExpectColumnValuesToBeNull(
            column="unknown_author_id",
            mostly=0.99,
            row_condition=col("author_id").is_not_null(),
            severity="warning",
            meta=note(
                "author_id.has_an_account",
                "an author of whom neither the batch nor the warehouse has an account has no followers and no name;"
                " the post is sound and counts. Of 34,270 real posts with an author all bring the account",
                fix="let the source's parse give the account with the post",
            ),
        ),
        *TEXTS,
        shape("url", shapes.URL, "is_http", "reports show it as a link; `javascript:` must not get there"),
        length(
            "url", None, shapes.LONGEST_URL, "browsers and BI tools cut longer ones; the longest real one seen has 525"
        ),
        shape(
            "link_lines",
            shapes.LINK_LINES,
            "are_http",
            f"a link elsewhere than the web is mostly markup that was read as one; {shapes.NONE_SEEN} has any",
            severity="warning",
            mostly=0.99,
        ),
        shape(
            "language_reported",
            shapes.LANGUAGE,
            "is_a_tag",
            "a sentence or a country in the language's place; no export at hand tells a language",
            severity="warning",
            mostly=0.99,
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="known_formats",
            min_value=1,
            severity="warning",
            meta=note("media_formats.in_set", "an unknown format falls out of what is told by format"),
        ),
        not_null("published_at", "the day of every KPI"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="published_at",
            column_B="born_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            meta=note("published_at.not_before_platform", f"{shapes.CLOCKS_LIE}; {shapes.NONE_SEEN}"),
        ),
        not_after("published_at", f"{shapes.CLOCKS_LIE}; {shapes.NONE_SEEN}"),
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
        not_after("edited_at", "an edit from the future would win over every later one"),
        not_after("deleted_at", "what is deleted tomorrow is still to be read today"),
        id_shape("parent_id", "answers are joined to questions by it"),
        gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
            column_list=["mention_id", "parent_id"],
            ignore_row_if="any_value_is_missing",
            severity="critical",
            meta=note("parent_id.is_another", "a post that answers itself sends every walk up the thread in circles"),
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="lost_parent_id",
            mostly=0.9,
            row_condition=(col("found_by") == "thread") & col("parent_id").is_not_null(),
            severity="warning",
            meta=note(
                "parent_id.is_known",
                "an answer read with its thread to a message that nobody has: the thread falls apart. 2 of 68 answers"
                " of a public export of support threads; what a query finds answers strangers all the time",
                fix="see whether the source's context reads threads to their end",
            ),
        ),
        id_shape("root_id", "threads are joined by it"),
    ),
)
