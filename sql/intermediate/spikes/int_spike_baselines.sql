-- Grain: one row per entity, scope, sentiment and reporting day: what the ordinary days before let expect.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

{{ spike_baselines(episodes=ref('int_spike_drafts')) }}
