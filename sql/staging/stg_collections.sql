-- Grain: one row per attempt at a window of a source and topic (topic_id NULL: the window serves all topics).
select
    run_id,
    source,
    platform,
    verb,
    topic_id,
    window_id,
    window_start,
    window_end,
    asked_at,
    is_covered,
    items,
    rejected,
    quarantined,
    lost_items,
    rate_limited,
    load_seq
from {{ source('raw', 'collection') }}
