-- Grain: one row per reporting day whose own numbers this build makes anew, for all entities of that day.
{{ config(materialized='table') }}

with touched as (
    select * from {{ ref('stg_touched') }}
    where {{ since_last_build('load_seq') }}
),

-- A mention that came or went before the author's first other mention of the entity moves who is new there.
touched_pairs as (
    select entity_id, author_id, min(report_date) as first_touched_date
    from touched
    where entity_id is not null and author_id is not null
    group by all
),

moved_firsts as (
    select min(mentions.report_date) as report_date
    from {{ ref('int_entity_mentions') }} as mentions
    inner join touched_pairs as pairs
        on mentions.entity_id = pairs.entity_id and mentions.author_id = pairs.author_id
    where mentions.mention_id not in (select mention_id from touched)
    group by pairs.entity_id, pairs.author_id, pairs.first_touched_date, mentions.platform
    having min(mentions.report_date) > pairs.first_touched_date
),

moved_roles as (
    select mentions.report_date
    from {{ ref('int_entity_mentions') }} as mentions
    inner join {{ ref('int_accounts') }} as accounts on mentions.author_id = accounts.account_id
    where accounts.role_changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
),

-- Followers as read serve the days from then on; the first reading serves the days before it too.
read_followers as (
    select
        account_id,
        min(case when {{ since_last_build('load_seq') }} then captured_date end) as new_date,
        min(case when not {{ since_last_build('load_seq') }} then captured_date end) as old_date
    from {{ ref('stg_account_snapshots') }}
    where
        followers is not null
        and account_id in (
            select account_id from {{ ref('stg_account_snapshots') }}
            where {{ since_last_build('load_seq') }}
        )
    group by account_id
),

moved_followers as (
    select mentions.report_date
    from read_followers as followers
    inner join {{ ref('int_entity_mentions') }} as mentions on followers.account_id = mentions.author_id
    where
        followers.new_date is not null
        and (
            followers.old_date is null
            or followers.new_date <= followers.old_date
            or mentions.report_date >= followers.new_date
        )
)

select report_date from touched
union
select report_date from moved_firsts
union
select report_date from moved_roles
union
select report_date from moved_followers
union
select report_date from {{ ref('int_window_days') }}
where {{ since_last_build('load_seq') }}
