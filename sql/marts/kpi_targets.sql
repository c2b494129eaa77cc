-- Grain: one row per target of the configuration: a metric of an entity in a month.
{{ config(materialized='table') }}

with joined as (
    select
        months.*,
        months.metric in {{ target_names(4, none) }} as is_count,
        months.metric in {{ target_names(5, true) }} or months.metric = 'median_response_hours' as is_lower_better,
        amounts.numerator,
        amounts.denominator,
        amounts.actual,
        coalesce(amounts.n, 0) as n
    from {{ ref('int_target_months') }} as months
    left join {{ ref('int_target_amounts') }} as amounts on months.target_id = amounts.target_id
),

reasoned as (
    select
        *,
        case
            when elapsed_micros = 0 then 'the month has not begun'
            when actual is null then 'nothing is known of it so far'
            when is_count and covered_micros < 86400000000 then 'less than a day of the month is covered'
        end as on_track_reason
    from joined
),

projected as (
    select
        *,
        case
            when on_track_reason is not null then null
            when is_count then {{ ratio('actual * month_micros', 'covered_micros') }}
            else actual
        end as projected
    from reasoned
)

select
    projected.metric,
    projected.entity_id,
    entities.entity_kind,
    projected.month_start_date,
    projected.is_lower_better,
    projected.target,
    projected.actual,
    projected.numerator,
    projected.denominator,
    projected.n,
    {{ ratio('projected.covered_micros', 'projected.elapsed_micros') }} as coverage,
    {{ ratio('projected.elapsed_micros', 'projected.month_micros') }} as elapsed_ratio,
    projected.projected,
    case
        when projected.projected is null then null
        when projected.is_lower_better then {{ reaches('projected.target', 'projected.projected') }}
        else {{ reaches('projected.projected', 'projected.target') }}
    end as is_on_track,
    projected.on_track_reason
from projected
inner join {{ ref('dim_entities') }} as entities on projected.entity_id = entities.entity_id
