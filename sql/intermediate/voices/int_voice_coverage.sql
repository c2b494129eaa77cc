-- Grain: one row per entity and period (a month, or the last 28 days) that was asked: how much of it was read.
{{ config(materialized='table') }}

with clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
),

asked as (
    select
        entity_id,
        cast(date_trunc('month', report_date) as date) as first_date,
        sum(asked_micros) as asked,
        sum(covered_micros) as covered
    from {{ ref('int_entity_asked_days') }}
    group by entity_id, cast(date_trunc('month', report_date) as date)
),

asked_lately as (
    select days.entity_id, clock.report_date, sum(days.asked_micros) as asked, sum(days.covered_micros) as covered
    from {{ ref('int_entity_asked_days') }} as days
    inner join clock
        on days.report_date between {{ add_days('clock.report_date', -27) }} and clock.report_date
    group by days.entity_id, clock.report_date
)

select
    entity_id,
    substr(cast(first_date as string), 1, 7) as period,
    first_date,
    last_day(first_date) as last_date,
    {{ ratio('covered', 'asked') }} as coverage
from asked
union all
select
    entity_id,
    'last 28 days' as period,
    {{ add_days('report_date', -27) }} as first_date,
    report_date as last_date,
    {{ ratio('covered', 'asked') }} as coverage
from asked_lately
