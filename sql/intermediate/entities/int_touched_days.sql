-- Grain: one row per reporting day whose own numbers this build makes anew, for all entities of that day.
{{ config(materialized='table') }}

with touched as (
    select * from {{ ref('stg_touched') }}
    where {{ since_last_build('load_seq') }}
),

-- A mention that came or went before the author's first other mention of the entity moves who is new there.
moved_firsts as (
    select latest_first_date as report_date
    from {{ ref('int_author_firsts') }}
    where changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
),

moved_roles as (
    select mentions.report_date
    from {{ ref('int_entity_mentions') }} as mentions
    inner join {{ ref('int_accounts') }} as accounts on mentions.author_id = accounts.account_id
    where accounts.role_changed_at_seq = (select built_load_seq from {{ ref('stg_build') }})
),

-- Followers as read serve the days from then on until they are read again; the first reading serves the days before it,
-- too. In a full build (-1) nothing reads the scope, and all of history would stand in it.
new_readings as (
    select
        account_id,
        is_first,
        {{ report_date('read_at') }} as first_date,
        {{ report_date('until_at') }} as last_date
    from {{ ref('int_follower_readings') }}
    where {{ since_last_build('load_seq') }} and (select built_load_seq from {{ ref('stg_build') }}) >= 0
),

read_again as (
    select * from new_readings
    where not is_first
),

first_read as (
    select
        readings.account_id,
        readings.last_date,
        firsts.first_date
    from new_readings as readings
    inner join {{ ref('int_author_firsts') }} as firsts on readings.account_id = firsts.author_id
    where readings.is_first
),

-- Two reads, each with a day that bounds what the engine has to look at.
moved_followers as (
    select mentions.report_date
    from read_again as readings
    inner join {{ ref('int_entity_mentions') }} as mentions
        on readings.account_id = mentions.author_id
        and mentions.report_date between readings.first_date and readings.last_date
    where mentions.report_date >= (select min(read_again.first_date) from read_again)
    union all
    select mentions.report_date
    from first_read as readings
    inner join {{ ref('int_entity_mentions') }} as mentions
        on readings.account_id = mentions.author_id and mentions.report_date <= readings.last_date
    where mentions.report_date >= (select min(first_read.first_date) from first_read)
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
