-- Grain: one row per message, in the threads that this build makes anew and in which someone addresses a brand.
{{ config(materialized='table') }}

with threads as (
    select distinct threads.thread_id
    from {{ ref('int_threads') }} as threads
    inner join {{ ref('int_inbound_brands') }} as inbound on threads.mention_id = inbound.mention_id
    where threads.thread_id in (select thread_id from {{ ref('int_touched_threads') }})
)

select
    threads.thread_id,
    messages.mention_id,
    messages.parent_id,
    messages.platform,
    messages.author_id,
    messages.author_handle,
    messages.published_at,
    messages.report_date,
    {{ micros('messages.published_at') }} as published_micros,
    coalesce(messages.is_bot, false) as is_bot,
    messages.sentiment,
    messages.language,
    messages.intents
from threads
inner join {{ ref('int_threads') }} as members on threads.thread_id = members.thread_id
inner join {{ ref('fct_mentions') }} as messages on members.mention_id = messages.mention_id
where messages.deleted_at is null
