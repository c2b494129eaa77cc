-- Grain: one row per thread root under which two messages or more are known.
{{ config(materialized='incremental', unique_key='thread_id', meta={'scope': 'int_touched_threads'}) }}

with messages as (
    select * from {{ ref('int_conversation_messages') }}
),

counts as (
    select
        thread_id,
        min(platform) as platform,
        max(case when mention_id = thread_id then 1 else 0 end) = 1 as is_root_known,
        min(published_at) as started_at,
        min(report_date) as report_date,
        max(published_at) as last_message_at,
        count(*) as messages,
        count(distinct author_id) as unique_participants,
        {{ how_many('is_brand and mention_id <> thread_id') }} as brand_replies
    from messages
    group by thread_id
),

-- Who answered whom: one row a direction, then one a pair of authors.
answers as (
    select distinct
        messages.thread_id,
        messages.author_id,
        least(messages.author_id, answered.author_id) as one_id,
        greatest(messages.author_id, answered.author_id) as other_id
    from messages
    inner join messages as answered
        on messages.answers_id = answered.mention_id and messages.thread_id = answered.thread_id
    where messages.author_id <> answered.author_id
),

pairs as (
    select thread_id, one_id, other_id, count(*) as directions
    from answers
    group by thread_id, one_id, other_id
),

reciprocity as (
    select thread_id, count(*) as answering_pairs, {{ how_many('directions = 2') }} as mutual_pairs
    from pairs
    group by thread_id
),

reads as (
    select root_id, max(case when is_complete then 1 else 0 end) as completeness
    from {{ ref('stg_thread_reads') }}
    group by root_id
)

select
    counts.thread_id, counts.platform, counts.is_root_known, counts.started_at, counts.report_date,
    counts.last_message_at,
    cast(reads.completeness as double) as coverage,
    platforms.threads_reporting,
    cast(counts.messages as bigint) as messages,
    cast(coalesce(shapes.placed_answers, 0) as bigint) as placed_answers,
    cast(shapes.depth as integer) as depth,
    cast(shapes.width as bigint) as width,
    cast(counts.unique_participants as bigint) as unique_participants,
    cast(coalesce(reciprocity.answering_pairs, 0) as bigint) as answering_pairs,
    cast(coalesce(reciprocity.mutual_pairs, 0) as bigint) as mutual_pairs,
    {{ ratio('reciprocity.mutual_pairs', 'reciprocity.answering_pairs') }} as reciprocity,
    counts.brand_replies,
    {{ hours_between('counts.started_at', 'counts.last_message_at') }} as duration_hours,
    shapes.structural_virality,
    shapes.reproduction_number
from counts
left join {{ ref('int_conversation_shapes') }} as shapes on counts.thread_id = shapes.thread_id
left join reciprocity on counts.thread_id = reciprocity.thread_id
left join reads on counts.thread_id = reads.root_id
left join {{ ref('dim_platforms') }} as platforms on counts.platform = platforms.platform
where {{ in_scope('counts.thread_id', ref('int_touched_threads')) }}
