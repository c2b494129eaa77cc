-- Grain: one row per entity, scope (a platform, or '*' for all) and reporting day with a mention whose author is known.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

with author_days as (
    select distinct entity_id, platform, author_id, report_date
    from {{ ref('int_entity_mentions') }}
    where author_id is not null and {{ in_scope('report_date', ref('int_touched_days')) }}
),

firsts as (
    select entity_id, platform, author_id, min(report_date) as first_date
    from {{ ref('int_entity_mentions') }}
    where author_id in (select author_id from author_days)
    group by entity_id, platform, author_id
),

-- The last reading of each day; it serves until the next, and the first serves the days before it too.
readings as (
    select
        account_id,
        captured_date,
        followers
    from {{ ref('stg_account_snapshots') }}
    where followers is not null and account_id in (select author_id from author_days)
    qualify row_number() over (
        partition by account_id, captured_date
        order by captured_at desc nulls last, load_seq desc nulls last, followers desc nulls last
    ) = 1
),

reading_spans as (
    select
        account_id,
        followers,
        captured_date,
        lead(captured_date) over (partition by account_id order by captured_date nulls last) as next_date,
        row_number() over (partition by account_id order by captured_date nulls last) = 1 as is_first
    from readings
),

known_authors as (
    select
        author_days.entity_id,
        author_days.platform,
        author_days.author_id,
        author_days.report_date,
        firsts.first_date,
        spans.followers
    from author_days
    inner join firsts
        on author_days.entity_id = firsts.entity_id
        and author_days.platform = firsts.platform
        and author_days.author_id = firsts.author_id
    left join reading_spans as spans
        on author_days.author_id = spans.account_id
        and (spans.is_first or author_days.report_date >= spans.captured_date)
        and (spans.next_date is null or author_days.report_date < spans.next_date)
),

scoped as (
    select entity_id, platform as scope, author_id, report_date, first_date, followers
    from known_authors
    union all
    select entity_id, '*' as scope, author_id, report_date, min(first_date), max(followers)
    from known_authors
    group by entity_id, author_id, report_date
)

select
    entity_id,
    scope,
    report_date,
    cast(count(*) as bigint) as unique_authors,
    cast(sum(case when first_date = report_date then 1 else 0 end) as bigint) as new_authors,
    cast(sum(followers) as bigint) as potential_audience
from scoped
group by entity_id, scope, report_date
