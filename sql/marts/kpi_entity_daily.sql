-- Grain: one row per entity and reporting day that was asked or has a mention.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_kpi_days'}) }}

select
    days.entity_id,
    entities.entity_kind,
    days.report_date,
    days.coverage,
    days.mentions,
    days.mentions_with_author,
    days.unique_authors,
    {{ ratio('days.mentions_with_author', 'days.unique_authors') }} as mentions_per_author,
    days.new_authors,
    days.unique_authors - days.new_authors as returning_authors,
    days.mentions_with_interactions,
    days.interactions,
    days.interactions_basis,
    days.views,
    days.potential_audience,
    days.owned_mentions,
    days.employee_mentions,
    days.media_mentions,
    days.ugc_mentions,
    {{ ratio('days.ugc_mentions', 'days.mentions') }} as ugc_ratio,
    {{ sentiment_rates('days.') }},
    voice.set_mentions,
    voice.share_of_voice_mentions,
    voice.share_of_voice_mentions_macro,
    voice.set_interactions,
    voice.share_of_voice_interactions,
    voice.share_of_voice_interactions_macro,
    voice.set_unique_authors,
    voice.share_of_voice_authors,
    voice.share_of_voice_authors_macro,
    voice.set_positive_mentions,
    voice.share_of_voice_positive,
    voice.share_of_voice_positive_macro,
    {{ days_so_far('moving.', '_7d') }},
    {{ days_so_far('moving.', '_28d') }}
from {{ ref('int_entity_days') }} as days
inner join {{ ref('dim_entities') }} as entities on days.entity_id = entities.entity_id
inner join {{ ref('int_entity_trailing') }} as moving
    on days.entity_id = moving.entity_id and days.scope = moving.scope and days.report_date = moving.report_date
left join {{ ref('int_share_of_voice') }} as voice
    on days.entity_id = voice.entity_id and days.scope = voice.scope and days.report_date = voice.report_date
where days.scope = '*' and {{ in_scope('days.report_date', ref('int_kpi_days')) }}
