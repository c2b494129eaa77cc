-- Grain: one row per entity and period that this build makes anew, with a mention whose author is known: how the
-- interactions are spread over the authors.
{{ config(materialized='table') }}

with authors as (
    select
        mentions.entity_id,
        periods.period,
        mentions.author_id,
        cast(sum({{ exact('mentions.interactions') }}) as double) as interactions
    from {{ ref('int_entity_mentions') }} as mentions
    inner join {{ ref('int_voice_periods') }} as periods
        on mentions.report_date between periods.first_date and periods.last_date
    where
        mentions.author_id is not null
        and mentions.report_date in (select report_date from {{ ref('int_voice_days') }})
    group by mentions.entity_id, periods.period, mentions.author_id
),

-- Each author's part of the loudest one's, so that sums stay exact whatever the size of the counts.
parts as (
    select
        entity_id,
        period,
        author_id,
        interactions,
        coalesce(
            {{ ratio('interactions', 'max(interactions) over (partition by entity_id, period)') }}, 0 * interactions
        ) as part
    from authors
),

ranked as (
    select
        *,
        count(part) over (partition by entity_id, period) as told,
        row_number() over (partition by entity_id, period order by part nulls last, author_id nulls last) as place
    from parts
),

sums as (
    select
        entity_id,
        period,
        count(*) as unique_authors,
        max(told) as authors_told,
        cast(sum({{ exact('interactions') }}) as double) as interactions,
        cast(sum(case when place > told - 10 then {{ exact('interactions') }} end) as double) as top_10_interactions,
        cast(sum({{ exact('part') }}) as double) as total,
        cast(sum({{ exact('part * part') }}) as double) as squares,
        cast(sum({{ exact('(2 * place - told - 1) * part') }}) as double) as spread,
        cast(sum(case when place > told - 10 then {{ exact('part') }} end) as double) as top_10
    from ranked
    group by entity_id, period
)

select
    entity_id,
    period,
    unique_authors,
    authors_told,
    interactions,
    {{ ratio('spread', 'authors_told * total') }} as gini,
    {{ ratio('squares', 'total * total') }} as herfindahl,
    {{ ratio('total * total', 'squares') }} as effective_voices,
    top_10_interactions,
    {{ ratio('top_10', 'total') }} as top_10_share
from sums
