-- Grain: one row per target of the configuration.
select
    target_id,
    metric,
    entity_id,
    month as month_start_date,
    target
from {{ source('raw', 'target') }}
