-- Grain: one row per entity, scope (a platform, or '*' for all), sentiment (all, negative, positive) and reporting day
-- that was asked or has a mention: what spikes are looked for in. A day of incomplete collection is no quiet day, and
-- one whose texts have mostly no sentiment is no friendly one: neither is complete.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

with mentions as (
    select entity_id, platform, report_date, author_id, sentiment
    from {{ ref('int_entity_mentions') }}
    where {{ in_scope('report_date', ref('int_touched_days')) }}
),

scoped as (
    select *, platform as scope from mentions
    union all
    select *, '*' as scope from mentions
),

kinds as (
    select entity_id, scope, report_date, author_id, 'all' as sentiment from scoped
    union all
    select entity_id, scope, report_date, author_id, sentiment from scoped
    where sentiment in ('negative', 'positive')
),

by_author as (
    select entity_id, scope, sentiment, report_date, author_id, count(*) as posts
    from kinds
    group by entity_id, scope, sentiment, report_date, author_id
),

counted as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        sum(posts) as posts,
        count(author_id) as authors,
        max(case when author_id is not null then posts end) as top_author_posts
    from by_author
    group by entity_id, scope, sentiment, report_date
),

known as (
    select entity_id, scope, report_date, count(sentiment) as known_posts
    from scoped
    group by entity_id, scope, report_date
),

spine as (
    select
        days.entity_id,
        days.scope,
        days.report_date,
        days.coverage,
        days.mentions,
        sentiments.sentiment,
        sentiments.sentiment = 'all'
        or days.mentions = 0
        or {{ ratio('known.known_posts', 'days.mentions') }} >= cast(0.9 as double) as is_told
    from {{ ref('int_entity_days') }} as days
    cross join (values ('all'), ('negative'), ('positive')) as sentiments (sentiment)
    left join known using (entity_id, scope, report_date)
    where {{ in_scope('days.report_date', ref('int_touched_days')) }}
)

select
    spine.entity_id,
    spine.scope,
    spine.sentiment,
    spine.report_date,
    {{ day_number('spine.report_date') }} as day_number,
    spine.coverage,
    case when coalesce(spine.is_told, false) then cast(coalesce(counted.posts, 0) as bigint) end as posts,
    cast(coalesce(counted.authors, 0) as bigint) as authors,
    cast(counted.top_author_posts as bigint) as top_author_posts,
    coalesce(spine.coverage >= cast(0.999999 as double) and spine.is_told, false) as is_complete
from spine
left join counted using (entity_id, scope, sentiment, report_date)
