-- Grain: one row per post of an owned or employee account and entity that it speaks for: the account's own, and those
-- of its products and campaigns that have approved messages. A phrase is looked for in the text, any case; a tag among
-- hashtags. Where nothing is approved, carries_message is NULL.
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
        and mentions.author_id in (select account_id from {{ ref('dim_accounts') }} where entity_id is not null)
)

select
    posts.mention_id,
    entities.entity_id,
    posts.account_entity_id,
    posts.platform,
    posts.author_id,
    posts.report_date,
    posts.department,
    posts.is_owned,
    posts.is_employee,
    posts.interactions,
    max(case
        when messages.message_id is null then null
        when
            instr(lower(posts.text), lower(messages.phrase)) > 0
            or {{ array_has('posts.hashtags', 'messages.hashtag') }}
            then 1
        else 0
    end) = 1 as carries_message
from posts
inner join {{ ref('dim_entities') }} as entities
    on posts.account_entity_id in (entities.entity_id, entities.parent_entity_id)
left join {{ ref('stg_messages') }} as messages on entities.entity_id = messages.entity_id
where messages.message_id is not null or entities.entity_id = posts.account_entity_id
group by
    posts.mention_id, entities.entity_id, posts.account_entity_id, posts.platform, posts.author_id, posts.report_date,
    posts.department, posts.is_owned, posts.is_employee, posts.interactions
