-- Grain: one row per target of which something is known: what its month has so far, of the days on which it is known.
{{ config(materialized='table') }}

with targets as (
    select * from {{ ref('int_target_months') }}
),

waits as (
    select
        targets.target_id,
        responses.mention_id,
        responses.is_answered,
        case when responses.is_clock_start then responses.followup_hours end as waited_hours
    from targets
    inner join {{ ref('int_response_entities') }} as responses
        on targets.entity_id = responses.entity_id
        and responses.report_date between targets.month_start_date and targets.last_date
    where targets.metric = 'median_response_hours'
),

{{ lasting('waits', 'target_id', 'waited_hours', 'is_answered', 'mention_id') }}

select
    target_id,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    {{ survived_to(0.5, 'survival', 'waited_hours') }} as actual,
    cast(count(waited_hours) as bigint) as n
from lasting
group by target_id
union all
{{ target_sums() }}
