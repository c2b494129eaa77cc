-- Grain: one row per entity, platform, media format and hour of the week (reporting time zone) in which its owned
-- accounts published a post, over the 90 days up to the newest run's day.
{{ config(materialized='table') }}

with clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
),

posts as (
    select
        posts.entity_id,
        posts.platform,
        posts.post_type,
        {{ iso_weekday('posts.report_date') }} as iso_weekday,
        {{ report_hour('posts.published_at') }} as hour_of_day,
        posts.interactions,
        posts.overperformance_log2,
        {{ ln_ratio('posts.beyond_follower_index_24h', '100') }} as ln_index
    from {{ ref('kpi_post_performance') }} as posts
    inner join clock
        on posts.report_date between {{ add_days('clock.report_date', -89) }} and clock.report_date
    where posts.entity_id is not null
),

sums as (
    select
        entity_id,
        platform,
        post_type,
        iso_weekday,
        hour_of_day,
        cast(count(*) as bigint) as posts,
        cast(count(interactions) as bigint) as posts_with_interactions,
        cast(sum({{ exact('interactions') }}) as double) as interactions,
        median(interactions) as median_interactions,
        cast(count(overperformance_log2) as bigint) as compared_posts,
        cast(sum({{ exact('overperformance_log2') }}) as double) as sum_overperformance_log2,
        median(overperformance_log2) as median_overperformance_log2,
        cast(count(ln_index) as bigint) as scored_posts,
        cast(sum({{ exact('ln_index') }}) as double) as sum_ln_index,
        cast(sum({{ exact('ln_index * ln_index') }}) as double) as sum_ln_index_squares
    from posts
    group by entity_id, platform, post_type, iso_weekday, hour_of_day
),

scores as (
    select
        *,
        case when scored_posts >= {{ fewest_scored() }} then {{ ratio('sum_ln_index', 'scored_posts') }} end as mean,
        {{ mean_margin('sum_ln_index', 'sum_ln_index_squares', 'scored_posts') }} as margin
    from sums
),

coverage as (
    select
        days.platform,
        {{ iso_weekday('days.report_date') }} as iso_weekday,
        {{ ratio('sum(days.covered_micros)', 'sum(days.asked_micros)') }} as coverage
    from {{ ref('int_platform_coverage') }} as days
    inner join clock
        on days.report_date between {{ add_days('clock.report_date', -89) }} and clock.report_date
    group by days.platform, {{ iso_weekday('days.report_date') }}
)

select
    scores.entity_id,
    entities.entity_kind,
    scores.platform,
    scores.post_type,
    scores.iso_weekday,
    scores.hour_of_day,
    coverage.coverage,
    {{ never_told('entities.is_own') }} as never_told,
    scores.posts,
    scores.posts_with_interactions,
    scores.interactions,
    scores.median_interactions,
    scores.compared_posts,
    scores.sum_overperformance_log2,
    scores.median_overperformance_log2,
    scores.scored_posts,
    scores.sum_ln_index,
    scores.sum_ln_index_squares,
    100 * exp(scores.mean) as beyond_follower_index,
    100 * exp(scores.mean - scores.margin) as beyond_follower_index_low,
    100 * exp(scores.mean + scores.margin) as beyond_follower_index_high,
    coalesce({{ followers_never_told('platforms.followers_reporting') }}, case
        when scores.mean is null then 'fewer than {{ fewest_scored() }} scored posts'
    end) as beyond_follower_reason
from scores
inner join {{ ref('dim_entities') }} as entities on scores.entity_id = entities.entity_id
left join {{ ref('dim_platforms') }} as platforms on scores.platform = platforms.platform
left join coverage on scores.platform = coverage.platform and scores.iso_weekday = coverage.iso_weekday
