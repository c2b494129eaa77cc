-- Grain: one row per department and reporting day, from its first inbound mention to the newest run's day.
{{ config(materialized='table') }}

with items as (
    select
        department,
        report_date as opened_date,
        is_answered is not null as is_known,
        case when is_answered then {{ report_date('first_response_at') }} end as answered_date,
        {{ report_date(add_micros('clock_started_at', '30 * 86400000000')) }} as lapsed_date,
        case when not is_on_time then {{ report_date('deadline_at') }} end as breached_date,
        case when not is_on_time_business then {{ report_date('business_deadline_at') }} end as breached_business_date
    from {{ ref('kpi_response') }}
    where is_clock_start and department is not null
),

events as (
    select department, opened_date as report_date, 'opened' as event, is_known from items
    union all
    select department, answered_date as report_date, 'answered' as event, is_known from items
    union all
    select department, lapsed_date as report_date, 'lapsed' as event, is_known from items
    where answered_date is null
    union all
    select department, breached_date as report_date, 'breached' as event, is_known from items
    union all
    select department, breached_business_date as report_date, 'breached_business' as event, is_known from items
),

firsts as (
    select
        department,
        min(opened_date) as first_date
    from items
    group by department
),

days as (
    select
        firsts.department,
        dates.report_date
    from firsts
    inner join {{ ref('dim_dates') }} as dates on firsts.first_date <= dates.report_date
    where dates.report_date <= (select {{ report_date('max(as_of)') }} from {{ ref('stg_runs') }})
),

counted as (
    select
        days.department,
        days.report_date,
        {{ how_many("events.event = 'opened' and events.is_known") }} as known,
        {{ how_many("events.event = 'opened'") }} as opened,
        {{ how_many("events.event = 'answered'") }} as answered,
        {{ how_many("events.event = 'lapsed'") }} as lapsed,
        {{ how_many("events.event = 'breached'") }} as breached,
        {{ how_many("events.event = 'breached_business'") }} as breached_business
    from days
    left join events on days.department = events.department and days.report_date = events.report_date
    group by days.department, days.report_date
)

select
    department,
    report_date,
    {{ ratio('known', 'opened') }} as coverage,
    opened,
    answered,
    lapsed,
    breached,
    breached_business,
    cast(sum(opened - answered - lapsed) over (
        partition by department order by report_date nulls last rows between unbounded preceding and current row
    ) as bigint) as backlog
from counted
