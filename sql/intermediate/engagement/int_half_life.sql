-- Grain: one row per owned post: between which readings it came to half of the interactions of its newest reading.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

with posts as (
    select mention_id, published_at from {{ ref('fct_mentions') }}
    where
        is_owned and deleted_at is null and {{ is_post('kind') }}
        and {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

readings as (
    select
        posts.mention_id,
        readings.captured_at,
        {{ micros('readings.captured_at') }} - {{ micros('posts.published_at') }} as age_micros,
        {{ interactions('readings.') }} as interactions,
        readings.load_seq
    from posts
    inner join {{ collected(ref('int_touched_readings'), ref('stg_engagement_snapshots')) }} as readings
        on posts.mention_id = readings.mention_id
    cross join {{ ref('int_weights') }} as weights
),

told as (
    select
        *,
        lag(age_micros) over by_age as age_micros_before,
        last_value(interactions) over whole as final_interactions,
        last_value(age_micros) over whole as final_age_micros
    from readings
    where interactions is not null
    window
        by_age as (partition by mention_id order by captured_at nulls last, load_seq nulls last),
        whole as (
            partition by mention_id order by captured_at nulls last, load_seq nulls last
            rows between unbounded preceding and unbounded following
        )
),

halves as (
    select
        mention_id,
        final_interactions,
        final_age_micros,
        greatest(coalesce(age_micros_before, 0), 0) as low_micros,
        age_micros as high_micros
    from told
    where {{ reaches('2 * interactions', 'final_interactions') }}
    qualify row_number() over (partition by mention_id order by captured_at nulls last, load_seq nulls last) = 1
),

-- An interval wider than half a day says something only where it is narrow beside the age itself.
reasoned as (
    select
        *,
        case
            when final_interactions <= 0 then 'no interactions'
            when final_age_micros < 7 * 86400000000 then 'not read at 7 days or later'
            when high_micros - low_micros > greatest(43200000000, low_micros) then 'readings too far apart'
        end as half_life_reason
    from halves
)

select
    mention_id,
    final_interactions,
    {{ hours('final_age_micros') }} as final_age_hours,
    case when half_life_reason is null then {{ hours('low_micros') }} end as half_life_low_hours,
    case when half_life_reason is null then {{ hours('high_micros') }} end as half_life_high_hours,
    half_life_reason
from reasoned
