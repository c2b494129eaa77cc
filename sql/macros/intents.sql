{#- What texts want, by day: the models of kpi_journey (stages of a customer's way) and kpi_intents (each intent by itself)
    are one, with other groups of int_intent_days. -#}

{#- Intents that a stranger's text can have; deflection and selling are a brand's own. -#}
{%- macro wanted_intents() -%}
    {{ return([
        'question', 'complaint', 'praise', 'thanks', 'idea', 'purchase_intent', 'discovery', 'farewell', 'job', 'employer',
        'leak', 'threat', 'rumour', 'protest', 'misuse', 'spam'
    ]) }}
{%- endmacro -%}

{#- Why counts by intent are NULL; NULL where they are told. -#}
{% macro intents_reason(is_known) -%}case when not {{ is_known }} then 'no intents scored' end{%- endmacro %}

{#- A count of int_intent_days, 0 where it has no row; one of authors is NULL there where nobody is known. -#}
{% macro or_none(prefix, count) -%}
    case when {{ prefix }}mentions is null then 0 else {{ prefix }}{{ count }} end
{%- endmacro %}

{#- A row for each day and each of `groups`, in the column `name`. Of what has no score nothing is known; spam is no part of
    the scored mentions, so it has no share of them. -#}
{% macro wants_by_day(name, groups) %}
with days as (
    select
        entity_id,
        report_date,
        coverage,
        mentions - owned_mentions as mentions
    from {{ ref('int_entity_days') }}
    where scope = '*' and {{ in_scope('report_date', ref('int_touched_days')) }}
),

wanted as (
    select
        days.*,
        groups.{{ name }},
        coalesce(scored.mentions, 0) as scored_mentions,
        days.mentions = 0 or scored.mentions is not null or spam.mentions is not null as is_known
    from days
    cross join (values {% for group in groups %}('{{ group }}'){{ ', ' if not loop.last }}{% endfor %}) as groups ({{ name }})
    left join {{ ref('int_intent_days') }} as scored
        on days.entity_id = scored.entity_id and days.report_date = scored.report_date
        and scored.intent_group = 'scored'
    left join {{ ref('int_intent_days') }} as spam
        on days.entity_id = spam.entity_id and days.report_date = spam.report_date and spam.intent_group = 'spam'
)

select
    wanted.entity_id,
    entities.entity_kind,
    wanted.{{ name }},
    wanted.report_date,
    wanted.coverage,
    wanted.scored_mentions,
    {{ intents_reason('wanted.is_known') }} as intents_reason,
    {% for count in ['mentions', 'unique_authors', 'positive_mentions', 'neutral_mentions', 'negative_mentions'] -%}
        case when wanted.is_known then {{ or_none('counts.', count) }} end as {{ count }},
    {% endfor -%}
    {{ net_sentiment('counts.') }} as net_sentiment,
    case
        when wanted.{{ name }} <> 'spam' then {{ ratio('coalesce(counts.mentions, 0)', 'wanted.scored_mentions') }}
    end as share_of_scored_mentions
from wanted
inner join {{ ref('dim_entities') }} as entities on wanted.entity_id = entities.entity_id
left join {{ ref('int_intent_days') }} as counts
    on wanted.entity_id = counts.entity_id and wanted.report_date = counts.report_date
    and wanted.{{ name }} = counts.intent_group
{% endmacro %}
