-- Grain: one row per platform: what its counts can be trusted to tell. 'reported': for every post; 'partly': for some
-- kinds of posts or some readings; 'own_only': for the account owner's posts; 'never': NULL for ever, not 0.
{{ config(materialized='table') }}

{% set metrics = ['likes', 'replies', 'reposts', 'quotes', 'views', 'bookmarks', 'upvotes', 'downvotes', 'clicks',
                  'followers'] %}

with platforms as (
    select distinct platform from {{ ref('platform_metrics') }}
    union
    select distinct platform from {{ ref('stg_mentions') }}
),

reporting as (
    -- '-' stands for nothing: an empty cell of a seed is NULL in one engine and a text in the other.
    select
        platform,
        metric,
        reporting,
        case when reporting = 'never' then metric end as missing,
        nullif(note, '-') as note
    from {{ ref('platform_metrics') }}
)

select
    platforms.platform,
    {% for metric in metrics -%}
        max(case when reporting.metric = '{{ metric }}' then reporting.reporting end) as {{ metric }}_reporting,
    {% endfor -%}
    case
        when count(reporting.metric) > 0
            then coalesce(nullif(concat_ws(
                '+'
                {%- for metric in metrics -%}
                    , max(case when reporting.missing = '{{ metric }}' then '{{ metric }}' end)
                {%- endfor -%}
            ), ''), 'nothing')
    end as never_told,
    nullif(concat_ws(
        '; '
        {%- for metric in metrics -%}
            , max(case when reporting.metric = '{{ metric }}' then '{{ metric }}: ' || reporting.note end)
        {%- endfor -%}
    ), '') as notes
from platforms
left join reporting on platforms.platform = reporting.platform
group by platforms.platform
