-- Grain: one row per entity, scope, sentiment and reporting day: whether it is out of the ordinary, seen from all days
-- before. Such days are no yardstick for others. (Whether a day is in an episode depends on its baseline, and the
-- baseline on which days are in episodes: two passes end that circle, and give the same whatever the night.)
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

with deviations as (
    {{ spike_deviations(baselines=ref('int_spike_first_baselines'), episodes=none) }}
)

select
    entity_id,
    scope,
    sentiment,
    report_date,
    z,
    coalesce(is_usable and posts >= 10 and z > 3, false) as is_out_of_the_ordinary
from deviations
