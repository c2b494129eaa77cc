-- Grain: one row per period of kpi_voices that this build makes anew: the last 28 days always, and months whose own
-- mentions, acts or coverage changed, or those of the month after (who came back) or of the 29 days before (advocates).
{{ config(materialized='table') }}

-- Acts on what changed, and acts that are told of only now: two searches, as an `or` would look up all acts there are.
with acts as (
    select mention_id from {{ ref('stg_interactions') }}
    where {{ since_last_build('load_seq') }}
    union
    select mention_id from {{ ref('stg_interactions') }}
    where target_mention_id in (select mention_id from {{ ref('int_touched_mentions') }})
),

touched as (
    select report_date from {{ ref('int_touched_days') }}
    union
    select report_date from {{ ref('int_touched_mentions') }}
    where report_date is not null
    union
    select report_date from {{ ref('fct_mentions') }}
    where mention_id in (select mention_id from acts)
    union
    select report_date from {{ ref('dim_dates') }}
    where (select built_load_seq from {{ ref('stg_build') }}) < 0
),

touched_months as (
    select
        cast(date_trunc('month', report_date) as date) as own_month,
        cast(date_trunc('month', {{ add_days('report_date', 29) }}) as date) as later_month
    from touched
),

months as (
    select own_month as first_date from touched_months
    union
    select later_month as first_date from touched_months
    union
    select cast(date_trunc('month', {{ add_days('own_month', -1) }}) as date) as first_date from touched_months
),

clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
)

select
    substr(cast(first_date as string), 1, 7) as period,
    first_date,
    last_day(first_date) as last_date,
    last_day({{ add_days('last_day(first_date)', 1) }}) as next_last_date
from months
union all
select
    'last 28 days' as period,
    {{ add_days('report_date', -27) }} as first_date,
    report_date as last_date,
    report_date as next_last_date
from clock
