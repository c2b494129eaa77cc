-- Grain: one row per account that a load since the last build told something new of, or has let go: its only mentions
-- are gone.
{{ config(materialized='table') }}

select account_id from {{ ref('stg_accounts') }}
where {{ since_last_build('load_seq') }}
union
select account_id from {{ ref('stg_account_snapshots') }}
where {{ since_last_build('load_seq') }}
union
select touched.author_id as account_id
from {{ ref('stg_touched') }} as touched
left join {{ ref('stg_accounts') }} as accounts on touched.author_id = accounts.account_id
where touched.author_id is not null and accounts.account_id is null and {{ since_last_build('touched.load_seq') }}
