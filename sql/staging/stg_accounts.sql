-- Grain: one row per account.
select
    account_id,
    platform,
    lower(handle) as handle,
    display_name,
    url,
    is_bot,
    created_at,
    first_seen_at,
    load_seq
from {{ source('raw', 'account') }}
