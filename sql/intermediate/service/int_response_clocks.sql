-- Grain: one row per inbound mention and brand, in the threads that this build makes anew: whose first message started
-- its clock, and what answered first. An answer is a later message in the thread by an account that the brand owns and
-- that is no bot; messages of one author with no answer between them are one run.
{{ config(materialized='table') }}

with messages as (
    select * from {{ ref('int_thread_messages') }}
),

events as (
    select
        messages.thread_id,
        inbound.brand_id,
        messages.mention_id,
        coalesce(messages.author_id, messages.mention_id) as author_id,
        messages.published_at,
        messages.published_micros,
        inbound.addressed_by,
        false as is_answer
    from messages
    inner join {{ ref('int_inbound_brands') }} as inbound on messages.mention_id = inbound.mention_id
    union all
    select
        messages.thread_id,
        owned.brand_id,
        messages.mention_id,
        messages.author_id,
        messages.published_at,
        messages.published_micros,
        null as addressed_by,
        true as is_answer
    from messages
    inner join {{ ref('int_owned_brands') }} as owned
        on messages.platform = owned.platform and messages.author_handle = owned.handle
    where not messages.is_bot
),

waits as (
    select
        *,
        min(case when is_answer then published_at end) over (
            partition by thread_id, brand_id order by published_micros nulls last
            range between 1 following and unbounded following
        ) as first_response_at,
        max(case when is_answer then published_at end) over (partition by thread_id, brand_id) as last_response_at
    from events
),

answers as (
    select * from waits
    where is_answer
    qualify row_number() over (
        partition by thread_id, brand_id, published_at order by mention_id nulls last
    ) = 1
)

select
    waits.thread_id,
    waits.brand_id,
    waits.mention_id,
    waits.author_id,
    waits.addressed_by,
    waits.published_at as inbound_at,
    min(waits.published_at) over run as clock_started_at,
    row_number() over (
        partition by waits.thread_id, waits.brand_id, waits.author_id, waits.first_response_at
        order by waits.published_at nulls last, waits.mention_id nulls last
    ) = 1 as is_clock_start,
    waits.first_response_at,
    answers.mention_id as first_response_id,
    case when waits.first_response_at is not null then waits.last_response_at end as last_response_at
from waits
left join answers
    on waits.thread_id = answers.thread_id
    and waits.brand_id = answers.brand_id
    and waits.first_response_at = answers.published_at
where not waits.is_answer
window run as (partition by waits.thread_id, waits.brand_id, waits.author_id, waits.first_response_at)
