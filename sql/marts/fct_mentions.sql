-- Grain: one row per mention, with its newest text and counts.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'published_at'}) }}

with mentions as (
    select * from {{ ref('stg_mentions') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='published_at') }}
),

counts as (
    select * from {{ collected(ref('int_touched_readings'), ref('stg_engagement_snapshots')) }}
    qualify row_number() over (
        partition by mention_id order by captured_at desc nulls last, load_seq desc nulls last
    ) = 1
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

signals as (
    select * from {{ ref('int_mention_signals') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

inbound as (
    select distinct mention_id from {{ ref('int_inbound_brands') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions')) }}
)

select
    mentions.mention_id,
    mentions.platform,
    mentions.kind,
    mentions.found_by,
    mentions.found_by = 'query'
    and mentions.deleted_at is null
    and not coalesce(signals.is_irrelevant, false) as is_counted,
    coalesce(signals.is_irrelevant, false) as is_irrelevant,
    mentions.author_id,
    accounts.handle as author_handle,
    mentions.text,
    mentions.url,
    mentions.language_reported,
    signals.language,
    signals.sentiment,
    signals.sentiment_confidence,
    signals.intents,
    mentions.hashtags,
    mentions.links,
    mentions.media_formats,
    mentions.published_at,
    mentions.report_date,
    mentions.edited_at,
    mentions.deleted_at,
    mentions.first_seen_at,
    mentions.parent_id,
    mentions.root_id,
    counts.likes,
    counts.replies,
    counts.reposts,
    counts.quotes,
    counts.views,
    counts.bookmarks,
    counts.upvotes,
    counts.downvotes,
    counts.clicks,
    {{ interactions('counts.') }} as interactions,
    {{ interactions_basis('counts.', 'is not null') }} as interactions_basis,
    counts.captured_at,
    counts.age_hours,
    coalesce(accounts.is_owned, false) as is_owned,
    coalesce(accounts.is_employee, false) as is_employee,
    coalesce(accounts.is_media, false) as is_media,
    accounts.is_bot,
    inbound.mention_id is not null as is_inbound,
    routes.department,
    routes.routing_rule_no
from mentions
cross join {{ ref('int_weights') }} as weights
left join counts on mentions.mention_id = counts.mention_id
left join accounts on mentions.author_id = accounts.account_id
left join signals on mentions.mention_id = signals.mention_id
left join inbound on mentions.mention_id = inbound.mention_id
left join {{ ref('int_mention_routes') }} as routes on mentions.mention_id = routes.mention_id
