-- Grain: one row per mention and product or campaign whose query matches it, with its brand: few beside all matches, so
-- that what counts a brand's mentions for its products need not read those.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'report_date'}) }}

select
    matches.mention_id,
    matches.entity_id,
    matches.report_date,
    entities.parent_entity_id as brand_id
from {{ ref('fct_mention_entities') }} as matches
inner join {{ ref('dim_entities') }} as entities on matches.entity_id = entities.entity_id
where
    entities.parent_entity_id is not null
    and {{ in_scope('matches.mention_id', ref('int_touched_mentions'), since='matches.report_date') }}
