-- Grain: one row per platform, bucket (24 h, 3 d, 7 d, 30 d) and reporting day on which a post reached the bucket: how
-- far followers explained interactions on the platform in the 90 days up to then.
{{ config(materialized='table') }}

{# Fewer, or followers all alike, say nothing of how interactions go with followers. #}
{% set fewest_posts = 200 %}
{% set fewest_authors = 50 %}
{% set least_spread = '0.5' %}

with centred as (
    select
        *,
        sum_xx - {{ ratio('sum_x * sum_x', 'posts') }} as spread_x,
        sum_xy - {{ ratio('sum_x * sum_y', 'posts') }} as spread_xy,
        sum_yy - {{ ratio('sum_y * sum_y', 'posts') }} as spread_y
    from {{ ref('int_fit_sums') }}
),

judged as (
    select
        centred.*,
        sqrt(greatest({{ ratio('spread_x', 'posts - 1') }}, cast(0 as double))) as sd_ln_followers,
        platforms.followers_reporting
    from centred
    left join {{ ref('dim_platforms') }} as platforms on centred.platform = platforms.platform
),

reasoned as (
    select
        *,
        coalesce({{ followers_never_told('followers_reporting') }}, case
            when posts < {{ fewest_posts }} then 'fewer than {{ fewest_posts }} posts'
            when authors < {{ fewest_authors }} then 'fewer than {{ fewest_authors }} authors'
            when sd_ln_followers < cast({{ least_spread }} as double) then 'followers hardly differ'
        end) as reason
    from judged
),

fitted as (
    select
        *,
        case when reason is null then {{ ratio('spread_xy', 'spread_x') }} end as slope
    from reasoned
)

select
    platform,
    bucket_hours,
    fit_date,
    {{ ratio('sum_y - slope * sum_x', 'posts') }} as intercept,
    slope,
    -- Where E hardly varies, what is left of its spread is rounding.
    case
        when slope is not null and spread_y > cast(0.000000001 as double) * sum_yy
            then {{ ratio('spread_xy * spread_xy', 'spread_x * spread_y') }}
    end as r_squared,
    posts,
    authors,
    case when posts > 1 then sd_ln_followers end as sd_ln_followers,
    reason
from fitted
