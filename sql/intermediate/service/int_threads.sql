-- Grain: one row per mention: its thread, by what the platform tells, else by following what it answers, at most
-- 20 levels up; a parent that is not known stands for the thread. Rows made anew carry the build's watermark and the
-- thread before: the watermark of a build that was killed does not move, so its rerun finds the same threads touched.
{{ config(materialized='incremental', unique_key='mention_id') }}
{%- set hops = 20 %}

with touched as (
    select
        mention_id,
        coalesce(root_id, parent_id, mention_id) as top_id,
        case when root_id is null then parent_id end as next_id
    from {{ ref('stg_mentions') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='published_at') }}
),

{% if is_incremental() -%}
    -- Who is cut off at 20 levels shares no thread with what stands above: made anew with all that it could climb.
    cut_off as (
        select thread_id, next_id from {{ this }}
        where is_cut_off
    ),

    -- The threads of what changed and of what it answers, and those that wait for it.
    moved_threads as (
        select thread_id from {{ this }}
        where mention_id in (
            select mention_id from touched
            union
            select next_id from touched
            union
            select next_id from cut_off
        )
        union
        select thread_id from cut_off
        union
        select mention_id as thread_id from touched
    ),

    known as (
        select * from {{ this }}
        where thread_id in (select thread_id from moved_threads)
    ),
{%- else -%}
    known as (
        select
            *, top_id as thread_id, top_id as previous_thread_id, cast(null as bigint) as changed_at_seq
        from touched
        where false
    ),
{%- endif %}

links as (
    select * from touched
    union all
    select mention_id, top_id, next_id from known
    where mention_id not in (select mention_id from touched)
),

answered as (
    select * from links
    where mention_id in (select next_id from links)
),

climbed as (
    select
        link_0.mention_id,
        link_0.top_id,
        link_0.next_id,
        {{ top_of_links(hops) }} as thread_id,
        link_{{ hops }}.next_id is not null as is_cut_off
    from links as link_0
    {{ join_links('answered', hops) }}
)

select
    climbed.mention_id,
    climbed.thread_id,
    case when known.changed_at_seq = build.built_load_seq then known.previous_thread_id else known.thread_id end
        as previous_thread_id,
    build.built_load_seq as changed_at_seq,
    climbed.top_id,
    climbed.next_id,
    climbed.is_cut_off
from climbed
cross join {{ ref('stg_build') }} as build
left join known on climbed.mention_id = known.mention_id
