-- Grain: one row per entity ('*': all of them, each mention once), language ('und': not known), term and reporting day
-- with a use of it. Terms are what the newest score of a text lists, as often as they stand in it.
{{ config(materialized='incremental', unique_key='report_date',
          meta={'scope': 'int_touched_days', 'slices': 8, 'sliced_by': 'int_entity_mentions'}) }}

with named as (
    select entity_id, mention_id, author_id, report_date
    from {{ ref('int_entity_mentions') }}
    where {{ in_scope('report_date', ref('int_touched_days')) }}
),

-- A product or campaign names its brand: only another brand of the set is a competitor.
brands as (
    select
        entity_id,
        competitor_set,
        coalesce(parent_entity_id, entity_id) as brand_id
    from {{ ref('dim_entities') }}
),

compared as (
    select distinct named.entity_id, named.mention_id
    from named
    inner join named as others on named.mention_id = others.mention_id
    inner join brands on named.entity_id = brands.entity_id
    inner join brands as rivals
        on others.entity_id = rivals.entity_id
        and brands.competitor_set = rivals.competitor_set
        and brands.brand_id <> rivals.brand_id
),

mentions as (
    select
        named.entity_id,
        named.mention_id,
        named.author_id,
        named.report_date,
        case when compared.mention_id is null then 0 else 1 end as names_competitor
    from named
    left join compared on named.entity_id = compared.entity_id and named.mention_id = compared.mention_id
    union all
    select distinct
        '*' as entity_id,
        mention_id,
        author_id,
        report_date,
        0 as names_competitor
    from named
),

texts as (
    select
        facts.mention_id,
        coalesce(facts.language, 'und') as language,
        facts.sentiment,
        facts.hashtags,
        {{ each('signals.terms', 'term') }}
    from {{ ref('int_mention_signals') }} as signals
    inner join {{ ref('fct_mentions') }} as facts on signals.mention_id = facts.mention_id
    where
        signals.mention_id in (select mention_id from named)
        and {{ in_scope('signals.report_date', ref('int_touched_days')) }}
        and {{ in_scope('facts.report_date', ref('int_touched_days')) }}
),

spoken as (
    select
        mention_id,
        language,
        sentiment,
        term,
        count(*) as uses,
        max(case when {{ array_has('hashtags', "replace(term, '#', '')") }} then 1 else 0 end) as is_hashtag
    from texts
    where term <> ''
    group by mention_id, language, sentiment, term
)

select
    mentions.entity_id,
    spoken.language,
    spoken.term,
    mentions.report_date,
    cast(sum(spoken.uses) as bigint) as uses,
    cast(count(*) as bigint) as mentions,
    cast(count(distinct mentions.author_id) as bigint) as unique_authors,
    cast(sum(spoken.is_hashtag) as bigint) as hashtag_mentions,
    cast(sum(mentions.names_competitor) as bigint) as competitor_mentions,
    cast(count(spoken.sentiment) as bigint) as scored_mentions,
    cast(count(case when spoken.sentiment = 'positive' then 1 end) as bigint) as positive_mentions,
    cast(count(case when spoken.sentiment = 'neutral' then 1 end) as bigint) as neutral_mentions,
    cast(count(case when spoken.sentiment = 'negative' then 1 end) as bigint) as negative_mentions
from mentions
inner join spoken on mentions.mention_id = spoken.mention_id
group by mentions.entity_id, spoken.language, spoken.term, mentions.report_date
{{ laid_out_by('mentions.report_date') }}
