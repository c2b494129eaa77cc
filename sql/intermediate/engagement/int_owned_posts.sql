-- Grain: one row per post of an account that a brand owns, ours or a competitor's; what was deleted is left out.
{{ config(materialized='table') }}

select
    mentions.mention_id,
    mentions.author_id as account_id,
    mentions.platform,
    -- CrowdTangle compares posts of one format; what is of another kind than a plain post is compared by its kind.
    case
        when mentions.kind <> 'post' then mentions.kind
        {% for format in ['video', 'image', 'audio', 'poll', 'link'] -%}
            when {{ array_has('mentions.media_formats', "'" ~ format ~ "'") }} then '{{ format }}'
        {% endfor -%}
        else 'text'
    end as post_type,
    mentions.published_at,
    mentions.report_date,
    mentions.captured_at,
    {{ hours_between('mentions.published_at', 'mentions.captured_at') }} as age_hours,
    mentions.likes,
    mentions.replies,
    {{ shares('mentions.') }} as shares,
    mentions.views,
    mentions.interactions,
    mentions.interactions_basis
from {{ ref('fct_mentions') }} as mentions
where mentions.is_owned and mentions.deleted_at is null and {{ is_post('mentions.kind') }}
