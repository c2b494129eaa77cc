-- Grain: one row per mention, with its newest text and counts.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

with mentions as (
    select * from {{ ref('stg_mentions') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions')) }}
),

counts as (
    select * from {{ ref('stg_engagement_snapshots') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions')) }}
    qualify row_number() over (
        partition by mention_id order by captured_at desc nulls last, load_seq desc nulls last
    ) = 1
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

owned_posts as (
    select posts.mention_id
    from {{ ref('stg_mentions') }} as posts
    inner join accounts on posts.author_id = accounts.account_id
    where accounts.is_owned
),

owned_handles as (
    select platform, array_agg(handle) as handles
    from {{ ref('int_tracked_accounts') }}
    where is_owned
    group by platform
)

select
    mentions.mention_id,
    mentions.platform,
    mentions.kind,
    mentions.found_by,
    mentions.found_by = 'query' and mentions.deleted_at is null as is_counted,
    mentions.author_id,
    accounts.handle as author_handle,
    mentions.text,
    mentions.url,
    mentions.language_reported,
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
    case
        when coalesce(counts.likes, counts.replies, counts.reposts, counts.quotes, counts.upvotes) is not null then
            weights.weight_likes * coalesce(counts.likes, 0)
            + weights.weight_replies * coalesce(counts.replies, 0)
            + weights.weight_shares * (coalesce(counts.reposts, 0) + coalesce(counts.quotes, 0))
            + weights.weight_upvotes * coalesce(counts.upvotes, 0)
    end as interactions,
    {{ interactions_basis('counts.', 'is not null') }} as interactions_basis,
    counts.captured_at,
    counts.age_hours,
    coalesce(accounts.is_owned, false) as is_owned,
    coalesce(accounts.is_employee, false) as is_employee,
    coalesce(accounts.is_media, false) as is_media,
    accounts.is_bot,
    not coalesce(accounts.is_owned, false) and (
        owned_posts.mention_id is not null or {{ arrays_overlap('mentions.handles', 'owned_handles.handles') }}
    ) as is_inbound
from mentions
cross join {{ ref('int_weights') }} as weights
left join counts on mentions.mention_id = counts.mention_id
left join accounts on mentions.author_id = accounts.account_id
left join owned_posts on mentions.parent_id = owned_posts.mention_id
left join owned_handles on mentions.platform = owned_handles.platform
