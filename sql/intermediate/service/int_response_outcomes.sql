-- Grain: one row per inbound mention and brand, in the threads that this build makes anew: what came of it.
{{ config(materialized='table') }}

with clocks as (
    select * from {{ ref('int_response_clocks') }}
),

messages as (
    select * from {{ ref('int_thread_messages') }}
),

-- What the author said in the thread after the brand's first answer.
replies_back as (
    select
        clocks.mention_id,
        clocks.brand_id,
        messages.published_at,
        messages.sentiment,
        messages.intents is not null as is_scored,
        {{ array_has('messages.intents', "'thanks'") }} as is_thanks,
        row_number() over (
            partition by clocks.mention_id, clocks.brand_id
            order by messages.published_at nulls last, messages.mention_id nulls last
        ) as reply_no
    from clocks
    inner join messages on clocks.thread_id = messages.thread_id and clocks.author_id = messages.author_id
    where messages.published_at > clocks.first_response_at
),

spoken_back as (
    select
        mention_id,
        brand_id,
        max(case when reply_no = 1 then sentiment end) as next_sentiment,
        max(published_at) as last_spoken_at,
        -- Thanks may stand in a text that nobody scored.
        case
            when max(case when is_thanks then 1 else 0 end) = 1 then true
            when min(case when is_scored then 1 else 0 end) = 1 then false
        end as has_thanked
    from replies_back
    group by mention_id, brand_id
),

-- What others answered to it before the brand did, and what the platform had counted by then.
drawn as (
    select
        clocks.mention_id,
        clocks.brand_id,
        count(*) as replies
    from clocks
    inner join messages on clocks.thread_id = messages.thread_id and clocks.mention_id = messages.parent_id
    left join {{ ref('int_owned_brands') }} as owned
        on
        messages.platform = owned.platform
        and messages.author_handle = owned.handle
        and clocks.brand_id = owned.brand_id
    where
        owned.brand_id is null
        and messages.author_id is distinct from clocks.author_id
        and (clocks.first_response_at is null or messages.published_at < clocks.first_response_at)
    group by clocks.mention_id, clocks.brand_id
),

counted as (
    select
        clocks.mention_id,
        clocks.brand_id,
        coalesce(counts.replies, 0) + coalesce(counts.reposts, 0) + coalesce(counts.quotes, 0) as acts
    from clocks
    inner join {{ ref('stg_engagement_snapshots') }} as counts on clocks.mention_id = counts.mention_id
    where clocks.first_response_at is null or counts.captured_at <= clocks.first_response_at
    qualify row_number() over (
        partition by clocks.mention_id, clocks.brand_id
        order by counts.captured_at desc nulls last, counts.load_seq desc nulls last
    ) = 1
)

select
    clocks.mention_id,
    clocks.brand_id,
    spoken_back.next_sentiment,
    spoken_back.last_spoken_at,
    case when spoken_back.mention_id is null then false else spoken_back.has_thanked end as has_thanked,
    greatest(coalesce(drawn.replies, 0), coalesce(counted.acts, 0)) as heat
from clocks
left join spoken_back on clocks.mention_id = spoken_back.mention_id and clocks.brand_id = spoken_back.brand_id
left join drawn on clocks.mention_id = drawn.mention_id and clocks.brand_id = drawn.brand_id
left join counted on clocks.mention_id = counted.mention_id and clocks.brand_id = counted.brand_id
