-- Grain: one row per entity, scope (a platform, or '*' for all), known author and reporting day on which they spoke.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

with author_days as (
    select distinct
        entity_id,
        platform,
        author_id,
        report_date,
        {{ day_start(add_days('report_date', 1)) }} as ends_at
    from {{ ref('int_entity_mentions') }}
    where author_id is not null and {{ in_scope('report_date', ref('int_touched_days')) }}
),

firsts as (
    select entity_id, platform, author_id, first_date as report_date from {{ ref('int_author_firsts') }}
),

new_authors as (
    select * from firsts
    where {{ in_scope('report_date', ref('int_touched_days')) }}
),

-- A reading serves the days that end before the next one, and the first serves the days before it too.
readings as (
    select * from {{ ref('int_follower_readings') }}
    where
        account_id in (select author_id from author_days)
        and {{ held_since('report_date', ref('int_touched_days')) }}
),

known_authors as (
    select
        author_days.entity_id,
        author_days.platform,
        author_days.author_id,
        author_days.report_date,
        new_authors.author_id is not null as is_new,
        readings.followers
    from author_days
    left join new_authors
        on author_days.entity_id = new_authors.entity_id
        and author_days.platform = new_authors.platform
        and author_days.author_id = new_authors.author_id
        and author_days.report_date = new_authors.report_date
    left join readings
        on author_days.author_id = readings.account_id
        and (readings.is_first or readings.read_at < author_days.ends_at)
        and readings.until_at >= author_days.ends_at
)

select
    entity_id,
    platform as scope,
    author_id,
    report_date,
    is_new,
    followers
from known_authors
union all
select
    entity_id,
    '*' as scope,
    author_id,
    report_date,
    min(case when is_new then 1 else 0 end) = 1 as is_new,
    max(followers) as followers
from known_authors
group by entity_id, author_id, report_date
