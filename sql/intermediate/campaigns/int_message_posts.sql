-- Grain: one row per post of an owned or employee account and entity with approved messages that it may carry: the
-- account's own, its products and its campaigns. A phrase is looked for in the text, any case; a tag among hashtags.
{{ config(materialized='table') }}

with posts as (
    select
        mentions.mention_id,
        mentions.platform,
        mentions.author_id,
        mentions.report_date,
        mentions.text,
        mentions.hashtags,
        mentions.is_owned,
        mentions.is_employee,
        mentions.interactions,
        accounts.entity_id as account_entity_id,
        accounts.department
    from {{ ref('fct_mentions') }} as mentions
    inner join {{ ref('dim_accounts') }} as accounts on mentions.author_id = accounts.account_id
    where
        (mentions.is_owned or mentions.is_employee)
        and mentions.deleted_at is null and {{ is_post('mentions.kind') }}
),

messages as (
    select
        messages.*,
        entities.parent_entity_id
    from {{ ref('stg_messages') }} as messages
    inner join {{ ref('dim_entities') }} as entities on messages.entity_id = entities.entity_id
)

select
    posts.mention_id,
    messages.entity_id,
    posts.platform,
    posts.author_id,
    posts.report_date,
    posts.department,
    posts.is_owned,
    posts.is_employee,
    posts.interactions,
    max(case
        when
            instr(lower(posts.text), lower(messages.phrase)) > 0
            or {{ array_has('posts.hashtags', 'messages.hashtag') }}
            then 1
        else 0
    end) = 1 as carries_message
from posts
inner join messages
    on posts.account_entity_id in (messages.entity_id, messages.parent_entity_id)
group by
    posts.mention_id, messages.entity_id, posts.platform, posts.author_id, posts.report_date, posts.department,
    posts.is_owned, posts.is_employee, posts.interactions
