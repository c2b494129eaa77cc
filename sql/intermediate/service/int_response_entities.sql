-- Grain: one row per inbound mention, brand that it addresses, and entity that it counts for: the brand, and those of
-- its products and campaigns whose query matches. No entity is its own parent: nothing comes twice.
select
    responses.brand_id as entity_id,
    responses.*
from {{ ref('kpi_response') }} as responses
union all
select
    matches.entity_id,
    responses.*
from {{ ref('kpi_response') }} as responses
inner join {{ ref('fct_mention_entities') }} as matches on responses.mention_id = matches.mention_id
inner join {{ ref('dim_entities') }} as entities
    on matches.entity_id = entities.entity_id and responses.brand_id = entities.parent_entity_id
