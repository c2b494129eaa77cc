-- Grain: one row per mention that a model scored or an analyst corrected: the newest score, and what corrections of
-- the mention for all entities say instead.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'report_date'}) }}

with mentions as (
    select mention_id, report_date from {{ ref('stg_mentions') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='published_at') }}
),

scores as (
    select * from {{ ref('stg_text_signals') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions')) }}
    qualify row_number() over (
        partition by mention_id order by scored_at desc nulls last, model_version desc nulls last
    ) = 1
),

newest_corrections as (
    select * from {{ ref('stg_corrections') }}
    where entity_id is null and {{ in_scope('mention_id', ref('int_touched_mentions')) }}
    qualify row_number() over (
        partition by mention_id, corrected_field
        order by corrected_at desc nulls last, load_seq desc nulls last, corrected_value desc nulls last
    ) = 1
),

corrections as (
    select
        mention_id,
        max(case when corrected_field = 'language' then corrected_value end) as language,
        max(case when corrected_field = 'sentiment' then corrected_value end) as sentiment,
        max(case when corrected_field = 'intents' then corrected_value end) as intents,
        max(case when corrected_field = 'irrelevant' then lower(corrected_value) end) as irrelevant
    from newest_corrections
    group by all
)

select
    mentions.mention_id,
    mentions.report_date,
    scores.model_version,
    scores.terms,
    coalesce(corrections.language, scores.language) as language,
    coalesce(corrections.sentiment, scores.sentiment) as sentiment,
    case
        when corrections.sentiment is not null then cast(1 as double) else scores.sentiment_confidence
    end as sentiment_confidence,
    case
        when corrections.intents is not null then {{ split_commas('corrections.intents') }} else scores.intents
    end as intents,
    coalesce(corrections.irrelevant in ('true', 'yes', '1'), false) as is_irrelevant
from scores
full outer join corrections on scores.mention_id = corrections.mention_id
inner join mentions on coalesce(scores.mention_id, corrections.mention_id) = mentions.mention_id
