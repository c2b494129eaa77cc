-- Grain: one row per account and moment at which its followers were read.
select
    account_id,
    captured_at,
    {{ report_date('captured_at') }} as captured_date,
    followers,
    following,
    posts,
    load_seq
from {{ source('raw', 'account_snapshot') }}
