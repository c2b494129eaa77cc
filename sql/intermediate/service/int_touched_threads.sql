-- Grain: one row per thread whose responses this build makes anew: a message came, changed, went or moved, or it was
-- read again.
{{ config(materialized='table') }}

with moved as (
    select * from {{ ref('int_threads') }}
    where changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
)

select thread_id from moved
union
select previous_thread_id as thread_id from moved
where previous_thread_id is not null
union
select root_id as thread_id from {{ ref('stg_thread_reads') }}
where {{ since_last_build('load_seq') }}
