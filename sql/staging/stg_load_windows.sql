-- Grain: one row per load and window of which it had items: what became of them.
select
    run_id,
    source,
    window_id,
    duplicate
from {{ source('raw', 'load_window') }}
