-- Grain: one row per entity of the configuration.
select
    entity_id,
    entity_name,
    entity_kind,
    is_own,
    parent_entity_id,
    competitor_set
from {{ source('raw', 'entity') }}
