-- Grain: one row per platform: what its counts can be trusted to tell. 'reported': for every post; 'partly': for some
-- kinds of posts or some readings; 'own_only': for the account owner's posts; 'never': NULL for ever, not 0. And
-- whether we read its threads: these are no count of a post, so never_told does not name them.
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
        -- Followers of own_only are those of tracked accounts, competitors' among them.
        case when reporting = 'never' or (reporting = 'own_only' and metric <> 'followers') then metric end
            as missing_of_others,
        nullif(note, '-') as note
    from {{ ref('platform_metrics') }}
)

select
    platforms.platform,
    {% for metric in metrics -%}
        max(case when reporting.metric = '{{ metric }}' then reporting.reporting end) as {{ metric }}_reporting,
    {% endfor -%}
    -- Only a source of its own reads a platform's threads, and each that does is in the seed (a test holds it against
    -- the sources). What nobody described comes from files, which never tell that a thread was read to its end.
    coalesce(max(case when reporting.metric = 'threads' then reporting.reporting end), 'never') as threads_reporting,
    {% for suffix in ['', '_of_others'] -%}
        case
            when count(reporting.metric) > 0
                then coalesce(nullif(concat_ws(
                    '+'
                    {%- for metric in metrics -%}
                        , max(case when reporting.missing{{ suffix }} = '{{ metric }}' then '{{ metric }}' end)
                    {%- endfor -%}
                ), ''), 'nothing')
        end as never_told{{ suffix }},
    {% endfor -%}
    nullif(concat_ws(
        '; '
        {%- for metric in metrics + ['threads'] -%}
            , max(case when reporting.metric = '{{ metric }}' then '{{ metric }}: ' || reporting.note end)
        {%- endfor -%}
    ), '') as notes
from platforms
left join reporting on platforms.platform = reporting.platform
group by platforms.platform
