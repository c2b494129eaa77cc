-- Grain: one row per source, platform, topic (NULL: windows that serve all topics) and reporting day.
-- Asked and covered time are unions of the windows' spans, for each channel that is asked by itself: each span adds
-- what reaches beyond all spans before it.
{{ config(materialized='table') }}

with spans as (
    select
        *,
        max(span_end) over earlier as asked_until,
        max(case when is_covered then span_end end) over earlier as covered_until,
        max(case when is_covered then span_end end) over whole as last_covered_at
    from {{ ref('int_window_days') }}
    window
        earlier as (
            partition by source, platform, topic_id, channel, report_date
            order by span_start nulls last, span_end nulls last
            rows between unbounded preceding and 1 preceding
        ),
        whole as (partition by source, platform, topic_id, report_date)
)

select
    source,
    platform,
    topic_id,
    report_date,
    cast(count(distinct window_key) as bigint) as windows_asked,
    cast(count(distinct case when is_covered then window_key end) as bigint) as windows_covered,
    cast(sum(greatest(
        {{ micros('span_end') }} - {{ micros('greatest(span_start, asked_until)') }}, 0
    )) as bigint) as asked_micros,
    cast(sum(case when is_covered then greatest(
        {{ micros('span_end') }} - {{ micros('greatest(span_start, covered_until)') }}, 0
    ) else 0 end) as bigint) as covered_micros,
    cast(sum(case when is_definitive and is_first_day then items else 0 end) as bigint) as items,
    -- Unknown where those of one of the windows are.
    cast(case
        when max(case when is_definitive and is_first_day and duplicates is null then 1 else 0 end) = 0
            then sum(case when is_definitive and is_first_day then duplicates else 0 end)
    end as bigint) as duplicates,
    cast(sum(case when is_definitive and is_first_day then rejected else 0 end) as bigint) as rejected,
    cast(sum(case when is_definitive and is_first_day then quarantined else 0 end) as bigint) as quarantined,
    cast(sum(case when is_definitive and is_first_day then lost_items else 0 end) as bigint) as lost_items,
    max(case when is_definitive and lost_items > 0 then 1 else 0 end) = 1 as has_loss,
    cast(sum(case when is_first_day then rate_limited else 0 end) as bigint) as rate_limited,
    max(last_covered_at) as last_covered_at,
    min(case when is_covered and span_end = last_covered_at then asked_at end) as last_covered_asked_at
from spans
group by source, platform, topic_id, report_date
