-- Grain: one row per entity, stage and reporting day that was asked or has a mention.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

{{ wants_by_day('stage', ['discovery', 'purchase', 'service', 'farewell']) }}
