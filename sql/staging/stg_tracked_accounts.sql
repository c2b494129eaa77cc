-- Grain: one row per platform, handle, entity and role of the configuration.
select
    platform,
    lower(handle) as handle,
    entity_id,
    role,
    department
from {{ source('raw', 'tracked_account') }}
