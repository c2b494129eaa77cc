-- Grain: one row per inbound mention, brand that it addresses, and entity that it counts for: the brand, and those of
-- its products and campaigns whose query matches. No entity is its own parent: nothing comes twice.
select
    responses.brand_id as entity_id,
    responses.*
from {{ ref('kpi_response') }} as responses
union all
select
    products.entity_id,
    responses.*
from {{ ref('kpi_response') }} as responses
inner join {{ ref('int_product_mentions') }} as products
    on responses.mention_id = products.mention_id and responses.brand_id = products.brand_id
