-- Grain: one row per account: what mentions take from it, and at which watermark that last changed.
-- The watermark of a build that was killed does not move, so its rerun finds the same accounts changed.
{{ config(materialized='incremental', unique_key='account_id',
          incremental_strategy='delete+insert' if target.type == 'duckdb' else 'append') }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
    {% if is_incremental() %} where {{ since_last_build('load_seq') }} {% endif %}
),

tracked as (
    select * from {{ ref('int_tracked_accounts') }}
),

known as (
    {% if is_incremental() %}
    select * from {{ this }}
    {% else %}
    select
        account_id, handle, is_bot, false as is_owned, false as is_employee, false as is_media,
        cast(null as bigint) as changed_at_seq, cast(null as bigint) as role_changed_at_seq
    from accounts
    where false
    {% endif %}
),

current_state as (
    select
        accounts.account_id,
        accounts.handle,
        accounts.is_bot,
        coalesce(tracked.is_owned, false) as is_owned,
        coalesce(tracked.is_employee, false) as is_employee,
        coalesce(tracked.is_media, false) as is_media,
        build.built_load_seq
    from accounts
    left join tracked on accounts.platform = tracked.platform and accounts.handle = tracked.handle
    cross join {{ ref('stg_build') }} as build
)

select
    new.account_id,
    new.handle,
    new.is_bot,
    new.is_owned,
    new.is_employee,
    new.is_media,
    case
        when known.account_id is not null
            and known.handle is not distinct from new.handle
            and known.is_bot is not distinct from new.is_bot
            and known.is_owned = new.is_owned
            and known.is_employee = new.is_employee
            and known.is_media = new.is_media
            then known.changed_at_seq
        else new.built_load_seq
    end as changed_at_seq,
    case
        when coalesce(known.is_owned, false) = new.is_owned
            and coalesce(known.is_employee, false) = new.is_employee
            and coalesce(known.is_media, false) = new.is_media
            then known.role_changed_at_seq
        else new.built_load_seq
    end as role_changed_at_seq
from current_state as new
left join known on new.account_id = known.account_id
