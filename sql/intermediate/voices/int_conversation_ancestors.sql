-- Grain: one row per message and message above it, up to the root, which need not be known itself. A message has rows
-- only where its whole way up is known and no longer than 20 answers.
{{ config(materialized='table') }}
{%- set hops = 20 %}

with answers as (
    select thread_id, mention_id, answers_id
    from {{ ref('int_conversation_messages') }}
    where answers_id is not null
),

climbed as (
    {{ answers_above('answers', hops) }}
),

placed as (
    select *, {{ levels_to('thread_id', hops) }} as depth
    from climbed
),

levels as (
    select {{ whole_numbers(hops) }}
)

select
    placed.thread_id,
    placed.mention_id,
    placed.depth,
    levels.n as levels_up,
    {{ above_at('levels.n', hops) }} as above_id
from placed
inner join levels on levels.n between 1 and placed.depth
