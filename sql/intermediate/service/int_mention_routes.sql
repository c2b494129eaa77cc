-- Grain: one row per mention that a routing rule fits: the rule of the least number decides. Posts of owned accounts,
-- deleted and irrelevant mentions are nobody's work.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

with signals as (
    select * from {{ ref('int_mention_signals') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

mentions as (
    select
        mentions.mention_id,
        mentions.platform,
        signals.intents
    from {{ ref('stg_mentions') }} as mentions
    left join {{ ref('int_accounts') }} as accounts on mentions.author_id = accounts.account_id
    left join signals on mentions.mention_id = signals.mention_id
    where
        {{ in_scope('mentions.mention_id', ref('int_touched_mentions'), since='mentions.published_at') }}
        and mentions.deleted_at is null
        and not coalesce(accounts.is_owned, false)
        and not coalesce(signals.is_irrelevant, false)
),

rules as (
    select * from {{ ref('stg_routing_rules') }}
),

-- What a mention is about: whose query it matches, and whom it addresses without naming.
subjects as (
    select mention_id, entity_id from {{ ref('fct_mention_entities') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
    union
    select mention_id, brand_id as entity_id from {{ ref('int_inbound_brands') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions')) }}
),

decided as (
    select
        mentions.mention_id,
        min(rules.rule_no) as routing_rule_no
    from mentions
    inner join rules
        on
        (rules.platform is null or mentions.platform = rules.platform)
        and (rules.intent is null or {{ array_has('mentions.intents', 'rules.intent') }})
    left join subjects on mentions.mention_id = subjects.mention_id and rules.entity_id = subjects.entity_id
    left join {{ ref('stg_mention_rules') }} as hits
        on mentions.mention_id = hits.mention_id and rules.query_hash = hits.query_hash
    where
        (rules.entity_id is null or subjects.mention_id is not null)
        and (rules.query is null or hits.mention_id is not null)
    group by mentions.mention_id
)

select
    decided.mention_id,
    decided.routing_rule_no,
    rules.department
from decided
inner join rules on decided.routing_rule_no = rules.rule_no
