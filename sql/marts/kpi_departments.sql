-- Grain: one row per open item: an inbound mention and brand of ours without an answer, 30 days long at most.
{{ config(materialized='table') }}

with clock as (
    select max(as_of) as as_of from {{ ref('stg_runs') }}
),

items as (
    select
        responses.*,
        clock.as_of,
        {{ hours_between('responses.clock_started_at', 'clock.as_of') }} as age_hours
    from {{ ref('kpi_response') }} as responses
    cross join clock
    inner join {{ ref('dim_entities') }} as brands on responses.brand_id = brands.entity_id
    where brands.is_own and responses.first_response_at is null
)

select
    mention_id,
    brand_id,
    platform,
    department,
    routing_rule_no,
    thread_id,
    coverage,
    threads_reporting,
    inbound_at,
    clock_started_at,
    is_clock_start,
    age_hours,
    sla_hours,
    deadline_at,
    business_deadline_at,
    as_of > deadline_at as is_overdue,
    as_of > business_deadline_at as is_overdue_business,
    addressed_by,
    language,
    sentiment,
    is_complaint,
    effort,
    heat,
    case sentiment when 'negative' then 1 when 'neutral' then 0 when 'positive' then 0 end * (1 + heat) * age_hours
        as priority,
    observed_until
from items
where age_hours < 30 * 24
