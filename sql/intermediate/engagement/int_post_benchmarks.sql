-- Grain: one row per owned post and age bucket that has a benchmark: the mean of the middle half of E over the up to
-- 100 posts before it, as E was known when the post reached the bucket.
{{ config(materialized='table') }}

{% set most_posts = 100 %}
{% set fewest_posts = 20 %}

with pools as (
    select * from {{ ref('int_post_pools') }}
),

-- Whoever has posts enough of its own needs no platform's.
compared as (
    select pools.*
    from pools
    left join pools as own
        on pools.mention_id = own.mention_id and pools.bucket_hours = own.bucket_hours and own.basis = 'account'
    where pools.basis = 'account' or own.surely_known_posts < {{ fewest_posts }}
),

-- Hundreds of a pool, so that a post meets those that hold the last 100 before it, and not all of its past.
spans as (
    select
        *,
        {{ hundred_of('greatest(surely_known_posts - 99, 0)') }} as first_hundred,
        {{ hundred_of('post_no - 1') }} as last_hundred
    from compared
),

hundreds as (
    select *, {{ whole_numbers('last_hundred - first_hundred') }}
    from spans
),

earlier as (
    select
        posts.basis,
        posts.mention_id,
        posts.bucket_hours,
        before.mention_id as earlier_id,
        before.interactions
    from hundreds as posts
    inner join pools as before
        on posts.basis = before.basis
        and posts.pool = before.pool
        and posts.post_type = before.post_type
        and posts.bucket_hours = before.bucket_hours
        and posts.first_hundred + posts.n = {{ hundred_of('before.post_no') }}
    where before.published_micros < posts.published_micros and before.captured_at <= posts.captured_at
    qualify row_number() over (
        partition by posts.basis, posts.mention_id, posts.bucket_hours
        order by before.published_micros desc nulls last, before.mention_id desc nulls last
    ) <= {{ most_posts }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by basis, mention_id, bucket_hours order by interactions nulls last, earlier_id nulls last
        ) as place,
        count(*) over (partition by basis, mention_id, bucket_hours) as posts
    from earlier
),

-- The interquartile mean: places run from 0 to n, the middle half from n/4 to 3n/4, and a place that lies on its edge
-- counts by the part of it that is within. In quarters, so that all weights are whole and add up to 2n.
benchmarks as (
    select
        mention_id,
        bucket_hours,
        basis,
        max(posts) as posts,
        {{ ratio(
            'sum(' ~ exact('interactions * greatest(least(4 * place, 3 * posts) - greatest(4 * place - 4, posts), 0)') ~ ')',
            '2 * max(posts)'
        ) }} as benchmark
    from ranked
    group by mention_id, bucket_hours, basis
)

select
    mention_id,
    bucket_hours,
    basis,
    cast(posts as bigint) as posts,
    benchmark
from benchmarks
where posts >= {{ fewest_posts }} or basis = 'platform'
qualify row_number() over (partition by mention_id, bucket_hours order by basis nulls last) = 1
