-- Grain: one row per entity, department (NULL: no rule of ours decided), platform and reporting day of the inbound
-- mentions.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_response_days'}) }}
{%- set keys = 'entity_id, department, platform, report_date' %}

with responses as (
    select
        *,
        case when is_clock_start then followup_hours end as waited_hours
    from {{ ref('int_response_entities') }}
    where {{ in_scope('report_date', ref('int_response_days')) }}
),

{{ lasting('responses', keys, 'waited_hours', 'is_answered', 'mention_id') }},

counted as (
    select
        entity_id,
        department,
        platform,
        report_date,
        min(threads_reporting) as threads_reporting,  -- the platform's
        {{ response_counts() }},
        {{ how_many('is_clock_start and is_on_time') }} as on_time,
        {{ how_many('is_clock_start and is_on_time is not null') }} as due,
        {{ how_many('is_clock_start and is_on_time_business') }} as on_time_business,
        {{ how_many('is_clock_start and is_on_time_business is not null') }} as due_business,
        {{ how_many('is_clock_start and is_recovered') }} as recovered,
        {{ how_many('is_clock_start and is_recovered is not null') }} as spoke_again,
        {{ how_many('is_clock_start and is_resolved') }} as resolved,
        {{ how_many('is_clock_start and is_resolved is not null') }} as settled,
        {{ how_many('is_clock_start and is_language_match') }} as language_matches,
        {{ how_many('is_clock_start and is_language_match is not null') }} as languages_known,
        {{ how_many('is_clock_start and is_deflection') }} as deflections,
        {{ how_many('is_clock_start and is_selling') }} as sellings,
        {{ how_many('is_clock_start and is_deflection is not null') }} as answers_scored,
        {{ how_many_of('is_complaint', 'is_complaint') }} as complaints,
        cast(sum(case when is_complaint then heat end) as bigint) as complaint_heat,
        {{ how_many_of('effort', "effort = 'resolve'") }} as effort_resolve,
        {{ how_many_of('effort', "effort = 'acknowledge'") }} as effort_acknowledge,
        {{ how_many_of('effort', "effort = 'no action'") }} as effort_no_action
    from lasting
    group by entity_id, department, platform, report_date
)

select
    counted.entity_id,
    entities.entity_kind,
    department,
    platform,
    report_date,
    {{ response_rates('threads_reporting') }},
    {{ response_quality() }},
    sellings,
    {{ ratio('sellings', 'answers_scored') }} as selling_ratio,
    complaints,
    complaint_heat,
    effort_resolve,
    effort_acknowledge,
    effort_no_action
from counted
inner join {{ ref('dim_entities') }} as entities on counted.entity_id = entities.entity_id
