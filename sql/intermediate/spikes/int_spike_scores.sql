-- Grain: one row per entity, scope, sentiment and reporting day: how far it lies above what ordinary days let expect.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

{{ spike_deviations(baselines=ref('int_spike_baselines'), episodes=ref('int_spike_drafts')) }}
