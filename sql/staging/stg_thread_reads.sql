-- Grain: one row per thread and moment at which it was read.
select
    root_id,
    read_at,
    replies_read,
    is_complete,
    load_seq
from {{ source('raw', 'thread_read') }}
