-- Grain: one row per account and entity: who spoke of it in the 90 days up to the newest run's day, or is in its graph.
{{ config(materialized='table') }}
{%- set peers = 'measured.entity_id, measured.platform, measured.is_owned' %}

with clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
),

ranks as (
    select * from {{ ref('stg_account_ranks') }}
    where ranked_at = (select max(ranked_at) from {{ ref('stg_account_ranks') }})
),

coverage as (
    select
        days.entity_id,
        days.platform,
        {{ ratio('sum(days.covered_micros)', 'sum(days.asked_micros)') }} as coverage
    from {{ ref('int_entity_asked_days') }} as days
    inner join clock
        on days.report_date between {{ add_days('clock.report_date', -89) }} and clock.report_date
    group by days.entity_id, days.platform
),

found as (
    select entity_id, account_id from {{ ref('int_influence_posts') }}
    union
    select entity_id, account_id from ranks
),

measured as (
    select
        found.entity_id,
        entities.entity_kind,
        found.account_id,
        split_part(found.account_id, ':', 1) as platform,
        coalesce(accounts.is_owned, false) as is_owned,
        accounts.is_owned and owners.is_own as is_own,
        coalesce(accounts.is_owned or accounts.is_employee or accounts.is_media, false) as is_tracked,
        coalesce(posts.mentions, 0) as mentions_90d,
        case when not coalesce(accounts.is_owned, false) then ranks.pagerank end as pagerank,
        ranks.ranked_at,
        posts.h_index_90d,
        coalesce(posts.compared_posts, 0) as compared_posts,
        posts.mean_overperformance_log2,
        accounts.followers
    from found
    inner join {{ ref('dim_entities') }} as entities on found.entity_id = entities.entity_id
    left join {{ ref('dim_accounts') }} as accounts on found.account_id = accounts.account_id
    left join {{ ref('dim_entities') }} as owners on accounts.entity_id = owners.entity_id
    left join {{ ref('int_influence_posts') }} as posts
        on found.entity_id = posts.entity_id and found.account_id = posts.account_id
    left join ranks on found.entity_id = ranks.entity_id and found.account_id = ranks.account_id
)

select
    measured.entity_id,
    measured.entity_kind,
    measured.account_id,
    measured.platform,
    measured.is_owned,
    coverage.coverage,
    {{ never_told('measured.is_own') }} as never_told,
    cast(measured.mentions_90d as bigint) as mentions_90d,
    measured.pagerank,
    case
        when measured.is_owned then 'an owned account'
        when measured.pagerank is null then 'no act known'
    end as pagerank_reason,
    cast(measured.h_index_90d as bigint) as h_index_90d,
    cast(measured.compared_posts as bigint) as compared_posts,
    measured.mean_overperformance_log2,
    case
        when measured.mean_overperformance_log2 is not null then null
        when measured.is_owned then 'no post compared'
        else 'not an owned account'
    end as overperformance_reason,
    measured.followers,
    case
        when measured.followers is not null then null
        when platforms.followers_reporting = 'never' or not measured.is_tracked
            then coalesce({{ followers_never_told('platforms.followers_reporting') }}, 'not read')
        else 'not read'
    end as followers_reason,
    {{ rank_by('measured.pagerank', peers) }} as pagerank_rank,
    {{ rank_by('measured.h_index_90d', peers) }} as h_index_rank,
    {{ rank_by('measured.mean_overperformance_log2', peers) }} as overperformance_rank,
    {{ rank_by('measured.followers', peers) }} as followers_rank
from measured
left join coverage on measured.entity_id = coverage.entity_id and measured.platform = coverage.platform
left join {{ ref('dim_platforms') }} as platforms on measured.platform = platforms.platform
