-- Grain: one row per reading of the followers of an account that a brand owns, ours or a competitor's.
{{ config(materialized='table') }}

with owned as (
    select account_id from {{ ref('int_accounts') }}
    where is_owned
)

select * from {{ ref('int_follower_readings') }}
where account_id in (select account_id from owned)
