-- Grain: one row per mention and entity whose query matched it and to which no analyst called it irrelevant.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

select
    matches.mention_id,
    matches.entity_id,
    matches.matched_terms
from {{ ref('stg_mention_entities') }} as matches
inner join {{ ref('dim_entities') }} as entities on matches.entity_id = entities.entity_id
left join {{ ref('int_irrelevant_entities') }} as irrelevant
    on matches.mention_id = irrelevant.mention_id and matches.entity_id = irrelevant.entity_id
where irrelevant.mention_id is null and {{ in_scope('matches.mention_id', ref('int_touched_mentions')) }}
