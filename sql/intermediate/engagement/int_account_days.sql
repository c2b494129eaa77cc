-- Grain: one row per owned account and reporting day since it was first known: its followers when the day ended.
{{ config(materialized='table') }}

with accounts as (
    select account_id as author_id, platform, entity_id, {{ report_date('first_seen_at') }} as first_date
    from {{ ref('dim_accounts') }}
    where is_owned
),

readings as (
    select * from {{ ref('int_owned_followers') }}
),

-- An account may be older than our first sight of it: its posts and a file's readings tell.
sightings as (
    select author_id, first_date from accounts
    union all
    select account_id as author_id, report_date as first_date from {{ ref('int_owned_posts') }}
    union all
    select account_id as author_id, {{ report_date('read_at') }} as first_date from readings
),

known_since as (
    select author_id, min(first_date) as first_date
    from sightings
    group by author_id
),

days as (
    select
        accounts.author_id as account_id,
        accounts.platform,
        accounts.entity_id,
        dates.report_date,
        readings.followers
    from accounts
    inner join known_since on accounts.author_id = known_since.author_id
    inner join {{ ref('dim_dates') }} as dates on dates.report_date >= known_since.first_date
    left join readings
        on accounts.author_id = readings.account_id
        and readings.read_at < dates.ends_at
        and readings.until_at >= dates.ends_at
)

select
    *,
    followers - lag(followers) over (partition by account_id order by report_date nulls last) as followers_change
from days
