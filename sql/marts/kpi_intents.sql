-- Grain: one row per entity, intent and reporting day that was asked or has a mention.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

{{ wants_by_day('intent', wanted_intents()) }}
