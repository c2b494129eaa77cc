-- Grain: one row per topic of the configuration (topic_id equals its entity's id).
select
    topic_id,
    entity_id,
    query
from {{ source('raw', 'topic') }}
