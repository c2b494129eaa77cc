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
    select entity_id, platform, author_id, min(report_date) as first_date
    from {{ ref('int_entity_mentions') }}
    where author_id in (select author_id from author_days)
    group by entity_id, platform, author_id
),

-- A reading serves the days that end before the next one, and the first serves the days before it too.
readings as (
    select
        account_id,
        followers,
        captured_at,
        lead(captured_at) over newest_last as next_at,
        row_number() over newest_last = 1 as is_first
    from {{ ref('stg_account_snapshots') }}
    where followers is not null and account_id in (select author_id from author_days)
    window newest_last as (
        partition by account_id
        order by captured_at nulls last, load_seq nulls last, followers nulls last
    )
),

known_authors as (
    select
        author_days.entity_id,
        author_days.platform,
        author_days.author_id,
        author_days.report_date,
        firsts.first_date,
        readings.followers
    from author_days
    inner join firsts
        on author_days.entity_id = firsts.entity_id
        and author_days.platform = firsts.platform
        and author_days.author_id = firsts.author_id
    left join readings
        on author_days.author_id = readings.account_id
        and (readings.is_first or readings.captured_at < author_days.ends_at)
        and (readings.next_at is null or readings.next_at >= author_days.ends_at)
)

select
    entity_id,
    platform as scope,
    author_id,
    report_date,
    first_date = report_date as is_new,
    followers
from known_authors
union all
select
    entity_id,
    '*' as scope,
    author_id,
    report_date,
    min(first_date) = report_date as is_new,
    max(followers) as followers
from known_authors
group by entity_id, author_id, report_date
