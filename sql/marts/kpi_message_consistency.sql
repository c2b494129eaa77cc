-- Grain: one row per entity and ISO week in which an owned or employee account published a post that speaks for it.
{{ config(materialized='table') }}

{% set roles = ['owned', 'employee'] %}

with weeks as (
    select
        entity_id,
        entity_kind,
        week_start_date,
        cast(count(*) as bigint) as accounts,
        {% for role in roles -%}
            {% for n in ['posts', 'judged_posts', 'message_posts'] -%}
                cast(sum(case when role = '{{ role }}' then {{ n }} else 0 end) as bigint) as {{ role }}_{{ n }},
            {% endfor -%}
            -- Who posted nothing drew nothing; who posted what tells no counts drew an unknown sum.
            case
                when sum(case when role = '{{ role }}' then 1 else 0 end) = 0 then cast(0 as double)
                else cast(sum(case when role = '{{ role }}' then {{ exact('interactions') }} end) as double)
            end as {{ role }}_interactions,
        {% endfor -%}
        cast(sum(posts_with_interactions) as bigint) as posts_with_interactions,
        cast(sum({{ exact('interactions') }}) as double) as interactions
    from {{ ref('kpi_message_accounts') }}
    group by entity_id, entity_kind, week_start_date
),

-- Where the entity's accounts ever posted: a platform that failed for the week brought no post of it.
platforms as (
    select distinct entity_id, platform from {{ ref('kpi_message_accounts') }}
),

coverage as (
    select
        platforms.entity_id,
        cast(date_trunc('week', days.report_date) as date) as week_start_date,
        {{ ratio('sum(days.covered_micros)', 'sum(days.asked_micros)') }} as coverage
    from platforms
    inner join {{ ref('int_platform_coverage') }} as days on platforms.platform = days.platform
    group by platforms.entity_id, cast(date_trunc('week', days.report_date) as date)
)

select
    weeks.entity_id,
    weeks.entity_kind,
    weeks.week_start_date,
    coverage.coverage,
    weeks.accounts,
    weeks.owned_posts + weeks.employee_posts as posts,
    weeks.owned_judged_posts + weeks.employee_judged_posts as judged_posts,
    weeks.owned_message_posts + weeks.employee_message_posts as message_posts,
    {{ ratio(
        'weeks.owned_message_posts + weeks.employee_message_posts',
        'weeks.owned_judged_posts + weeks.employee_judged_posts'
    ) }} as message_share,
    {% for role in roles -%}
        weeks.{{ role }}_posts,
        weeks.{{ role }}_judged_posts,
        weeks.{{ role }}_message_posts,
        {{ ratio('weeks.' ~ role ~ '_message_posts', 'weeks.' ~ role ~ '_judged_posts') }} as {{ role }}_message_share,
    {% endfor -%}
    {{ ratio('weeks.employee_posts', 'weeks.owned_posts + weeks.employee_posts') }} as employee_post_share,
    weeks.posts_with_interactions,
    weeks.interactions,
    weeks.employee_interactions,
    {{ ratio('weeks.employee_interactions', 'weeks.interactions') }} as employee_interactions_share
from weeks
left join coverage on weeks.entity_id = coverage.entity_id and weeks.week_start_date = coverage.week_start_date
