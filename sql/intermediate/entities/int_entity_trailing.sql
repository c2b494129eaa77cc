-- Grain: one row per entity, scope (a platform, or '*') and reporting day of int_entity_days: its last 7 and 28 days.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_kpi_days'}) }}

{%- set whole = ['mentions', 'mentions_with_author', 'mentions_with_interactions', 'new_authors', 'views'] %}
{%- set moods = ['positive_mentions', 'neutral_mentions', 'negative_mentions'] %}
{%- set parts = ['interactions', 'positive_interactions', 'neutral_interactions', 'negative_interactions'] %}

with days as (
    select *, {{ day_number('report_date') }} as day_number
    from {{ ref('int_entity_days') }}
    where {{ in_scope('report_date', ref('int_trailing_days')) }}
),

presence as (
    select
        *,
        lead(report_date) over (partition by entity_id, scope, author_id order by report_date nulls last) as next_date
    from {{ ref('int_entity_author_days') }}
    where {{ in_scope('report_date', ref('int_trailing_days')) }}
),

-- An author counts from a day they spoke, with that day's followers, until the window has passed or they speak again:
-- distinct authors in one pass, where a join of days to windows would visit every mention 28 times.
changes as (
    {% for width in [7, 28] -%}
        select
            entity_id,
            scope,
            least({{ add_days('report_date', width) }}, next_date) as report_date,
            followers,
            {{ width }} as width,
            -1 as direction
        from presence
        union all
    {% endfor -%}
    select entity_id, scope, report_date, followers, 0 as width, 1 as direction from presence
    union all
    select entity_id, scope, report_date, null as followers, 0 as width, 0 as direction from days
),

authors as (
    select
        {% for width in [7, 28] -%}
            {%- set counts = 'case when width in (0, ' ~ width ~ ') then direction else 0 end' -%}
            cast(sum(sum({{ counts }})) over so_far as bigint) as unique_authors_{{ width }}d,
            case
                when sum(sum(case when followers is not null then {{ counts }} else 0 end)) over so_far > 0
                    then cast(sum(sum(followers * {{ counts }})) over so_far as bigint)
            end as potential_audience_{{ width }}d,
        {% endfor -%}
        entity_id,
        scope,
        report_date
    from changes
    group by entity_id, scope, report_date
    window so_far as (
        partition by entity_id, scope order by report_date nulls last
        rows between unbounded preceding and current row
    )
),

sums as (
    select
        {% for width in [7, 28] -%}
            {% for name in whole + moods -%}
                cast(sum({{ name }}) over last_{{ width }} as bigint) as {{ name }}_{{ width }}d,
            {% endfor -%}
            {% for name in parts -%}
                cast(sum({{ exact(name) }}) over last_{{ width }} as double) as {{ name }}_{{ width }}d,
            {% endfor -%}
        {% endfor -%}
        entity_id,
        scope,
        report_date
    from days
    window
        last_7 as (
            partition by entity_id, scope order by day_number nulls last range between 6 preceding and current row
        ),
        last_28 as (
            partition by entity_id, scope order by day_number nulls last range between 27 preceding and current row
        )
)

select
    {% for width in ['_7d', '_28d'] -%}
        {% for name in ['mentions', 'mentions_with_author', 'mentions_with_interactions', 'interactions', 'views'] -%}
            sums.{{ name ~ width }},
        {% endfor -%}
        {{ of_known_authors('sums.new_authors' ~ width, 'sums.', width) }} as new_authors{{ width }},
        {{ of_known_authors('authors.unique_authors' ~ width, 'sums.', width) }} as unique_authors{{ width }},
        authors.potential_audience{{ width }},
        {{ told_sentiment('sums.', width) }},
    {% endfor -%}
    sums.entity_id,
    sums.scope,
    sums.report_date
from sums
inner join authors using (entity_id, scope, report_date)
where {{ in_scope('report_date', ref('int_kpi_days')) }}
