-- Grain: one row per entity, reporting day, language and term that three known authors or more used five times or more
-- in mentions of the entity: its uses that day, and what they are held against.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_topic_days'}) }}

{#- Outside the condition, so that dbt sees the reference also while parsing. -#}
{% set all_dates = ref('dim_dates') %}

with found as (
    select * from {{ ref('int_term_days') }}
    where
        entity_id <> '*' and uses >= 5 and unique_authors >= 3
        and {{ in_scope('report_date', ref('int_topic_days')) }}
),

{% if is_incremental() -%}
lookback as (
    select dates.report_date
    from {{ all_dates }} as dates
    inner join {{ ref('int_topic_days') }} as days
        on dates.report_date between {{ add_days('days.report_date', -89) }} and days.report_date
),

{% endif -%}
terms as (
    select entity_id, language, term from found
    union
    select '*' as entity_id, language, term from found
),

-- Uses day by day of these terms, and of all terms of a language together (term NULL).
days as (
    select uses.entity_id, uses.language, uses.term, uses.report_date, uses.uses
    from {{ ref('int_term_days') }} as uses
    inner join terms
        on uses.entity_id = terms.entity_id and uses.language = terms.language and uses.term = terms.term
    where {{ in_scope('uses.report_date', 'lookback') }}
    union all
    select entity_id, language, cast(null as string) as term, report_date, sum(uses) as uses
    from {{ ref('int_term_days') }}
    where {{ in_scope('report_date', 'lookback') }}
    group by entity_id, language, report_date
),

sums as (
    select
        *,
        coalesce(sum(uses) over (
            partition by entity_id, language, term order by {{ day_number('report_date') }} nulls last
            range between 28 preceding and 1 preceding
        ), 0) as uses_28d_before,
        sum(uses) over (
            partition by entity_id, language, term order by {{ day_number('report_date') }} nulls last
            range between 89 preceding and current row
        ) as uses_90d
    from days
)

select
    found.*,
    cast(language_sums.uses as bigint) as language_uses,
    cast(own.uses_28d_before as bigint) as uses_28d_before,
    cast(language_sums.uses_28d_before as bigint) as language_uses_28d_before,
    cast(everyone.uses_90d as bigint) as all_uses_90d,
    cast(language_everyone.uses_90d as bigint) as all_language_uses_90d
from found
inner join sums as own
    on found.entity_id = own.entity_id and found.language = own.language
    and found.term = own.term and found.report_date = own.report_date
inner join sums as language_sums
    on found.entity_id = language_sums.entity_id and found.language = language_sums.language
    and language_sums.term is null and found.report_date = language_sums.report_date
inner join sums as everyone
    on everyone.entity_id = '*' and found.language = everyone.language
    and found.term = everyone.term and found.report_date = everyone.report_date
inner join sums as language_everyone
    on language_everyone.entity_id = '*' and found.language = language_everyone.language
    and language_everyone.term is null and found.report_date = language_everyone.report_date
