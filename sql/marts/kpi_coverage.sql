-- Grain: one row per source, topic (NULL: windows that serve all topics) and reporting day that a search window
-- touches.
{{ config(materialized='table') }}

with clock as (
    select max(as_of) as as_of from {{ ref('stg_runs') }}
)

select
    coverage.source,
    coverage.platform,
    coverage.topic_id,
    coverage.report_date,
    coverage.windows_asked,
    coverage.windows_covered,
    {{ hours('coverage.asked_micros') }} as asked_hours,
    {{ hours('coverage.covered_micros') }} as covered_hours,
    {{ ratio('coverage.covered_micros', 'coverage.asked_micros') }} as coverage,
    coverage.items,
    coverage.lost_items,
    coverage.has_loss,
    coverage.duplicates,
    coverage.rejected,
    case
        when coverage.topic_id is not null then {{ ratio('coverage.items - coverage.rejected', 'coverage.items') }}
    end as native_search_precision,
    coverage.quarantined,
    coverage.rate_limited,
    coverage.last_covered_at,
    {{ hours_between('coverage.last_covered_at', 'clock.as_of') }} as freshness_hours,
    {{ hours_between('coverage.last_covered_at', 'coverage.last_covered_asked_at') }} as lag_hours
from {{ ref('int_coverage') }} as coverage
cross join clock
