-- Grain: one row per brand, product or campaign of the configuration, own and competitors'.
{{ config(materialized='table') }}

select
    entities.entity_id,
    entities.entity_name,
    entities.entity_kind,
    entities.is_own,
    entities.parent_entity_id,
    entities.competitor_set,
    topics.query
from {{ ref('stg_entities') }} as entities
left join {{ ref('stg_topics') }} as topics on entities.entity_id = topics.topic_id
