-- Grain: one row per entity, scope (a platform, or '*' for all), sentiment (all, negative, positive) and reporting day
-- that is over.
{{ config(materialized='table') }}

select
    spikes.entity_id,
    entities.entity_kind,
    spikes.scope,
    spikes.sentiment,
    spikes.report_date,
    spikes.coverage,
    spikes.is_complete,
    spikes.posts,
    spikes.expected_posts,
    spikes.standard_deviation,
    spikes.z,
    spikes.cusum,
    spikes.lift,
    spikes.baseline_basis,
    spikes.baseline_days,
    spikes.volume_p,
    spikes.volume_q,
    case when spikes.posts = 0 or spikes.authors > 0 then spikes.authors end as authors,
    spikes.others,
    spikes.others_posts,
    spikes.others_expected_posts,
    spikes.others_lift,
    spikes.surge_check,
    spikes.negative_author_p,
    spikes.top_negative_author_posts,
    spikes.negative_posts,
    spikes.top_negative_author_share,
    spikes.positive_author_p,
    spikes.top_positive_author_posts,
    spikes.positive_posts,
    spikes.top_positive_author_share,
    spikes.is_spike,
    spikes.is_crisis,
    spikes.is_opportunity,
    evidence.first_mention_id,
    evidence.first_mention_at,
    evidence.top_mention_id,
    evidence.top_terms,
    evidence.platforms
from {{ ref('int_spikes') }} as spikes
inner join {{ ref('dim_entities') }} as entities on spikes.entity_id = entities.entity_id
left join {{ ref('int_spike_evidence') }} as evidence
    on spikes.entity_id = evidence.entity_id and spikes.scope = evidence.scope
    and spikes.sentiment = evidence.sentiment and spikes.report_date = evidence.report_date
where {{ day_start(add_days('spikes.report_date', 1)) }} <= (select max(as_of) from {{ ref('stg_runs') }})
