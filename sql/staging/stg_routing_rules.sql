-- Grain: one row per routing rule of the configuration; the least number that fits decides.
select
    rule_no,
    department,
    entity_id,
    platform,
    intent,
    query,
    query_hash,
    sla_hours
from {{ source('raw', 'routing_rule') }}
