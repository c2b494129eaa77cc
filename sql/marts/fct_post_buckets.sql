-- Grain: one row per post of an owned account (ours or a competitor's) and age bucket for which it was read: what it
-- reached by then, and what its account's earlier posts and its followers had let expect.
{{ config(materialized='table') }}

with posts as (
    select counts.*, owned.post_type
    from {{ ref('int_owned_counts') }} as counts
    inner join {{ ref('int_owned_posts') }} as owned on counts.mention_id = owned.mention_id
),

compared as (
    select
        posts.*,
        {{ never_told('entities.is_own') }} as never_told,
        readings.followers,
        benchmarks.basis as benchmark_basis,
        benchmarks.posts as benchmark_posts,
        benchmarks.benchmark,
        settings.overperformance_minimum as least,
        greatest(benchmarks.benchmark, settings.overperformance_minimum) as raised_benchmark,
        fits.fit_date,
        exp(fits.intercept + fits.slope * {{ ln_1p('readings.followers') }}) as expected_plus_1,
        coalesce({{ followers_never_told('platforms.followers_reporting') }}, case
            when posts.bucket_hours < 24 then 'no fit below 24 hours'
            when posts.interactions is null then 'interactions not told'
            when readings.followers is null then 'followers not read'
            else fits.reason
        end) as beyond_follower_reason
    from posts
    cross join {{ ref('int_kpi_settings') }} as settings
    left join {{ ref('dim_accounts') }} as accounts on posts.author_id = accounts.account_id
    left join {{ ref('dim_entities') }} as entities on accounts.entity_id = entities.entity_id
    left join {{ ref('int_owned_followers') }} as readings
        on posts.author_id = readings.account_id
        and readings.read_at <= posts.captured_at
        and readings.until_at > posts.captured_at
    left join {{ ref('int_post_benchmarks') }} as benchmarks
        on posts.mention_id = benchmarks.mention_id and posts.bucket_hours = benchmarks.bucket_hours
    left join {{ ref('fct_follower_fit') }} as fits
        on posts.platform = fits.platform
        and posts.bucket_hours = fits.bucket_hours
        and posts.reached_date = fits.fit_date
    left join {{ ref('dim_platforms') }} as platforms on posts.platform = platforms.platform
)

select
    mention_id,
    bucket_hours,
    author_id as account_id,
    platform,
    post_type,
    published_at,
    captured_at,
    reached_date,
    never_told,
    interactions,
    benchmark,
    benchmark_posts,
    benchmark_basis,
    case
        when interactions is null or benchmark is null then null
        when not ({{ reaches('interactions', 'least') }} or {{ reaches('benchmark', 'least') }})
            then {{ ratio('interactions', 'least') }}
        when {{ reaches('interactions', 'raised_benchmark') }} then {{ ratio('interactions', 'raised_benchmark') }}
        else -{{ ratio('raised_benchmark', 'greatest(interactions, cast(0.5 as double))') }}
    end as overperformance,
    {{ ln_1p('interactions', 'log2') }} - {{ ln_1p('benchmark', 'log2') }} as overperformance_log2,
    followers,
    expected_plus_1 - 1 as expected_interactions,
    case
        when interactions is not null then 100 * {{ ratio('interactions + 1', 'expected_plus_1') }}
    end as beyond_follower_index,
    beyond_follower_reason
from compared
