-- Grain: one row per author of what was deleted or edited since the last build of whom no reading is left of before:
-- who is forgotten with the only mentions, also where a later load named them again. A view: no table holds them.
with authors as (
    select distinct author_id as account_id
    from {{ ref('stg_touched') }}
    where state = 'old' and author_id is not null and {{ since_last_build('load_seq') }}
),

still_read as (
    select distinct account_id from {{ ref('stg_account_snapshots') }}
    where not {{ since_last_build('load_seq') }} and account_id in (select account_id from authors)
)

select authors.account_id
from authors
left join still_read on authors.account_id = still_read.account_id
where still_read.account_id is null
