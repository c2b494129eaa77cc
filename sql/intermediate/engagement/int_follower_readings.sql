-- Grain: one row per account and reading of its followers. It holds from read_at to before until_at, when the next was
-- made (macro end_of_time: none was). A new reading makes anew, of its account, only what holds until then or longer:
-- what has ended before stays, and lies in the order of its end.
{%- set scope = ref('int_touched_followers') %}
{%- set forgotten = ref('int_forgotten_accounts') %}
{%- set is_new = since_last_build('load_seq') %}
{{ config(materialized='incremental', unique_key='account_id',
          meta={'scope': 'int_touched_followers', 'since': 'until_at'},
          post_hook='delete from {{ this }} where account_id in (select account_id from {{ ref("int_forgotten_accounts") }})
          and (account_id, load_seq) not in (select account_id, load_seq from {{ ref("stg_account_snapshots") }}
          where load_seq > (select built_load_seq from {{ ref("stg_build") }}))' if target.type == 'duckdb' else []) }}

with readings as (
    select
        account_id,
        followers,
        captured_at as read_at,
        load_seq,
        -- Where a new one is the earliest of the rows made anew, none of its account ended before.
        true as may_be_first
    from {{ ref('stg_account_snapshots') }}
    where followers is not null {% if is_incremental() -%} and {{ is_new }} {%- endif %}
    {% if is_incremental() -%}
        union all
        select
            account_id,
            followers,
            read_at,
            load_seq,
            is_first as may_be_first
        from {{ this }}
        where
            {{ in_scope('account_id', scope, since='until_at') }}
            and not {{ is_new }} -- a build that was killed put these here
            and account_id not in (select account_id from {{ forgotten }})
    {%- endif %}
)

select
    account_id,
    followers,
    read_at,
    coalesce(lead(read_at) over oldest_first, {{ end_of_time() }}) as until_at,
    row_number() over oldest_first = 1 and may_be_first as is_first,
    load_seq
from readings
window
    oldest_first as (
        partition by account_id
        order by read_at nulls last, load_seq nulls last, followers nulls last
    )
{{ laid_out_by('until_at') }}
