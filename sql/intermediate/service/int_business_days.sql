-- Grain: one row per department and day of its own time zone: when it works (from opens_at up to, not including,
-- closes_at; equal where it does not) and how much working time lies before, from the first day on. The days reach 400
-- beyond today's, for deadlines.
{{ config(materialized='table') }}

with bounds as (
    select
        {{ add_days('min(report_date)', -2) }} as first_date,
        {{ add_days('max(report_date)', var('deadline_horizon_days', 400)) }} as last_date
    from {{ ref('dim_dates') }}
),

dates as (
    select {{ dates_between('first_date', 'last_date') }}
    from bounds
),

hours as (
    select
        departments.department,
        departments.timezone,
        dates.report_date as local_date,
        array_contains(departments.workdays, {{ iso_weekday('dates.report_date') }})
        and not array_contains(departments.holidays, dates.report_date) as is_workday,
        {{ local_minute('dates.report_date', 'departments.opens_minute', 'departments.timezone') }} as opens_at,
        {{ local_minute('dates.report_date', 'departments.closes_minute', 'departments.timezone') }} as closes_at
    from dates
    cross join {{ ref('stg_departments') }} as departments
),

lengths as (
    select
        department,
        timezone,
        local_date,
        opens_at,
        case
            when is_workday then greatest({{ micros('closes_at') }} - {{ micros('opens_at') }}, 0) else 0
        end as open_micros
    from hours
)

select
    department,
    timezone,
    local_date,
    opens_at,
    cast(open_micros as bigint) as open_micros,
    cast(coalesce(sum(open_micros) over (
        partition by department order by local_date nulls last rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as open_micros_before
from lengths
