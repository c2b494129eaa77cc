-- Grain: one row per entity and hour of the week (reporting time zone) in which a clock started or an inbound mention
-- came, over the 90 days up to the newest run's day.
{{ config(materialized='table') }}
{%- set keys = 'entity_id, iso_weekday, hour_of_day' %}

with clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
),

responses as (
    select
        {{ iso_weekday('responses.report_date') }} as iso_weekday,
        {{ report_hour('responses.inbound_at') }} as hour_of_day,
        responses.*,
        case when responses.is_clock_start then responses.followup_hours end as waited_hours
    from {{ ref('int_response_entities') }} as responses
    where responses.report_date > (select {{ add_days('report_date', -90) }} from clock)
),

{{ lasting('responses', keys, 'waited_hours', 'is_answered', 'mention_id') }},

counted as (
    select
        entity_id,
        iso_weekday,
        hour_of_day,
        {{ response_counts() }}
    from lasting
    group by entity_id, iso_weekday, hour_of_day
)

select
    counted.entity_id,
    entities.entity_kind,
    iso_weekday,
    hour_of_day,
    {{ response_rates() }}
from counted
inner join {{ ref('dim_entities') }} as entities on counted.entity_id = entities.entity_id
