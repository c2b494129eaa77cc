-- Grain: one row per department of the configuration; minutes count from the local day's midnight.
select
    department,
    department_name,
    sla_hours,
    timezone,
    workdays,
    opens_minute,
    closes_minute,
    holidays
from {{ source('raw', 'department') }}
