-- Grain: one row per entity, reporting day, language and term that three known authors or more used five times or more
-- in mentions of the entity.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_topic_days'}) }}

{% set prior_uses = 500 %}

with weights as (
    select
        *,
        {{ prior_uses }} * {{ ratio('all_uses_90d', 'all_language_uses_90d') }} as alpha
    from {{ ref('int_topic_sums') }}
    where {{ in_scope('report_date', ref('int_topic_days')) }}
),

weighed as (
    select
        *,
        -- Without a use of any term before there is nothing to hold the day against.
        case
            when language_uses_28d_before > 0
                then
                    {{ ln_ratio('(uses + alpha)', '(language_uses + ' ~ prior_uses ~ ' - uses - alpha)') }}
                    - {{ ln_ratio(
                        '(uses_28d_before + alpha)',
                        '(language_uses_28d_before + ' ~ prior_uses ~ ' - uses_28d_before - alpha)'
                    ) }}
        end as log_odds,
        sqrt({{ ratio('1', 'uses + alpha') }} + {{ ratio('1', 'uses_28d_before + alpha') }}) as standard_error
    from weights
)

select
    weighed.entity_id,
    entities.entity_kind,
    weighed.report_date,
    weighed.language,
    weighed.term,
    instr(weighed.term, ' ') > 0 as is_bigram,
    weighed.hashtag_mentions > 0 as is_hashtag,
    daily.coverage,
    weighed.uses,
    weighed.mentions,
    weighed.unique_authors,
    weighed.hashtag_mentions,
    weighed.competitor_mentions,
    weighed.scored_mentions,
    case when weighed.scored_mentions > 0 then weighed.positive_mentions end as positive_mentions,
    case when weighed.scored_mentions > 0 then weighed.neutral_mentions end as neutral_mentions,
    case when weighed.scored_mentions > 0 then weighed.negative_mentions end as negative_mentions,
    weighed.language_uses,
    weighed.uses_28d_before,
    weighed.language_uses_28d_before,
    weighed.all_uses_90d,
    weighed.all_language_uses_90d,
    weighed.log_odds,
    {{ ratio('weighed.log_odds', 'weighed.standard_error') }} as z
from weighed
inner join {{ ref('dim_entities') }} as entities on weighed.entity_id = entities.entity_id
left join {{ ref('int_entity_days') }} as daily
    on weighed.entity_id = daily.entity_id and daily.scope = '*' and weighed.report_date = daily.report_date
