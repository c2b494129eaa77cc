-- Grain: one row per account: what mentions take from it, and at which watermark that last changed.
-- The watermark of a build that was killed does not move, so its rerun finds the same accounts changed.
{{ config(materialized='incremental', unique_key='account_id',
          post_hook='delete from {{ this }} where account_id not in (select account_id from {{ ref("stg_accounts") }})'
          if target.type == 'duckdb' else []) }}

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
    latest.account_id,
    latest.handle,
    latest.is_bot,
    latest.is_owned,
    latest.is_employee,
    latest.is_media,
    case
        when
            known.account_id is null
            or (known.handle is distinct from latest.handle)
            or (known.is_bot is distinct from latest.is_bot)
            or known.is_owned <> latest.is_owned
            or known.is_employee <> latest.is_employee
            or known.is_media <> latest.is_media
            then latest.built_load_seq
        else known.changed_at_seq
    end as changed_at_seq,
    case
        when
            coalesce(known.is_owned, false) = latest.is_owned
            and coalesce(known.is_employee, false) = latest.is_employee
            and coalesce(known.is_media, false) = latest.is_media
            then known.role_changed_at_seq
        else latest.built_load_seq
    end as role_changed_at_seq
from current_state as latest
left join known on latest.account_id = known.account_id
