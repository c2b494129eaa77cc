-- Grain: one row per platform, bucket and reporting day on which a post reached the bucket: the sums over the 90 days
-- up to then that a line through x = ln(1 + F) and y = ln(1 + E) takes.
{{ config(materialized='incremental', unique_key='fit_date', meta={'scope': 'int_fit_days'}) }}

{% set moments = ['x', 'y', 'xx', 'xy', 'yy'] %}
{% set nothing %}{% for sum in moments %}{{ exact('0') }} as {{ sum }}{{ ', ' if not loop.last }}{% endfor %}{% endset %}

with posts as (
    select * from {{ ref('int_follower_posts') }}
    where {{ in_scope('reached_date', ref('int_fit_window_days')) }}
),

presence as (
    select
        *,
        lead(reached_date) over (
            partition by platform, bucket_hours, author_id order by reached_date nulls last
        ) as next_date
    from posts
),

-- What a day adds. An author counts from a day with a post until the window has passed or the next such day.
changes as (
    select
        platform,
        bucket_hours,
        reached_date,
        1 as posts,
        1 as authors,
        0 as is_reached,
        {{ exact('ln_followers') }} as x,
        {{ exact('ln_interactions') }} as y,
        {{ exact('ln_followers * ln_followers') }} as xx,
        {{ exact('ln_followers * ln_interactions') }} as xy,
        {{ exact('ln_interactions * ln_interactions') }} as yy
    from posts
    union all
    select
        platform,
        bucket_hours,
        least({{ add_days('reached_date', 90) }}, next_date) as reached_date,
        0 as posts,
        -1 as authors,
        0 as is_reached,
        {{ nothing }}
    from presence
    union all
    select distinct
        platform,
        bucket_hours,
        reached_date,
        0 as posts,
        0 as authors,
        1 as is_reached,
        {{ nothing }}
    from {{ ref('int_bucket_counts') }}
    where bucket_hours >= 24 and {{ in_scope('reached_date', ref('int_fit_window_days')) }}
),

days as (
    select
        platform,
        bucket_hours,
        reached_date as fit_date,
        {% for moment in moments -%}
            sum({{ moment }}) as {{ moment }},
        {% endfor -%}
        sum(posts) as posts,
        sum(authors) as authors,
        max(is_reached) as is_reached
    from changes
    group by platform, bucket_hours, reached_date
),

sums as (
    select
        platform,
        bucket_hours,
        fit_date,
        is_reached,
        {% for moment in moments -%}
            cast(sum({{ moment }}) over last_90 as double) as sum_{{ moment }},
        {% endfor -%}
        cast(sum(posts) over last_90 as bigint) as posts,
        cast(sum(authors) over so_far as bigint) as authors
    from days
    window
        last_90 as (
            partition by platform, bucket_hours order by {{ day_number('fit_date') }} nulls last
            range between 89 preceding and current row
        ),
        so_far as (
            partition by platform, bucket_hours order by fit_date nulls last
            rows between unbounded preceding and current row
        )
)

select * from sums
where is_reached = 1 and {{ in_scope('fit_date', ref('int_fit_days')) }}
