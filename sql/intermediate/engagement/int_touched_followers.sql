-- Grain: one row per account whose followers loads since the last build read: the earliest of these readings, at which
-- the one before it ends.
select
    account_id,
    min(captured_at) as until_at
from {{ ref('stg_account_snapshots') }}
where followers is not null and {{ since_last_build('load_seq') }}
group by account_id
