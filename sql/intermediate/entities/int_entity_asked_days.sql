-- Grain: one row per entity, platform, reporting day and source's topic that was asked: what coverage of longer periods
-- is summed from.
select
    entities.entity_id,
    coverage.platform,
    coverage.report_date,
    coverage.asked_micros,
    coverage.covered_micros
from {{ ref('int_coverage') }} as coverage
inner join {{ ref('dim_entities') }} as entities
    on coverage.topic_id = entities.entity_id or coverage.topic_id is null
-- Visits of one's own sites are no mentions.
where coverage.platform not in ('matomo', 'plausible')
