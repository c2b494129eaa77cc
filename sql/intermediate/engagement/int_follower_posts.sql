-- Grain: one row per platform, bucket, author and reporting day: of the author's posts that reached the bucket on the
-- day the last published, with known E and followers, tracked accounts left out. What fct_follower_fit is fitted on.
{{ config(materialized='incremental', unique_key='reached_date', meta={'scope': 'int_touched_reach'}) }}

with posts as (
    select * from {{ ref('int_bucket_counts') }}
    where
        bucket_hours >= 24
        and not is_tracked
        and author_id is not null
        and interactions is not null
        and {{ in_scope('reached_date', ref('int_touched_reach')) }}
),

readings as (
    select * from {{ ref('int_follower_readings') }}
    where
        account_id in (select author_id from posts)
        and {{ held_since('reached_date', ref('int_touched_reach')) }}
)

select
    posts.platform,
    posts.bucket_hours,
    posts.author_id,
    posts.reached_date,
    posts.mention_id,
    {{ ln_1p('readings.followers') }} as ln_followers,
    {{ ln_1p('posts.interactions') }} as ln_interactions
from posts
inner join readings
    on posts.author_id = readings.account_id
    and readings.read_at <= posts.captured_at
    and readings.until_at > posts.captured_at
qualify
    row_number() over (
        partition by posts.platform, posts.bucket_hours, posts.author_id, posts.reached_date
        order by posts.published_at desc nulls last, posts.mention_id desc nulls last
    ) = 1
{{ laid_out_by('reached_date') }}
