-- Grain: one row per target: its month, and how much of it is over and covered, by the entity's search windows or, for
-- visits, by those of the tools that count its sites. A day that was not asked is not covered.
{{ config(materialized='table') }}

with clock as (
    select max(as_of) as as_of from {{ ref('stg_runs') }}
),

targets as (
    select
        targets.target_id,
        targets.metric,
        targets.entity_id,
        targets.target,
        targets.month_start_date,
        last_day(targets.month_start_date) as last_date,
        {{ micros(day_start('targets.month_start_date')) }} as starts_at_micros,
        {{ micros(day_start(add_days('last_day(targets.month_start_date)', 1))) }} as ends_at_micros,
        {{ micros('clock.as_of') }} as as_of_micros,
        targets.metric in {{ target_names(1, 'kpi_referrals') }} as is_of_visits
    from {{ ref('stg_targets') }} as targets
    cross join clock
),

tools as (
    select distinct sites.entity_id, referrals.source
    from {{ ref('stg_sites') }} as sites
    inner join {{ ref('stg_referrals') }} as referrals on sites.site = referrals.site
),

days as (
    select entity_id, report_date, false as is_of_visits, coverage
    from {{ ref('int_entity_days') }}
    where scope = '*'
    union all
    select
        tools.entity_id,
        windows.report_date,
        true as is_of_visits,
        {{ ratio('sum(windows.covered_micros)', 'sum(windows.asked_micros)') }} as coverage
    from tools
    inner join {{ ref('int_coverage') }} as windows on tools.source = windows.source
    group by tools.entity_id, windows.report_date
),

covered as (
    select
        targets.target_id,
        sum(cast(round(
            days.coverage
            * (least({{ micros('dates.ends_at') }}, targets.as_of_micros) - {{ micros('dates.starts_at') }})
        ) as bigint)) as covered_micros
    from targets
    inner join days
        on targets.entity_id = days.entity_id and targets.is_of_visits = days.is_of_visits
        and days.report_date between targets.month_start_date and targets.last_date
    inner join {{ ref('dim_dates') }} as dates on days.report_date = dates.report_date
    where {{ micros('dates.starts_at') }} < targets.as_of_micros
    group by targets.target_id
)

select
    targets.target_id,
    targets.metric,
    targets.entity_id,
    targets.target,
    targets.month_start_date,
    targets.last_date,
    targets.ends_at_micros - targets.starts_at_micros as month_micros,
    greatest(least(targets.ends_at_micros, targets.as_of_micros) - targets.starts_at_micros, 0) as elapsed_micros,
    cast(coalesce(covered.covered_micros, 0) as bigint) as covered_micros
from targets
left join covered on targets.target_id = covered.target_id
