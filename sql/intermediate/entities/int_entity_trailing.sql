-- Grain: one row per entity, scope (a platform, or '*' for all) and reporting day of int_entity_days: its last 7 and
-- 28 days.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_kpi_days'}) }}

with days as (
    select *, {{ day_number('report_date') }} as day_number
    from {{ ref('int_entity_days') }}
    where {{ in_scope('report_date', ref('int_trailing_days')) }}
),

author_days as (
    select entity_id, platform as scope, author_id, report_date
    from {{ ref('int_entity_mentions') }}
    where author_id is not null and {{ in_scope('report_date', ref('int_trailing_days')) }}
    union
    select entity_id, '*' as scope, author_id, report_date
    from {{ ref('int_entity_mentions') }}
    where author_id is not null and {{ in_scope('report_date', ref('int_trailing_days')) }}
),

presence as (
    select
        *,
        lead(report_date) over (partition by entity_id, scope, author_id order by report_date nulls last) as next_date
    from author_days
),

-- An author counts from a day they spoke until the window has passed or they speak again: distinct authors of a
-- moving window in one pass, where a join of days to windows would visit every mention 28 times.
changes as (
    select entity_id, scope, report_date, 1 as change_7d, 1 as change_28d from presence
    union all
    select
        entity_id,
        scope,
        least({{ add_days('report_date', 7) }}, next_date) as report_date,
        -1 as change_7d,
        0 as change_28d
    from presence
    union all
    select
        entity_id,
        scope,
        least({{ add_days('report_date', 28) }}, next_date) as report_date,
        0 as change_7d,
        -1 as change_28d
    from presence
    union all
    select entity_id, scope, report_date, 0 as change_7d, 0 as change_28d from days
),

daily_changes as (
    select entity_id, scope, report_date, sum(change_7d) as change_7d, sum(change_28d) as change_28d
    from changes
    group by entity_id, scope, report_date
),

authors as (
    select
        entity_id,
        scope,
        report_date,
        cast(sum(change_7d) over so_far as bigint) as unique_authors_7d,
        cast(sum(change_28d) over so_far as bigint) as unique_authors_28d
    from daily_changes
    window so_far as (
        partition by entity_id, scope order by report_date nulls last
        rows between unbounded preceding and current row
    )
),

sums as (
    select
        entity_id,
        scope,
        report_date,
        cast(sum(mentions) over last_7 as bigint) as mentions_7d,
        cast(sum(mentions) over last_28 as bigint) as mentions_28d,
        cast(sum({{ exact('interactions') }}) over last_7 as double) as interactions_7d,
        cast(sum({{ exact('interactions') }}) over last_28 as double) as interactions_28d
    from days
    window
        last_7 as (
            partition by entity_id, scope order by day_number nulls last
            range between 6 preceding and current row
        ),
        last_28 as (
            partition by entity_id, scope order by day_number nulls last
            range between 27 preceding and current row
        )
)

select
    sums.*,
    authors.unique_authors_7d,
    authors.unique_authors_28d
from sums
inner join authors using (entity_id, scope, report_date)
where {{ in_scope('report_date', ref('int_kpi_days')) }}
