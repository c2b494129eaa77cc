-- Grain: one row per mention: its thread, by what the platform tells, else by following what it answers, at most
-- 20 levels up; a parent that is not known stands for the thread. Rows made anew carry the build's watermark and the
-- thread before: the watermark of a build that was killed does not move, so its rerun finds the same threads touched.
{{ config(materialized='incremental', unique_key='mention_id') }}
{%- set hops = 20 %}

with links as (
    select
        mention_id,
        coalesce(root_id, parent_id, mention_id) as top_id,
        case when root_id is null then parent_id end as next_id
    from {{ ref('stg_mentions') }}
),

known as (
    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select
            mention_id, top_id as thread_id, top_id as previous_thread_id, cast(null as bigint) as changed_at_seq
        from links
        where false
    {% endif %}
),

touched as (
    select links.*
    from links
    inner join {{ ref('int_touched_mentions') }} as touched on links.mention_id = touched.mention_id
),

-- The threads of what changed and of what it answers, and those that wait for it.
touched_threads as (
    select known.thread_id
    from known
    inner join touched on known.mention_id = touched.mention_id
    union
    select known.thread_id
    from known
    inner join touched on known.mention_id = touched.next_id
    union
    select mention_id as thread_id from touched
),

scope as (
    {% if is_incremental() %}
        select * from touched
        union
        select links.*
        from links
        inner join known on links.mention_id = known.mention_id
        inner join touched_threads on known.thread_id = touched_threads.thread_id
    {% else %}
        select * from links
    {% endif %}
),

answered as (
    select * from links
    where mention_id in (select scope.next_id from scope)
),

climbed as (
    select
        link_0.mention_id,
        {{ top_of_links(hops) }} as thread_id
    from scope as link_0
    {{ join_links('answered', hops) }}
)

select
    climbed.mention_id,
    climbed.thread_id,
    case when known.changed_at_seq = build.built_load_seq then known.previous_thread_id else known.thread_id end
        as previous_thread_id,
    build.built_load_seq as changed_at_seq
from climbed
cross join {{ ref('stg_build') }} as build
left join known on climbed.mention_id = known.mention_id
