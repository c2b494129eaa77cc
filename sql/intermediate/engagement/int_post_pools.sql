-- Grain: one row per owned post, age bucket and pool of posts that it may be compared with: its account's (basis
-- 'account') or its platform's (basis 'platform') of its type, numbered from the oldest.
{{ config(materialized='table') }}

with reached as (
    select
        counts.mention_id,
        counts.bucket_hours,
        posts.account_id,
        posts.platform,
        posts.post_type,
        counts.captured_at,
        {{ micros('counts.published_at') }} as published_micros,
        counts.interactions
    from {{ ref('int_owned_counts') }} as counts
    inner join {{ ref('int_owned_posts') }} as posts on counts.mention_id = posts.mention_id
    where counts.interactions is not null
),

pools as (
    select *, 'account' as basis, account_id as pool from reached
    union all
    select *, 'platform' as basis, platform as pool from reached
),

-- What was published a bucket's width before a post was read before it, if ever: only posts between the two have to be
-- looked at one by one.
moments as (
    select *, published_micros as at_micros, 1 as is_post from pools
    union all
    select
        *,
        published_micros - {{ bucket_width_micros('bucket_hours') }} as at_micros,
        0 as is_post
    from pools
),

counted as (
    select
        *,
        sum(is_post) over (
            partition by basis, pool, post_type, bucket_hours
            order by at_micros asc nulls last, is_post desc nulls last, mention_id asc nulls last
            rows between unbounded preceding and current row
        ) as posts_so_far
    from moments
)

select
    basis,
    pool,
    post_type,
    bucket_hours,
    mention_id,
    min(captured_at) as captured_at,
    min(published_micros) as published_micros,
    min(interactions) as interactions,
    cast(max(case when is_post = 1 then posts_so_far end) as bigint) as post_no,
    cast(max(case when is_post = 0 then posts_so_far end) as bigint) as surely_known_posts
from counted
group by basis, pool, post_type, bucket_hours, mention_id
