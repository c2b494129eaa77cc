-- Grain: one row per account that loads since the last build forgot with its only mentions, also where a later load
-- named it again: nothing that was read of it before counts any more. A view: no table holds who is forgotten.
with authors as (
    select distinct author_id as account_id
    from {{ ref('stg_touched') }}
    where state = 'old' and author_id is not null and {{ since_last_build('load_seq') }}
),

-- What is told anew was changed, or was forgotten before: then no reading is left of before.
told as (
    select
        authors.account_id,
        {{ since_last_build('accounts.load_seq') }} as is_told_anew
    from authors
    inner join {{ ref('stg_accounts') }} as accounts on authors.account_id = accounts.account_id
),

told_anew as (
    select account_id from told
    where is_told_anew
),

still_read as (
    select distinct account_id from {{ ref('stg_account_snapshots') }}
    where not {{ since_last_build('load_seq') }} and account_id in (select account_id from told_anew)
)

select authors.account_id
from authors
left join told on authors.account_id = told.account_id
left join still_read on authors.account_id = still_read.account_id
where told.account_id is null or (told.is_told_anew and still_read.account_id is null)
