-- Grain: one row per mention and entity whose query matched it and to which no analyst called it irrelevant.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'report_date'}) }}

with mentions as (
    select mention_id, report_date from {{ ref('stg_mentions') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='published_at') }}
)

select
    matches.mention_id,
    matches.entity_id,
    mentions.report_date,
    matches.matched_terms
from {{ ref('stg_mention_entities') }} as matches
inner join mentions on matches.mention_id = mentions.mention_id
inner join {{ ref('dim_entities') }} as entities on matches.entity_id = entities.entity_id
left join {{ ref('int_irrelevant_entities') }} as irrelevant
    on matches.mention_id = irrelevant.mention_id and matches.entity_id = irrelevant.entity_id
where irrelevant.mention_id is null
