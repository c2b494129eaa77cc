-- Grain: one row per episode: spikes of one entity, scope and sentiment with no more than one other day between two.
{{ config(materialized='table') }}

with spikes as (
    select *, {{ day_number('report_date') }} as day_number from {{ ref('kpi_spikes') }}
    where is_spike
),

begun as (
    select
        *,
        case
            when day_number - lag(day_number) over series <= 2 then 0
            else 1
        end as begins
    from spikes
    window series as (partition by entity_id, scope, sentiment order by day_number nulls last)
),

numbered as (
    select
        *,
        sum(begins) over (
            partition by entity_id, scope, sentiment order by day_number nulls last
            rows between unbounded preceding and current row
        ) as episode_no
    from begun
),

placed as (
    select
        *,
        row_number() over (
            partition by entity_id, scope, sentiment, episode_no
            order by posts - expected_posts desc nulls last, report_date asc nulls last
        ) as place
    from numbered
)

select
    entity_id,
    max(entity_kind) as entity_kind,
    scope,
    sentiment,
    cast(episode_no as bigint) as episode_no,
    min(report_date) as start_date,
    max(case when place = 1 then report_date end) as peak_date,
    max(report_date) as end_date,
    cast(count(*) as bigint) as spike_days,
    cast(sum(posts) as bigint) as posts,
    max(case when place = 1 then posts end) as peak_posts,
    max(case when place = 1 then lift end) as peak_lift,
    max(z) as highest_z,
    min(coverage) as coverage,
    max(case when is_crisis then 1 else 0 end) = 1 as is_crisis,
    max(case when is_opportunity then 1 else 0 end) = 1 as is_opportunity,
    min(first_mention_at) as first_mention_at
from placed
group by entity_id, scope, sentiment, episode_no
