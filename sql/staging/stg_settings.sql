-- Grain: one row per setting of the configuration.
select
    name as setting_name,
    value as setting_value
from {{ source('raw', 'setting') }}
