-- Grain: one row per post and age bucket for which it was read: the counts of the earliest reading that serves it.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'published_at'}) }}

with posts as (
    select * from {{ ref('fct_mentions') }}
    where
        deleted_at is null and {{ is_post('kind') }}
        and {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

aged as (
    select
        posts.mention_id,
        {{ age_bucket(micros('readings.captured_at') ~ ' - ' ~ micros('posts.published_at')) }} as bucket_hours,
        posts.platform,
        posts.author_id,
        posts.published_at,
        posts.is_owned,
        posts.is_owned or posts.is_employee or posts.is_media as is_tracked,
        readings.captured_at,
        {{ report_date('readings.captured_at') }} as reached_date,
        {{ interactions('readings.') }} as interactions,
        readings.load_seq
    from posts
    inner join {{ collected(ref('int_touched_readings'), ref('stg_engagement_snapshots')) }} as readings
        on posts.mention_id = readings.mention_id
    cross join {{ ref('int_weights') }} as weights
)

select
    mention_id,
    cast(bucket_hours as integer) as bucket_hours,
    platform,
    author_id,
    published_at,
    is_owned,
    is_tracked,
    captured_at,
    reached_date,
    interactions
from aged
where bucket_hours is not null
qualify row_number() over (
    partition by mention_id, bucket_hours order by captured_at asc nulls last, load_seq desc nulls last
) = 1
{{ laid_out_by('published_at') }}
