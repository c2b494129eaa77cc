-- Grain: one row per post of an owned account, ours or a competitor's.
{{ config(materialized='table') }}

{% set buckets = {24: '24h', 72: '3d', 168: '7d', 720: '30d'} %}
{% set values = ['interactions', 'expected_interactions', 'beyond_follower_index', 'beyond_follower_reason'] %}

with posts as (
    select * from {{ ref('int_owned_posts') }}
),

-- One row a post: each bucket's values in columns of their own.
buckets as (
    select
        {% for hours, name in buckets.items() -%}
            {% for value in values -%}
                max(case when bucket_hours = {{ hours }} then {{ value }} end) as {{ value }}_{{ name }},
            {% endfor -%}
            max(case when bucket_hours = {{ hours }} then 1 else 0 end) = 1 as is_read_at_{{ name }},
        {% endfor -%}
        mention_id
    from {{ ref('fct_post_buckets') }}
    group by mention_id
),

headline as (
    select * from {{ ref('fct_post_buckets') }}
    where bucket_hours = 24
)

select
    posts.mention_id,
    posts.account_id,
    posts.platform,
    accounts.entity_id,
    entities.entity_kind,
    posts.post_type,
    posts.published_at,
    posts.report_date,
    coverage.coverage,
    posts.captured_at,
    posts.age_hours,
    posts.likes,
    posts.replies,
    posts.shares,
    posts.views,
    posts.interactions,
    posts.interactions_basis,
    {{ never_told('entities.is_own') }} as never_told,
    readings.followers,
    {{ ratio('posts.interactions', 'posts.views') }} as engagement_rate_by_views,
    {{ ratio('posts.interactions', 'readings.followers') }} as engagement_rate_by_followers,
    {{ ratio('posts.shares', 'posts.interactions') }} as virality,
    {{ ratio('weights.weight_replies * posts.replies', 'posts.interactions') }} as conversation_share,
    headline.benchmark,
    headline.benchmark_posts,
    headline.benchmark_basis,
    headline.overperformance,
    headline.overperformance_log2,
    {% for name in buckets.values() -%}
        buckets.interactions_{{ name }},
        buckets.expected_interactions_{{ name }},
        buckets.beyond_follower_index_{{ name }},
        coalesce({{ followers_never_told('platforms.followers_reporting') }}, case
            when buckets.is_read_at_{{ name }} then buckets.beyond_follower_reason_{{ name }}
            else 'not read at this age'
        end) as beyond_follower_reason_{{ name }},
    {% endfor -%}
    halves.half_life_low_hours,
    halves.half_life_high_hours,
    case
        when halves.mention_id is null then 'interactions not told'
        else halves.half_life_reason
    end as half_life_reason
from posts
cross join {{ ref('int_weights') }} as weights
left join {{ ref('dim_accounts') }} as accounts on posts.account_id = accounts.account_id
left join {{ ref('dim_entities') }} as entities on accounts.entity_id = entities.entity_id
left join {{ ref('dim_platforms') }} as platforms on posts.platform = platforms.platform
left join {{ ref('int_platform_coverage') }} as coverage
    on posts.platform = coverage.platform and posts.report_date = coverage.report_date
left join {{ ref('int_owned_followers') }} as readings
    on posts.account_id = readings.account_id
    and readings.read_at <= posts.captured_at
    and readings.until_at > posts.captured_at
left join buckets on posts.mention_id = buckets.mention_id
left join headline on posts.mention_id = headline.mention_id
left join {{ ref('int_half_life') }} as halves on posts.mention_id = halves.mention_id
