-- Grain: one row per mention whose row this build makes anew: it, its counts, its author or its parent changed; with
-- the earliest publication that the models hold or will hold of it, which bounds where its rows can lie.
{{ config(materialized='table') }}

with touched as (
    select mention_id, published_at from {{ ref('stg_touched') }}
    where {{ since_last_build('load_seq') }}
    union all
    select mentions.mention_id, mentions.published_at
    from {{ ref('stg_mentions') }} as mentions
    inner join {{ ref('int_accounts') }} as accounts on mentions.author_id = accounts.account_id
    where accounts.changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
),

with_answers as (
    select * from touched
    union all
    select mention_id, published_at from {{ ref('stg_mentions') }}
    where parent_id in (select mention_id from touched)
)

select
    mention_id,
    min(published_at) as published_at,
    {{ report_date('min(published_at)') }} as report_date
from with_answers
group by mention_id
