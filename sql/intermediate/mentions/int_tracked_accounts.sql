-- Grain: one row per platform and handle that the configuration tracks, in whatever role and for whatever entity.
select
    platform,
    handle,
    max(case when role = 'owned' then 1 else 0 end) = 1 as is_owned,
    max(case when role = 'employee' then 1 else 0 end) = 1 as is_employee,
    max(case when role = 'media' then 1 else 0 end) = 1 as is_media,
    min(entity_id) as entity_id,
    min(department) as department
from {{ ref('stg_tracked_accounts') }}
group by all
