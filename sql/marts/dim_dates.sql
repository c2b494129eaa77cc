-- Grain: one row per calendar day of the reporting time zone, from the first mention or asked window to the newest
-- run's day, without gaps.
{{ config(materialized='table') }}

with instants as (
    select min(published_at) as first_at, max(published_at) as last_at from {{ ref('stg_mentions') }}
    union all
    select min(greatest(window_start, timestamp '1990-01-01 00:00:00')) as first_at, null as last_at
    from {{ ref('stg_collections') }}
    where window_start is not null
    union all
    select min(as_of) as first_at, max(as_of) as last_at from {{ ref('stg_runs') }}
),

bounds as (
    select
        {{ report_date('min(first_at)') }} as first_date,
        {{ report_date('max(last_at)') }} as last_date
    from instants
),

dates as (
    select {{ dates_between('first_date', 'last_date') }}
    from bounds
),

numbered as (
    select
        report_date,
        {{ iso_weekday('report_date') }} as iso_weekday
    from dates
)

select
    report_date,
    cast(extract(year from report_date) as integer) as year,
    cast(extract(quarter from report_date) as integer) as quarter,
    cast(extract(month from report_date) as integer) as month,
    iso_weekday,
    iso_weekday >= 6 as is_weekend,
    cast(date_trunc('week', report_date) as date) as week_start_date,
    cast(date_trunc('month', report_date) as date) as month_start_date,
    {{ day_start('report_date') }} as starts_at,
    {{ day_start(add_days('report_date', 1)) }} as ends_at
from numbered
