-- Grain: one row per entity, scope, sentiment and complete reporting day with an expectation: how likely so many posts
-- or more are if nothing is the matter (Poisson), and that among all tests of the day (Benjamini and Hochberg 1995).
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

with days as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        posts,
        expected_posts,
        posts > expected_posts as is_above,
        -- Beyond twelve standard deviations the terms are too small to be seen in a double.
        cast(12 * sqrt(cast(greatest(posts, expected_posts) as double)) + 60 as bigint) as span
    from {{ ref('int_spike_sums') }}
    where
        is_complete and expected_posts is not null
        and {{ in_scope('report_date', ref('int_spike_days')) }}
),

-- Above the expectation the tail itself is summed, below it its complement: both without loss of digits.
terms as (
    select
        days.entity_id,
        days.scope,
        days.sentiment,
        days.report_date,
        days.is_above,
        factorials.n * {{ safe_ln('days.expected_posts') }} - days.expected_posts - factorials.log_factorial as log_term
    from days
    inner join {{ ref('int_log_factorials') }} as factorials
        on factorials.n >= case when days.is_above then days.posts else days.posts - days.span end
        and factorials.n <= case when days.is_above then days.posts + days.span else days.posts - 1 end
    where days.expected_posts > 0
),

largest as (
    select *, max(log_term) over (partition by entity_id, scope, sentiment, report_date) as largest_log_term
    from terms
),

sums as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        exp(max(largest_log_term)) * cast(sum({{ exact('exp(log_term - largest_log_term)') }}) as double) as mass
    from largest
    group by entity_id, scope, sentiment, report_date
),

tested as (
    select
        days.entity_id,
        days.scope,
        days.sentiment,
        days.report_date,
        case
            when days.posts = 0 then cast(1 as double)
            when days.expected_posts = 0 then cast(0 as double)
            when days.is_above then least(sums.mass, cast(1 as double))
            else greatest(cast(1 as double) - coalesce(sums.mass, cast(0 as double)), cast(0 as double))
        end as volume_p
    from days
    left join sums using (entity_id, scope, sentiment, report_date)
),

ranked as (
    select
        *,
        count(*) over (partition by report_date) as tests,
        count(*) over (
            partition by report_date order by volume_p nulls last range between unbounded preceding and current row
        ) as rank
    from tested
)

select
    entity_id,
    scope,
    sentiment,
    report_date,
    volume_p,
    min(least(volume_p * {{ ratio('tests', 'rank') }}, cast(1 as double))) over (
        partition by report_date order by volume_p desc nulls last range between unbounded preceding and current row
    ) as volume_q
from ranked
