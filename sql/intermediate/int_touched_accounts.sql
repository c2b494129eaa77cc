-- Grain: one row per account that a load since the last build told something new of.
{{ config(materialized='table') }}

select account_id from {{ ref('stg_accounts') }}
where {{ since_last_build('load_seq') }}
union
select account_id from {{ ref('stg_account_snapshots') }}
where {{ since_last_build('load_seq') }}
