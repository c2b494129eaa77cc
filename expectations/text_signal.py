"""What must be true of `text_signal`. Grain: mention_id × model_version.

No page brings these rows: models do. A folder with `text_signal.parquet` and no items is judged through the same
`validate`; its rows are its items, by their number in the file, with `text_signal` as their page.
"""

from __future__ import annotations

from expectations import shapes
from expectations.beside import joined_repeated, repeated
from expectations.gx import gxe
from expectations.rules import at_least, at_most, id_shape, in_range, in_set, length, not_after, not_null, shape
from expectations.suites import Suite, note

INTENTS = (
    "['question', 'complaint', 'praise', 'thanks', 'idea', 'purchase_intent', 'discovery', 'farewell', 'job', "
    "'employer', 'leak', 'threat', 'rumour', 'protest', 'misuse', 'spam', 'deflection', 'selling']"
)
MOST_TERMS = 100_000
"""A text has at most this many code points."""

_REPEATED = repeated("text_signal", "mention_id", "model_version").replace("page_id, item_no, ", "")

SUITE = Suite(
    table="text_signal",
    lookups={"repeated_text_signal": _REPEATED},
    joined=joined_repeated("text_signal", "mention_id", "model_version").replace("page_id, item_no, ", ""),
    derived={
        "latest_at": shapes.LATEST_AT,
        "copies": "coalesce(repeated.copies, 1)",
        "known_intents": f"list_has_all({INTENTS}, intents)::integer",
        "intent_count": "coalesce(len(intents), 0)",
        "confidence_count": "coalesce(len(intent_confidences), 0)",
        "least_confidence": "list_min(intent_confidences)",
        "most_confidence": "list_max(intent_confidences)",
        "term_count": "coalesce(len(terms), 0)",
        "sentiment_told": "(sentiment is not null)::integer",
        "sentiment_weighed": "(sentiment_confidence is not null)::integer",
    },
    rules=(
        not_null("mention_id", "a signal of nothing"),
        id_shape("mention_id", "joins the signal to its mention"),
        not_null("model_version", "two models may differ: which said so?"),
        length("model_version", 1, 200, "a name and a version"),
        at_most("copies", 1, "mention_id.once_a_model", "a model that says two things of one text says nothing"),
        not_null("scored_at", "the newest signal counts"),
        not_after("scored_at", "a signal from the future would stay the newest for ever"),
        shape("language", r"\A[a-z]{2,3}\Z", "is_iso_639", "models of languages are chosen by it; unknown is NULL"),
        in_range("language_confidence", "a probability", most=1),
        in_set("sentiment", ["positive", "neutral", "negative"], "net sentiment counts these three"),
        in_range("sentiment_confidence", "a probability", most=1),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="sentiment_told",
            column_B="sentiment_weighed",
            severity="warning",
            meta=note("sentiment.has_its_confidence", "a label without its weight cannot be held to a threshold"),
        ),
        at_least("known_intents", 1, "intents.in_set", "an unknown intent goes to no department"),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="intent_count",
            column_B="confidence_count",
            severity="critical",
            meta=note("intents.have_their_confidences", "the two lists are read side by side"),
        ),
        at_least("least_confidence", 0, "intent_confidences.not_negative", "probabilities"),
        at_most("most_confidence", 1, "intent_confidences.at_most_one", "probabilities"),
        at_most("term_count", MOST_TERMS, "terms.not_too_many", "no text has so many words"),
    ),
)
