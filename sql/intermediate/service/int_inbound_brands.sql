-- Grain: one row per inbound mention and brand that it addresses: it answers the brand's post, names its handle, or is
-- a complaint or question that names the brand, which is ours or can answer there.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

with accounts as (
    select * from {{ ref('int_accounts') }}
),

owned as (
    select * from {{ ref('int_owned_brands') }}
),

signals as (
    select * from {{ ref('int_mention_signals') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

matches as (
    select * from {{ ref('fct_mention_entities') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

mentions as (
    select
        mentions.*,
        {{ array_has('signals.intents', "'complaint'") }}
        or {{ array_has('signals.intents', "'question'") }} as is_asking
    from {{ ref('stg_mentions') }} as mentions
    left join accounts on mentions.author_id = accounts.account_id
    left join signals on mentions.mention_id = signals.mention_id
    where
        {{ in_scope('mentions.mention_id', ref('int_touched_mentions'), since='mentions.published_at') }}
        and mentions.deleted_at is null
        and mentions.kind <> 'repost'
        and not coalesce(accounts.is_owned, false)
        and not coalesce(signals.is_irrelevant, false)
),

addressed as (
    select mentions.mention_id, owned.brand_id, 1 as way
    from mentions
    inner join {{ ref('stg_mentions') }} as posts on mentions.parent_id = posts.mention_id
    inner join accounts on posts.author_id = accounts.account_id
    inner join owned on posts.platform = owned.platform and accounts.handle = owned.handle
    union all
    select mentions.mention_id, owned.brand_id, 2 as way
    from mentions
    inner join owned on mentions.platform = owned.platform and {{ array_has('mentions.handles', 'owned.handle') }}
    union all
    select
        mentions.mention_id,
        coalesce(entities.parent_entity_id, entities.entity_id) as brand_id,
        3 as way
    from mentions
    inner join matches on mentions.mention_id = matches.mention_id
    inner join {{ ref('dim_entities') }} as entities on matches.entity_id = entities.entity_id
    left join owned
        on
        coalesce(entities.parent_entity_id, entities.entity_id) = owned.brand_id
        and mentions.platform = owned.platform
    where mentions.is_asking and (entities.is_own or owned.brand_id is not null)
)

select
    mention_id,
    brand_id,
    case min(way) when 1 then 'reply' when 2 then 'handle' else 'name' end as addressed_by
from addressed
group by mention_id, brand_id
