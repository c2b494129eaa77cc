-- Grain: one row: the constants of definitions that an operator may choose, and their defaults.
select coalesce(max(cast(setting_value as double)), cast(10 as double)) as overperformance_minimum
from {{ ref('stg_settings') }}
where setting_name = 'overperformance_minimum'
