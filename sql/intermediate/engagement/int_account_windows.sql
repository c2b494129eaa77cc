-- Grain: one row per owned account and reporting day of int_account_days: what its posts of the last 90 days say.
{{ config(materialized='table') }}

with posts as (
    select
        account_id,
        report_date,
        mention_id,
        interactions,
        {{ ln_ratio('beyond_follower_index_24h', '100') }} as ln_index
    from {{ ref('kpi_post_performance') }}
),

days as (
    select account_id, report_date from {{ ref('int_account_days') }}
),

ranked as (
    select
        days.account_id,
        days.report_date,
        posts.interactions,
        posts.ln_index,
        row_number() over (
            partition by days.account_id, days.report_date
            order by posts.interactions desc nulls last, posts.mention_id desc nulls last
        ) as place
    from days
    inner join posts
        on days.account_id = posts.account_id
        and posts.report_date between {{ add_days('days.report_date', -89) }} and days.report_date
),

sums as (
    select
        account_id,
        report_date,
        max(case when {{ reaches('interactions', 'place') }} then place end) as places,
        count(interactions) as told,
        count(ln_index) as posts,
        cast(sum({{ exact('ln_index') }}) as double) as x,
        cast(sum({{ exact('ln_index * ln_index') }}) as double) as xx
    from ranked
    group by account_id, report_date
)

select
    account_id,
    report_date,
    case when told > 0 then cast(coalesce(places, 0) as bigint) end as h_index_90d,
    cast(posts as bigint) as scored_posts_90d,
    {{ ratio('x', 'posts') }} as mean,
    {{ mean_margin('x', 'xx', 'posts') }} as margin
from sums
