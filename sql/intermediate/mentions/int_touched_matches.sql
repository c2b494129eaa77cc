-- Grain: one row per mention that this build makes anew and entity that it counts for: found once, for all that counts
-- them. Empty in a full build (-1), where all of history would stand in it.
{{ config(materialized='table') }}

with matches as (
    {{ entity_matches() }}
)

select matches.* from matches
cross join {{ ref('stg_build') }} as build
where
    build.built_load_seq >= 0
    and matches.mention_id in (select mention_id from {{ ref('int_touched_mentions') }})
