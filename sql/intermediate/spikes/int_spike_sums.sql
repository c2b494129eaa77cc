-- Grain: one row per entity, scope, sentiment and reporting day: its counts, its score and its CUSUM.
-- CUSUM (Page 1954) adds up what lies above three quarters of a standard deviation over 56 days. A day that is a spike
-- by itself adds nothing: it has been told, and its sum would go on ringing for days (a reset, without the recursion).
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

{#- Outside the condition, so that dbt sees the reference also while parsing. -#}
{% set anew = ref('int_spike_days') %}

with scores as (
    select
        scores.*,
        counts.coverage,
        counts.is_complete,
        counts.authors,
        counts.top_author_posts,
        case
            when counts.is_complete and scores.z is not null and scores.z <= 3
                then {{ exact("greatest(cast(-4 as double), scores.z) - cast(0.75 as double)") }}
            else {{ exact('0') }}
        end as excess
    from {{ ref('int_spike_scores') }} as scores
    inner join {{ ref('int_spike_counts') }} as counts using (entity_id, scope, sentiment, report_date, day_number)
    {% if is_incremental() -%}
        -- No day looks back further than its sum does.
        where scores.report_date >= (select {{ add_days('min(report_date)', -55) }} from {{ anew }})
    {%- endif %}
),

lags as (
    select {{ whole_numbers(55) }}
),

-- S = C - min(0, min C) is the largest sum of excesses of the last k days, over k from 0 to 56.
running as (
    select
        scores.entity_id,
        scores.scope,
        scores.sentiment,
        scores.report_date,
        sum(past.excess) over (
            partition by scores.entity_id, scores.scope, scores.sentiment, scores.report_date
            order by lags.n nulls last
            rows between unbounded preceding and current row
        ) as last_days_sum
    from scores
    cross join lags
    inner join scores as past
        on scores.entity_id = past.entity_id and scores.scope = past.scope and scores.sentiment = past.sentiment
        and scores.day_number - lags.n = past.day_number
    where {{ in_scope('scores.report_date', ref('int_spike_days')) }}
),

cusums as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        cast(greatest(max(last_days_sum), {{ exact('0') }}) as double) as cusum
    from running
    group by entity_id, scope, sentiment, report_date
)

select
    scores.entity_id,
    scores.scope,
    scores.sentiment,
    scores.report_date,
    scores.day_number,
    scores.coverage,
    scores.is_complete,
    scores.is_usable,
    scores.posts,
    scores.authors,
    scores.top_author_posts,
    scores.baseline_basis,
    scores.baseline_days,
    scores.expected_posts,
    scores.standard_deviation,
    scores.z,
    cusums.cusum,
    {{ ratio('scores.posts', 'scores.expected_posts') }} as lift
from scores
inner join cusums using (entity_id, scope, sentiment, report_date)
