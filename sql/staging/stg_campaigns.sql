-- Grain: one row per campaign of the configuration that has days; both days are within.
select
    entity_id,
    starts_on,
    ends_on,
    budget,
    currency
from {{ source('raw', 'campaign') }}
