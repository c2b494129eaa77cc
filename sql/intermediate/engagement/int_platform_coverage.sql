-- Grain: one row per platform and reporting day that a window touches: asked and covered time of all windows that bring
-- posts of the day, searches and files (int_coverage) and timelines of tracked accounts.
{{ config(materialized='table') }}

with timelines as (
    select
        collections.platform,
        collections.source,
        -- A window's id begins with the verb and the account's digest: the question, without when it was asked.
        split_part(collections.window_id, '-', 2) as account_digest,
        collections.window_start as starts_at,
        least(collections.window_end, runs.as_of) as ends_at,
        collections.is_covered
    from {{ ref('stg_collections') }} as collections
    left join {{ ref('stg_runs') }} as runs on collections.run_id = runs.run_id
    where
        collections.verb = 'timeline'
        and collections.window_start is not null and collections.window_end is not null
),

spans as (
    select
        timelines.platform,
        timelines.source,
        timelines.account_digest,
        dates.report_date,
        greatest(timelines.starts_at, dates.starts_at) as span_start,
        least(timelines.ends_at, dates.ends_at) as span_end,
        timelines.is_covered
    from timelines
    inner join {{ ref('dim_dates') }} as dates
        on dates.starts_at < timelines.ends_at and dates.ends_at > timelines.starts_at
),

reaching as (
    select
        *,
        max(span_end) over earlier as asked_until,
        max(case when is_covered then span_end end) over earlier as covered_until
    from spans
    window earlier as (
        partition by platform, source, account_digest, report_date
        order by span_start nulls last, span_end nulls last
        rows between unbounded preceding and 1 preceding
    )
),

windows as (
    select
        platform,
        report_date,
        greatest({{ micros('span_end') }} - {{ micros('greatest(span_start, asked_until)') }}, 0) as asked_micros,
        case
            when is_covered
                then greatest({{ micros('span_end') }} - {{ micros('greatest(span_start, covered_until)') }}, 0)
            else 0
        end as covered_micros
    from reaching
    union all
    select platform, report_date, asked_micros, covered_micros from {{ ref('int_coverage') }}
)

select
    platform,
    report_date,
    cast(sum(asked_micros) as bigint) as asked_micros,
    cast(sum(covered_micros) as bigint) as covered_micros,
    {{ ratio('sum(covered_micros)', 'sum(asked_micros)') }} as coverage
from windows
group by platform, report_date
