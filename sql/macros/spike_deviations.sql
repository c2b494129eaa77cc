{#- The model of z: how far a day lies above what was expected, in standard deviations of a new day. The dispersion is
    that of the eight weeks before: variance over mean of what those days' own expectations missed. -#}
{% macro spike_deviations(baselines, episodes) %}
with counts as (
    {{ spike_series(episodes) }}
),

days as (
    select
        counts.*,
        baselines.baseline_basis,
        baselines.expected_posts,
        baselines.observed_variance,
        baselines.baseline_days,
        case
            when counts.is_usable
                then {{ exact(ratio(
                    '(counts.posts - baselines.expected_posts) * (counts.posts - baselines.expected_posts)',
                    'greatest(baselines.expected_posts, cast(1 as double))'
                )) }}
        end as missed
    from counts
    inner join {{ baselines }} as baselines using (entity_id, scope, sentiment, report_date)
    where {{ is_looked_back_on(58) }}
),

dispersed as (
    select
        *,
        case
            when count(missed) over eight_weeks >= 14
                then {{ ratio('sum(missed) over eight_weeks', 'count(missed) over eight_weeks') }}
        end as dispersion
    from days
    window eight_weeks as (
        partition by entity_id, scope, sentiment order by day_number nulls last
        range between 58 preceding and 3 preceding
    )
),

scaled as (
    select
        *,
        case
            when dispersion is not null
                then greatest(dispersion, cast(1 as double)) * greatest(expected_posts, cast(1 as double))
            else greatest(expected_posts, observed_variance, cast(1 as double))
        end
        -- The expectation is itself uncertain: a mean by 1/n of the variance, a median by pi/2 times that.
        * (1 + {{ ratio(
            "case when baseline_basis = 'weekdays' then cast(1.5707963267948966 as double) else cast(1 as double) end",
            'baseline_days'
        ) }}) as variance
    from dispersed
)

select
    entity_id,
    scope,
    sentiment,
    report_date,
    day_number,
    posts,
    is_usable,
    baseline_basis,
    expected_posts,
    baseline_days,
    dispersion,
    sqrt(variance) as standard_deviation,
    -- A day or two say nothing of what is ordinary: after one without posts the next would be "20 sigma".
    case
        when baseline_basis <> 'so far' or baseline_days >= 7
            then {{ ratio('posts - expected_posts', 'sqrt(variance)') }}
    end as z
from scaled
where {{ in_scope('report_date', ref('int_spike_days')) }}
{% endmacro %}
