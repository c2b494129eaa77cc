{#- Which entities a mention counts for: those whose query matches it and to which no analyst called it irrelevant. -#}
{% macro entity_matches() -%}
select
    matches.mention_id,
    matches.entity_id,
    matches.matched_terms
from {{ ref('stg_mention_entities') }} as matches
inner join {{ ref('dim_entities') }} as entities on matches.entity_id = entities.entity_id
left join {{ ref('int_irrelevant_entities') }} as irrelevant
    on matches.mention_id = irrelevant.mention_id and matches.entity_id = irrelevant.entity_id
where irrelevant.mention_id is null
{%- endmacro %}
