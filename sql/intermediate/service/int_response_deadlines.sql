-- Grain: one row per inbound mention and brand, in the threads that this build makes anew: until when its thread is
-- known, and, where a department of ours has it, by when it must be answered. Working time is a sum that only grows, so
-- the day of a deadline is the last working day of which less lies before.
{{ config(materialized='table') }}

with reads as (
    select root_id, max(read_at) as read_at
    from {{ ref('stg_thread_reads') }}
    where is_complete
    group by root_id
),

clock as (
    select max(as_of) as as_of from {{ ref('stg_runs') }}
),

items as (
    select
        clocks.mention_id,
        clocks.brand_id,
        clocks.clock_started_at,
        clocks.first_response_at,
        case
            when reads.read_at is not null and least(reads.read_at, clock.as_of) > clocks.clock_started_at
                then least(reads.read_at, clock.as_of)
        end as observed_until,
        mentions.routing_rule_no,
        departments.department,
        departments.timezone,
        departments.sla_hours,
        cast(round(departments.sla_hours * 3600000000) as bigint) as sla_micros
    from {{ ref('int_response_clocks') }} as clocks
    cross join clock
    inner join {{ ref('fct_mentions') }} as mentions on clocks.mention_id = mentions.mention_id
    left join reads on clocks.thread_id = reads.root_id
    left join {{ ref('dim_entities') }} as brands on clocks.brand_id = brands.entity_id and brands.is_own
    left join {{ ref('stg_departments') }} as departments
        on mentions.department = departments.department and brands.entity_id is not null
),

worked as (
    select
        items.*,
        {{ worked_micros('items.clock_started_at', 'starts') }} as worked_before,
        {{ worked_micros('items.first_response_at', 'ends') }} as worked_by_response
    from items
    left join {{ ref('int_business_days') }} as starts
        on
        items.department = starts.department
        and {{ local_date('items.clock_started_at', 'items.timezone') }} = starts.local_date
    left join {{ ref('int_business_days') }} as ends
        on
        items.department = ends.department
        and {{ local_date('items.first_response_at', 'items.timezone') }} = ends.local_date
),

marks as (
    select
        null as mention_id, null as brand_id, department, open_micros_before as mark_micros, 1 as is_day,
        opens_at, open_micros_before, open_micros_before + open_micros as open_micros_after
    from {{ ref('int_business_days') }}
    where open_micros > 0
    union all
    select
        mention_id, brand_id, department, worked_before + sla_micros as mark_micros, 0 as is_day,
        null as opens_at, null as open_micros_before, null as open_micros_after
    from worked
    where worked_before is not null
),

placed as (
    select
        mention_id,
        brand_id,
        is_day,
        mark_micros,
        max(opens_at) over earlier as opens_at,
        max(open_micros_before) over earlier as open_micros_before,
        max(open_micros_after) over earlier as open_micros_after
    from marks
    window earlier as (
        partition by department order by mark_micros nulls last, is_day nulls last
        rows between unbounded preceding and current row
    )
)

select
    worked.*,
    {{ add_micros('worked.clock_started_at', 'worked.sla_micros') }} as deadline_at,
    case
        when placed.mark_micros <= placed.open_micros_after
            then {{ add_micros('placed.opens_at', 'placed.mark_micros - placed.open_micros_before') }}
    end as business_deadline_at
from worked
left join placed
    on worked.mention_id = placed.mention_id and worked.brand_id = placed.brand_id and placed.is_day = 0
