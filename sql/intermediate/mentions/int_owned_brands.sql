-- Grain: one row per platform, handle and brand that owns it, ours or a competitor's. The account of a product or a
-- campaign is its brand's.
select distinct
    tracked.platform,
    tracked.handle,
    coalesce(entities.parent_entity_id, entities.entity_id) as brand_id
from {{ ref('stg_tracked_accounts') }} as tracked
inner join {{ ref('stg_entities') }} as entities on tracked.entity_id = entities.entity_id
where tracked.role = 'owned'
