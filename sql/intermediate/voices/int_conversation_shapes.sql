-- Grain: one row per thread that this build makes anew and in which an answer's whole way up to the root is known: the
-- shape of the tree of such answers.
{{ config(materialized='table') }}

-- The size of a subtree: a message and all that have it above them.
with below as (
    select thread_id, above_id as mention_id, count(*) as messages
    from {{ ref('int_conversation_ancestors') }}
    group by thread_id, above_id
),

placed as (
    select
        tree.thread_id,
        tree.depth,
        max(tree.depth) over (partition by tree.thread_id) as last_depth,
        count(*) over (partition by tree.thread_id, tree.depth) as peers,
        count(*) over (partition by tree.thread_id) + 1 as nodes,
        coalesce(below.messages, 0) + 1 as subtree
    from {{ ref('int_conversation_ancestors') }} as tree
    left join below on tree.thread_id = below.thread_id and tree.mention_id = below.mention_id
    where tree.above_id = tree.thread_id
)

select
    thread_id,
    count(*) as placed_answers,
    max(depth) as depth,
    max(peers) as width,
    {{ ratio('2 * sum(subtree * (nodes - subtree))', 'max(nodes) * (max(nodes) - 1)') }} as structural_virality,
    {{ ratio('count(*)', 'count(case when depth < last_depth then 1 end) + 1') }} as reproduction_number
from placed
group by thread_id
