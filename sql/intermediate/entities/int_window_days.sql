-- Grain: one row per attempt at a search window and reporting day that the window touches; the span is the window's
-- part of that day. Only verbs that search for new mentions; a read of known ids says nothing of what there is.
with loads as (
    select
        run_id,
        source,
        window_id,
        cast(sum(duplicate) as bigint) as duplicates
    from {{ ref('stg_load_windows') }}
    group by run_id, source, window_id
),

windows as (
    select
        collections.*,
        -- NULL: loaded before the ledger told windows apart.
        case when collections.items = 0 then 0 else loads.duplicates end as duplicates,
        -- A search window is asked again with a later end; a file is what it is.
        case
            when collections.verb = 'read' then collections.window_id
            -- browse-<channel>-<start>-<end>: what is browsed is asked one by one.
            when collections.verb = 'browse'
                then concat_ws('-', split_part(collections.window_id, '-', 2), cast(collections.window_start as string))
            else cast(collections.window_start as string)
        end as window_key,
        case when collections.verb = 'browse' then split_part(collections.window_id, '-', 2) end as channel,
        -- An item with a broken clock can stretch a file's window over millennia.
        greatest(collections.window_start, timestamp '1990-01-01 00:00:00') as starts_at,
        least(collections.window_end, runs.as_of) as ends_at
    from {{ ref('stg_collections') }} as collections
    left join {{ ref('stg_runs') }} as runs on collections.run_id = runs.run_id
    left join loads
        on
        collections.run_id = loads.run_id
        and collections.source = loads.source
        and collections.window_id = loads.window_id
    where
        collections.verb in ('discover', 'browse', 'read')
        and collections.window_start is not null and collections.window_end is not null
),

ranked as (
    select
        *,
        {{ report_date('starts_at') }} as first_date,
        -- Half-open: a window that ends at midnight does not touch the day that begins there.
        {{ report_date('greatest(starts_at, ends_at - interval 1 microsecond)') }} as last_date,
        row_number() over (
            partition by source, platform, topic_id, window_key
            order by
                case when is_covered then 1 else 0 end desc nulls last,
                window_end desc nulls last, asked_at desc nulls last, load_seq desc nulls last
        ) = 1 as is_definitive
    from windows
    where starts_at <= ends_at
)

select
    ranked.source,
    ranked.platform,
    ranked.topic_id,
    ranked.channel,
    ranked.window_key,
    dates.report_date,
    greatest(ranked.starts_at, dates.starts_at) as span_start,
    least(ranked.ends_at, dates.ends_at) as span_end,
    dates.report_date = ranked.first_date as is_first_day,
    ranked.is_covered,
    ranked.is_definitive,
    ranked.asked_at,
    ranked.items,
    ranked.duplicates,
    ranked.rejected,
    ranked.quarantined,
    ranked.lost_items,
    ranked.rate_limited,
    ranked.load_seq
from ranked
inner join {{ ref('dim_dates') }} as dates
    on dates.report_date between ranked.first_date and ranked.last_date
