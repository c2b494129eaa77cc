-- Grain: one row per reporting day on which posts reached an age bucket and whose fit sample this build makes anew.
{{ config(materialized='table') }}

-- In a full build (-1) nothing reads the scope, and all of history would stand in it.
with build as (
    select built_load_seq from {{ ref('stg_build') }}
    where built_load_seq >= 0
),

readings as (
    select
        readings.mention_id,
        {{ report_date('readings.captured_at') }} as reached_date,
        {{ age_bucket(micros('readings.captured_at') ~ ' - ' ~ micros('mentions.published_at')) }} as bucket_hours,
        readings.load_seq
    from {{ ref('int_touched_readings') }} as readings
    inner join {{ ref('stg_mentions') }} as mentions on readings.mention_id = mentions.mention_id
    where mentions.published_at >= (select min(published_at) from {{ ref('int_touched_mentions') }})
),

-- A reading that comes late can be the earliest of its bucket, and then takes the place of another day's.
new_readings as (
    select distinct readings.mention_id, readings.bucket_hours
    from readings
    inner join build on readings.load_seq > build.built_load_seq
    where readings.bucket_hours is not null
),

-- What was edited had other ages, another author or another kind, what was deleted counted: all its readings.
restated as (
    select distinct touched.mention_id
    from {{ ref('stg_touched') }} as touched
    inner join build on touched.load_seq > build.built_load_seq
    where touched.state = 'old'
),

moved_roles as (
    select counts.reached_date
    from {{ ref('int_bucket_counts') }} as counts
    inner join {{ ref('int_accounts') }} as accounts on counts.author_id = accounts.account_id
    inner join build on accounts.role_changed_at_seq = build.built_load_seq
),

-- Followers as read serve what was captured from then on.
new_followers as (
    select snapshots.account_id, min(snapshots.captured_at) as captured_at
    from {{ ref('stg_account_snapshots') }} as snapshots
    inner join build on snapshots.load_seq > build.built_load_seq
    where snapshots.followers is not null
    group by snapshots.account_id
),

moved_followers as (
    select counts.reached_date
    from {{ ref('int_bucket_counts') }} as counts
    inner join new_followers as followers
        on counts.author_id = followers.account_id and counts.captured_at >= followers.captured_at
)

select readings.reached_date
from readings
inner join new_readings
    on readings.mention_id = new_readings.mention_id and readings.bucket_hours = new_readings.bucket_hours
union
select readings.reached_date
from readings
inner join restated on readings.mention_id = restated.mention_id
union
select reached_date from moved_roles
union
select reached_date from moved_followers
