-- Grain: one row per message in the threads that this build makes anew and of which two messages are known: what it
-- answers (NULL for the thread's root). What answers nothing named answers the root. A bare repost is no message.
{{ config(materialized='table') }}

select
    threads.thread_id,
    messages.mention_id,
    case
        when messages.mention_id <> threads.thread_id then coalesce(messages.parent_id, threads.thread_id)
    end as answers_id,
    messages.platform,
    messages.author_id,
    messages.is_owned and not coalesce(messages.is_bot, false) as is_brand,
    messages.published_at,
    messages.report_date
from {{ ref('int_threads') }} as threads
inner join {{ ref('fct_mentions') }} as messages on threads.mention_id = messages.mention_id
where
    messages.deleted_at is null
    and messages.kind <> 'repost'
    and threads.thread_id in (select thread_id from {{ ref('int_touched_threads') }})
qualify count(*) over (partition by threads.thread_id) > 1
