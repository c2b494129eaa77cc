-- Grain: one row per mention and entity whose query matched it.
select
    mention_id,
    entity_id,
    matched_terms
from {{ source('raw', 'mention_entity') }}
