-- Grain: one row per entity and mention that counts for it (found by its query, not deleted): what KPIs sum up.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'report_date'}) }}

with mentions as (
    select * from {{ ref('fct_mentions') }}
    where is_counted and {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

entities as (
    select * from {{ ref('fct_mention_entities') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
)

select
    mentions.mention_id,
    entities.entity_id,
    mentions.platform,
    mentions.author_id,
    mentions.published_at,
    mentions.report_date,
    mentions.interactions,
    mentions.views,
    mentions.sentiment,
    mentions.likes is not null as has_likes,
    mentions.replies is not null as has_replies,
    mentions.reposts is not null as has_reposts,
    mentions.quotes is not null as has_quotes,
    mentions.upvotes is not null as has_upvotes,
    mentions.is_owned,
    mentions.is_employee,
    mentions.is_media
from mentions
inner join entities on mentions.mention_id = entities.mention_id
