-- Grain: one row per thread of kpi_conversations with an answer whose way up is known, and generation of it: the root
-- is generation 0.
{{ config(materialized='incremental', unique_key='thread_id', meta={'scope': 'int_touched_threads'}) }}

with sizes as (
    select thread_id, depth as generation, count(*) as messages
    from {{ ref('int_conversation_ancestors') }}
    where above_id = thread_id
    group by thread_id, depth
    union all
    select distinct thread_id, 0 as generation, 1 as messages
    from {{ ref('int_conversation_ancestors') }}
),

followed as (
    select
        *,
        coalesce(lead(messages) over (partition by thread_id order by generation nulls last), 0) as next_messages
    from sizes
)

select
    followed.thread_id,
    cast(followed.generation as integer) as generation,
    conversations.coverage,
    conversations.threads_reporting,
    cast(followed.messages as bigint) as messages,
    cast(followed.next_messages as bigint) as next_messages,
    {{ ratio('followed.next_messages', 'followed.messages') }} as reproduction_number
from followed
inner join {{ ref('kpi_conversations') }} as conversations on followed.thread_id = conversations.thread_id
where {{ in_scope('followed.thread_id', ref('int_touched_threads')) }}
