-- Grain: one row per message in the threads that this build makes anew and of which two messages are known: what it
-- answers (NULL for the thread's root). What answers nothing named answers the root. A bare repost is no message.
{{ config(materialized='table') }}

with members as (
    select mention_id, thread_id from {{ ref('int_threads') }}
    where thread_id in (select thread_id from {{ ref('int_touched_threads') }})
),

-- The members first: who joins them straight away makes the engine hold all mentions, to look up a few.
messages as (
    select * from {{ ref('fct_mentions') }}
    where deleted_at is null and kind <> 'repost' and mention_id in (select mention_id from members)
)

select
    members.thread_id,
    messages.mention_id,
    case
        when messages.mention_id <> members.thread_id then coalesce(messages.parent_id, members.thread_id)
    end as answers_id,
    messages.platform,
    messages.author_id,
    messages.is_owned and not coalesce(messages.is_bot, false) as is_brand,
    messages.published_at,
    messages.report_date
from members
inner join messages on members.mention_id = messages.mention_id
qualify count(*) over (partition by members.thread_id) > 1
