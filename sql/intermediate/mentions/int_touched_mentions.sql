-- Grain: one row per mention whose row this build makes anew: it, its counts, its author or its parent changed. When it
-- was published is what its rows say once they are made anew (NULL: it is no more).
{{ config(materialized='table') }}

with touched as (
    select mention_id from {{ ref('stg_touched') }}
    where {{ since_last_build('load_seq') }}
    union
    select mentions.mention_id
    from {{ ref('stg_mentions') }} as mentions
    inner join {{ ref('int_accounts') }} as accounts on mentions.author_id = accounts.account_id
    where accounts.changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
),

all_touched as (
    select mention_id from touched
    union
    select mentions.mention_id
    from {{ ref('stg_mentions') }} as mentions
    inner join touched on mentions.parent_id = touched.mention_id
)

select
    all_touched.mention_id,
    mentions.published_at,
    mentions.report_date
from all_touched
left join {{ ref('stg_mentions') }} as mentions on all_touched.mention_id = mentions.mention_id
