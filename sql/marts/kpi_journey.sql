-- Grain: one row per entity, stage and reporting day that was asked or has a mention.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

with days as (
    select
        entity_id,
        report_date,
        coverage,
        mentions - owned_mentions as mentions
    from {{ ref('int_entity_days') }}
    where scope = '*' and {{ in_scope('report_date', ref('int_touched_days')) }}
),

stages as (
    select
        days.*,
        stages.stage,
        coalesce(scored.mentions, 0) as scored_mentions,
        days.mentions = 0 or scored.mentions > 0 or spam.mentions > 0 as is_known
    from days
    cross join (values ('discovery'), ('purchase'), ('service'), ('farewell')) as stages (stage)
    left join {{ ref('int_intent_days') }} as scored
        on days.entity_id = scored.entity_id and days.report_date = scored.report_date
        and scored.intent_group = 'scored'
    left join {{ ref('int_intent_days') }} as spam
        on days.entity_id = spam.entity_id and days.report_date = spam.report_date and spam.intent_group = 'spam'
)

select
    stages.entity_id,
    entities.entity_kind,
    stages.stage,
    stages.report_date,
    stages.coverage,
    stages.scored_mentions,
    {% for count in ['mentions', 'unique_authors', 'positive_mentions', 'neutral_mentions', 'negative_mentions'] -%}
        case when stages.is_known then coalesce(counts.{{ count }}, 0) end as {{ count }},
    {% endfor -%}
    {{ net_sentiment('counts.') }} as net_sentiment,
    {{ ratio('coalesce(counts.mentions, 0)', 'stages.scored_mentions') }} as share_of_scored_mentions
from stages
inner join {{ ref('dim_entities') }} as entities on stages.entity_id = entities.entity_id
left join {{ ref('int_intent_days') }} as counts
    on stages.entity_id = counts.entity_id and stages.report_date = counts.report_date
    and stages.stage = counts.intent_group
