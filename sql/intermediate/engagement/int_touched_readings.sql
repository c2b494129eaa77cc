-- Grain: one row per reading of the counts of a mention that this build makes anew: found once, for all that counts them.
-- Empty in a full build (-1), where all of history would stand in it.
{{ config(materialized='table') }}

select readings.* from {{ ref('stg_engagement_snapshots') }} as readings
cross join {{ ref('stg_build') }} as build
where
    build.built_load_seq >= 0
    and readings.mention_id in (select mention_id from {{ ref('int_touched_mentions') }})
