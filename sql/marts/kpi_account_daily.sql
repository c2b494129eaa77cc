-- Grain: one row per owned account, ours or a competitor's, and reporting day since it was first known.
{{ config(materialized='table') }}

{% set fewest_scored = fewest_scored() %}

with posts as (
    select
        account_id,
        report_date,
        cast(count(*) as bigint) as posts,
        cast(count(likes) as bigint) as posts_with_likes,
        cast(sum(likes) as bigint) as likes,
        cast(count(replies) as bigint) as posts_with_replies,
        cast(sum(replies) as bigint) as replies,
        cast(count(shares) as bigint) as posts_with_shares,
        cast(sum(shares) as bigint) as shares,
        cast(count(interactions) as bigint) as posts_with_interactions,
        cast(sum({{ exact('interactions') }}) as double) as interactions,
        median(interactions) as median_interactions
    from {{ ref('int_owned_posts') }}
    group by account_id, report_date
)

select
    days.account_id,
    days.platform,
    days.entity_id,
    entities.entity_kind,
    days.report_date,
    coverage.coverage,
    {{ never_told('entities.is_own') }} as never_told,
    coalesce(posts.posts, 0) as posts,
    posts.likes,
    coalesce(posts.posts_with_likes, 0) as posts_with_likes,
    {{ ratio('posts.likes', 'posts.posts_with_likes') }} as applause,
    posts.replies,
    coalesce(posts.posts_with_replies, 0) as posts_with_replies,
    {{ ratio('posts.replies', 'posts.posts_with_replies') }} as conversation,
    posts.shares,
    coalesce(posts.posts_with_shares, 0) as posts_with_shares,
    {{ ratio('posts.shares', 'posts.posts_with_shares') }} as amplification,
    posts.interactions,
    coalesce(posts.posts_with_interactions, 0) as posts_with_interactions,
    {{ ratio('posts.interactions', 'posts.posts_with_interactions') }} as mean_interactions,
    posts.median_interactions,
    days.followers,
    days.followers_change,
    {{ ratio('days.followers_change', 'days.followers - days.followers_change') }} as followers_growth,
    -- Without a post in the 90 days it is 0; with posts of which nobody told E it is not known.
    case when scores.account_id is null then 0 else scores.h_index_90d end as h_index_90d,
    coalesce(scores.scored_posts_90d, 0) as scored_posts_90d,
    case when scores.scored_posts_90d >= {{ fewest_scored }} then 100 * exp(scores.mean) end
        as beyond_follower_index_90d,
    case when scores.scored_posts_90d >= {{ fewest_scored }} then 100 * exp(scores.mean - scores.margin) end
        as beyond_follower_index_90d_low,
    case when scores.scored_posts_90d >= {{ fewest_scored }} then 100 * exp(scores.mean + scores.margin) end
        as beyond_follower_index_90d_high,
    coalesce({{ followers_never_told('platforms.followers_reporting') }}, case
        when coalesce(scores.scored_posts_90d, 0) < {{ fewest_scored }}
            then 'fewer than {{ fewest_scored }} scored posts'
    end) as beyond_follower_reason
from {{ ref('int_account_days') }} as days
left join posts on days.account_id = posts.account_id and days.report_date = posts.report_date
left join {{ ref('int_account_windows') }} as scores
    on days.account_id = scores.account_id and days.report_date = scores.report_date
left join {{ ref('dim_entities') }} as entities on days.entity_id = entities.entity_id
left join {{ ref('dim_platforms') }} as platforms on days.platform = platforms.platform
left join {{ ref('int_platform_coverage') }} as coverage
    on days.platform = coverage.platform and days.report_date = coverage.report_date
