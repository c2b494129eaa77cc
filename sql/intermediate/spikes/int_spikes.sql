-- Grain: one row per entity, scope, sentiment and reporting day: whether it is a spike, a crisis, an opportunity.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

with days as (
    select * from {{ ref('int_spike_sums') }}
    where {{ in_scope('report_date', ref('int_spike_days')) }}
),

checked as (
    select
        days.*,
        volume.volume_p,
        volume.volume_q,
        surges.others,
        surges.others_posts,
        surges.others_expected_posts,
        surges.others_lift,
        -- What the others gained, against what we gained: a lift of 1 is an ordinary day, so it is no gain. Where
        -- nothing was expected, no loud platform explains what came.
        case
            when surges.others < 2 then 'not possible'
            when
                surges.others_lift - 1 < cast(0.5 as double) * (days.lift - 1) or days.expected_posts = 0
                then 'passed'
            else 'surge'
        end as surge_check
    from days
    left join {{ ref('int_spike_volume_tests') }} as volume using (entity_id, scope, sentiment, report_date)
    left join {{ ref('int_spike_surges') }} as surges using (entity_id, scope, sentiment, report_date)
),

spikes as (
    select
        *,
        coalesce(
            is_complete and posts >= 10 and surge_check <> 'surge'
            and (z > 3 or (cusum > cast(2.25 as double) and z > 2)),
            false
        ) as is_spike
    from checked
)

select
    spikes.entity_id,
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
    spikes.authors,
    spikes.others,
    spikes.others_posts,
    spikes.others_expected_posts,
    spikes.others_lift,
    spikes.surge_check,
    authors.negative_author_p,
    authors.top_negative_author_posts,
    authors.negative_posts,
    authors.top_negative_author_share,
    authors.positive_author_p,
    authors.top_positive_author_posts,
    authors.positive_posts,
    authors.top_positive_author_share,
    spikes.is_spike,
    coalesce(
        spikes.is_spike and spikes.sentiment in ('all', 'negative')
        and authors.negative_author_p < cast(0.001 as double)
        and authors.top_negative_author_share <= cast(0.5 as double),
        false
    ) as is_crisis,
    coalesce(
        spikes.is_spike and spikes.sentiment in ('all', 'positive')
        and authors.positive_author_p < cast(0.001 as double)
        and authors.top_positive_author_share <= cast(0.5 as double),
        false
    ) as is_opportunity
from spikes
left join {{ ref('int_spike_author_tests') }} as authors using (entity_id, scope, report_date)
