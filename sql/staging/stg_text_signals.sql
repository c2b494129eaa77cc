-- Grain: one row per mention and version of the model that scored its text.
select
    mention_id,
    model_version,
    scored_at,
    language,
    language_confidence,
    sentiment,
    sentiment_confidence,
    intents,
    intent_confidences,
    terms,
    load_seq
from {{ source('raw', 'text_signal') }}
