-- Grain: one row per mention whose row this build makes anew: it, its counts, its author or its parent changed.
{{ config(materialized='table') }}

with touched as (
    select mention_id from {{ ref('stg_touched') }}
    where {{ since_last_build('load_seq') }}
    union
    select mentions.mention_id
    from {{ ref('stg_mentions') }} as mentions
    inner join {{ ref('int_accounts') }} as accounts on mentions.author_id = accounts.account_id
    where accounts.changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
)

select mention_id from touched
union
select mentions.mention_id
from {{ ref('stg_mentions') }} as mentions
inner join touched on mentions.parent_id = touched.mention_id
