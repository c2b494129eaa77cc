-- Grain: one row per site, platform, contact page and day to make anew: the same weekdays of the 56 days before that
-- the tool told whole, without days of incomplete collection. A told day without the page is a day of 0.
{{ config(materialized='table') }}

with coverage as (
    select source, report_date, {{ ratio('sum(covered_micros)', 'sum(asked_micros)') }} as coverage
    from {{ ref('int_coverage') }}
    group by source, report_date
),

visits as (
    select
        referrals.site,
        referrals.platform,
        referrals.landing_page,
        referrals.visit_date,
        cast(sum(referrals.sessions) as bigint) as sessions,
        count(referrals.sessions) = count(*) as is_told
    from {{ ref('stg_referrals') }} as referrals
    inner join {{ ref('stg_sites') }} as sites on referrals.site = sites.site
    where
        referrals.platform is not null
        and {{ array_has('sites.contact_pages', page_path('referrals.landing_page')) }}
    group by referrals.site, referrals.platform, referrals.landing_page, referrals.visit_date
),

told_days as (
    select referrals.site, referrals.visit_date
    from {{ ref('stg_referrals') }} as referrals
    left join coverage on referrals.source = coverage.source and referrals.visit_date = coverage.report_date
    group by referrals.site, referrals.visit_date
    having min(coalesce(coverage.coverage, 1)) >= cast(0.999999 as double)
),

days as (
    select * from visits
    where visit_date in (select visit_date from {{ ref('int_referral_days') }})
),

weeks as (
    select site, platform, landing_page, visit_date, {{ whole_numbers(7) }}
    from days
),

yardsticks as (
    select
        weeks.site,
        weeks.platform,
        weeks.landing_page,
        weeks.visit_date,
        coalesce(visits.sessions, 0) as sessions
    from weeks
    inner join told_days
        on weeks.site = told_days.site
        and {{ add_days('weeks.visit_date', 'cast(-7 * (weeks.n + 1) as integer)') }} = told_days.visit_date
    left join visits
        on weeks.site = visits.site and weeks.platform = visits.platform
        and weeks.landing_page = visits.landing_page and told_days.visit_date = visits.visit_date
    where coalesce(visits.is_told, true)
),

measured as (
    select
        site,
        platform,
        landing_page,
        visit_date,
        cast(count(*) as bigint) as yardstick_days,
        cast(median(sessions) as double) as expected_sessions,
        {{ whole_variance('count(*)', 'sum(sessions)', 'sum(sessions * sessions)') }} as observed_variance
    from yardsticks
    group by site, platform, landing_page, visit_date
)

select
    site,
    platform,
    landing_page,
    visit_date,
    yardstick_days,
    expected_sessions,
    -- As kpi_spikes has it: at least Poisson's, and a median of n days is itself uncertain by pi/2 ÷ n of it.
    sqrt(
        greatest(expected_sessions, observed_variance, cast(1 as double))
        * (1 + {{ ratio('1.5707963267948966', 'yardstick_days') }})
    ) as standard_deviation
from measured
