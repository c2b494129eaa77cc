-- Grain: one row per account that was seen, with its newest follower reading.
{{ config(materialized='incremental', unique_key='account_id', meta={'scope': 'int_touched_accounts'}) }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
    where {{ in_scope('account_id', ref('int_touched_accounts')) }}
),

readings as (
    select * from {{ ref('stg_account_snapshots') }}
    where {{ in_scope('account_id', ref('int_touched_accounts')) }}
    qualify row_number() over (
        partition by account_id
        order by captured_at desc nulls last, load_seq desc nulls last, followers desc nulls last
    ) = 1
)

select
    accounts.account_id,
    accounts.platform,
    accounts.handle,
    accounts.display_name,
    accounts.url,
    accounts.is_bot,
    coalesce(tracked.is_owned, false) as is_owned,
    coalesce(tracked.is_employee, false) as is_employee,
    coalesce(tracked.is_media, false) as is_media,
    tracked.entity_id,
    tracked.department,
    readings.followers,
    readings.following,
    readings.posts,
    readings.captured_at,
    accounts.created_at,
    accounts.first_seen_at
from accounts
left join {{ ref('int_tracked_accounts') }} as tracked
    on accounts.platform = tracked.platform and accounts.handle = tracked.handle
left join readings on accounts.account_id = readings.account_id
