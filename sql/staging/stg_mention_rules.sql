-- Grain: one row per mention and routing query that its text matches.
select
    mention_id,
    query_hash,
    load_seq
from {{ source('raw', 'mention_rule') }}
