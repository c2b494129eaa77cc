-- Grain: one row per inbound mention and brand that it addresses (nearly always one).
{{ config(materialized='incremental', unique_key='thread_id', meta={'scope': 'int_touched_threads'}) }}
{%- set longest = 30 * 24 %}

with items as (
    select
        clocks.*,
        deadlines.routing_rule_no,
        deadlines.department,
        deadlines.observed_until,
        deadlines.sla_hours,
        deadlines.deadline_at,
        deadlines.business_deadline_at,
        {{ hours_between('clocks.clock_started_at', 'clocks.first_response_at') }} as response_hours,
        {{ hours_between('clocks.clock_started_at', 'deadlines.observed_until') }} as observed_hours,
        {{ hours('deadlines.worked_by_response - deadlines.worked_before') }} as business_response_hours,
        {{ hours_between('clocks.last_response_at', 'deadlines.observed_until') }} as quiet_hours
    from {{ ref('int_response_clocks') }} as clocks
    inner join {{ ref('int_response_deadlines') }} as deadlines
        on clocks.mention_id = deadlines.mention_id and clocks.brand_id = deadlines.brand_id
)

select
    items.mention_id,
    items.brand_id,
    mentions.platform,
    items.department,
    case when items.department is not null then items.routing_rule_no end as routing_rule_no,
    mentions.report_date,
    cast(case when items.response_hours is null and items.observed_until is null then 0 else 1 end as double)
        as coverage,
    platforms.threads_reporting,
    items.thread_id,
    items.addressed_by,
    mentions.language,
    mentions.sentiment,
    case
        when mentions.intents is null then null
        when {{ array_has('mentions.intents', "'complaint'") }} or {{ array_has('mentions.intents', "'question'") }}
            then 'resolve'
        when {{ array_has('mentions.intents', "'praise'") }} or {{ array_has('mentions.intents', "'thanks'") }}
            then 'acknowledge'
        else 'no action'
    end as effort,
    case when mentions.intents is not null then {{ array_has('mentions.intents', "'complaint'") }} end as is_complaint,
    outcomes.heat,
    items.inbound_at,
    items.clock_started_at,
    items.is_clock_start,
    items.first_response_id,
    items.first_response_at,
    items.response_hours,
    items.business_response_hours,
    items.observed_until,
    case
        when items.response_hours is not null then items.response_hours <= {{ longest }}
        when items.observed_until is not null then false
    end as is_answered,
    case
        when coalesce(items.response_hours, items.observed_hours) > {{ longest }} then cast({{ longest }} as double)
        else coalesce(items.response_hours, items.observed_hours)
    end as followup_hours,
    items.sla_hours,
    items.deadline_at,
    case
        when items.first_response_at is not null then items.first_response_at <= items.deadline_at
        when items.observed_until > items.deadline_at then false
    end as is_on_time,
    items.business_deadline_at,
    case
        when items.first_response_at is not null then items.first_response_at <= items.business_deadline_at
        when items.observed_until > items.business_deadline_at then false
    end as is_on_time_business,
    case
        when mentions.sentiment = 'negative' then outcomes.next_sentiment <> 'negative'
    end as is_recovered,
    case
        when outcomes.has_thanked then true
        when items.first_response_at is null and items.observed_until is null then null
        when items.first_response_at is null then false
        when outcomes.last_spoken_at > items.last_response_at
            -- Known only where no thanks and no later answer can have been missed.
            then case when not outcomes.has_thanked and items.observed_until >= outcomes.last_spoken_at then false end
        when items.quiet_hours >= 72 then true
    end as is_resolved,
    mentions.language = answers.language as is_language_match,
    case
        when answers.intents is not null then {{ array_has('answers.intents', "'deflection'") }}
    end as is_deflection,
    case when answers.intents is not null then {{ array_has('answers.intents', "'selling'") }} end as is_selling
from items
inner join {{ ref('int_response_outcomes') }} as outcomes
    on items.mention_id = outcomes.mention_id and items.brand_id = outcomes.brand_id
inner join {{ ref('int_thread_messages') }} as mentions on items.mention_id = mentions.mention_id
left join {{ ref('int_thread_messages') }} as answers on items.first_response_id = answers.mention_id
left join {{ ref('dim_platforms') }} as platforms on mentions.platform = platforms.platform
where {{ in_scope('items.thread_id', ref('int_touched_threads')) }}
{{ laid_out_by('mentions.report_date') }}
