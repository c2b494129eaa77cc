-- Grain: one row per mention and entity whose query matched it and to which no analyst called it irrelevant.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

{#- Outside the condition, so that dbt sees the references also while parsing. -#}
{%- set scope, touched = ref('int_touched_mentions'), ref('int_touched_matches') %}

{% if is_incremental() -%}
    select * from {{ touched }}
{%- else -%}
    {{ entity_matches() }}
{%- endif %}
