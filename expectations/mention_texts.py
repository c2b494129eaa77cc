"""What must be true of a mention's text: there, decoded, plain, and nobody's flood."""

from __future__ import annotations

from expectations import shapes
from expectations.gx import col, gxe
from expectations.rules import length, no_hit, not_null
from expectations.suites import note

TEXTS = (
    not_null("text", "a post without words has the empty text; NULL is a parser that lost it"),
    length(
        "text", None, shapes.LONGEST_TEXT, f"a whole page is no post; {shapes.NONE_SEEN} has more than 300 code points"
    ),
    no_hit("text", shapes.NUL, "has_no_nul", "PostgreSQL and many readers refuse or cut such a text"),
    no_hit(
        "text",
        shapes.BROKEN_TEXT,
        "is_decoded",
        f"a run of U+FFFD is a text read in the wrong encoding; {shapes.NONE_SEEN} has any",
    ),
    no_hit(
        "text",
        "\ufffd",
        "has_no_replacement",
        f"U+FFFD stands where a character was lost; {shapes.NONE_SEEN} has one, so more than a few are our decoding",
        severity="warning",
        mostly=0.99,
        fix="set the file's encoding in [[sources]], or see how the source decodes",
    ),
    no_hit(
        "text",
        shapes.MOJIBAKE,
        "is_not_mojibake",
        "UTF-8 that was read as Latin-1 finds no query and no language. 75 of 20,100 titles of a public export (0.4 %)",
        severity="warning",
        mostly=0.99,
        fix="set the file's encoding in [[sources]]; what the platform itself spoiled stays as it is",
    ),
    no_hit(
        "text",
        shapes.CONTROL,
        "has_no_controls",
        f"C1 controls are quotes and dashes of cp1252 that was read as Latin-1; {shapes.NONE_SEEN} has any",
        severity="warning",
        mostly=0.99,
    ),
    no_hit(
        "text",
        shapes.MARKUP,
        "is_plain",
        "entities and tags would be words to the queries and the models; 1 of 37,657 real posts",
        severity="warning",
        mostly=0.99,
        fix="set `html = true` for the file, or see the source's from_html",
    ),
    no_hit(
        "text",
        shapes.ESCAPES,
        "has_no_escapes",
        f"`\\u00e9` in a text was encoded twice; {shapes.NONE_SEEN} has any",
        severity="warning",
        mostly=0.99,
    ),
    gxe.ExpectColumnValueLengthsToBeBetween(
        column="text",
        min_value=1,
        row_condition=(col("attachments") == 0) & (col("kind") != "repost"),
        severity="warning",
        meta=note("text.not_empty_alone", "nothing to read, see or follow: mostly a body that was not mapped"),
    ),
    gxe.ExpectColumnValuesToBeBetween(
        column="copies_of_text",
        max_value=shapes.FLOOD,
        severity="warning",
        meta=note(
            "text.no_flood",
            f"one text from more than {shapes.FLOOD} posts of a batch is a campaign or a bot; a text stands at most"
            " 6 times in an export of 14,640 real posts (a plain thank-you), 4 times in three others",
        ),
    ),
)
