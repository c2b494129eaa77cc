"""Which rows of a frame each topic matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from flows.topics.candidates import candidates
from flows.topics.plan import Plan, plans
from flows.topics.query import positive_terms

if TYPE_CHECKING:
    from flows.sources.base import Topic

MATCHES = pl.Schema({"row_no": pl.UInt32(), "topic_id": pl.String(), "matched_terms": pl.List(pl.String())})


def match(frame: pl.DataFrame, topics: Sequence[Topic]) -> pl.DataFrame:
    """Rows of row_no (in `frame`), topic_id and matched_terms (as the query spells them), by row and the topics' order.

    `frame` has text, handles, hashtags, links and language_reported; what is NULL or empty matches nothing.
    matched_terms are all terms found that stand under no NOT. Raises TopicError where a query cannot be read.
    """
    wanted = plans([(topic.topic_id, topic.query) for topic in topics])
    order = pl.Enum(list(dict.fromkeys(topic.topic_id for topic in topics)))
    parts = [matched(each, rows) for each, rows in candidates(frame, wanted)]
    found = pl.concat([pl.DataFrame(schema=MATCHES), *parts])
    return found.sort("row_no", pl.col("topic_id").cast(order))


def matched(each: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """The candidates that the whole query matches, with the terms found."""
    positive = dict.fromkeys(positive_terms(each.query.root))
    spellings = {each.numbers[term]: term.spelling for term in positive}
    names = pl.DataFrame(list(spellings.items()), {"found": pl.UInt16, "matched_terms": pl.String}, orient="row")
    hits = rows.filter(each.holds(each.query.root)).select("row_no", "found")
    named = hits.explode("found").join(names, on="found", maintain_order="left")
    listed = named.group_by("row_no").agg(pl.col("matched_terms").unique(maintain_order=True))
    return listed.select("row_no", pl.lit(each.topic_id).alias("topic_id"), "matched_terms")
