-- Grain: one row per entity, scope and reporting day with at least five negative or positive authors: how likely that
-- many of the day's authors are at the share of the ordinary days of the 28 before (one-sided binomial test), by mood.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

{#- Outside the condition, so that dbt sees the reference also while parsing. -#}
{% set anew = ref('int_spike_days') %}

with days as (
    select
        kinds.*,
        everyone.authors as all_authors,
        -- Both parts of a share are of the same days: one may be ordinary in all posts, but not in the negative.
        kinds.is_usable and everyone.is_usable as is_ordinary
    from {{ ref('int_spike_sums') }} as kinds
    inner join {{ ref('int_spike_sums') }} as everyone
        on kinds.entity_id = everyone.entity_id and kinds.scope = everyone.scope
        and kinds.report_date = everyone.report_date and everyone.sentiment = 'all'
        and kinds.sentiment <> 'all'
    {% if is_incremental() -%}
        where kinds.report_date >= (select {{ add_days('min(report_date)', -28) }} from {{ anew }})
    {%- endif %}
),

usual as (
    select
        *,
        sum(case when is_ordinary then authors else 0 end) over four_weeks as authors_28d,
        sum(case when is_ordinary then all_authors else 0 end) over four_weeks as all_authors_28d
    from days
    window four_weeks as (
        partition by entity_id, scope, sentiment order by day_number nulls last
        range between 28 preceding and 1 preceding
    )
),

felt as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        authors,
        all_authors,
        posts,
        top_author_posts,
        {{ ratio('top_author_posts', 'posts') }} as top_author_share,
        -- One author more of each kind, so that a share is never quite 0 or 1 (Laplace's rule of succession).
        {{ ratio('coalesce(authors_28d, 0) + 1', 'coalesce(all_authors_28d, 0) + 2') }} as usual_share
    from usual
    where is_complete and authors >= 5 and {{ in_scope('report_date', ref('int_spike_days')) }}
),

terms as (
    select
        felt.entity_id,
        felt.scope,
        felt.sentiment,
        felt.report_date,
        whole.log_factorial - hits.log_factorial - misses.log_factorial
        + hits.n * {{ safe_ln('felt.usual_share') }}
        + misses.n * {{ safe_ln('1 - felt.usual_share') }} as log_term
    from felt
    inner join {{ ref('int_log_factorials') }} as hits on hits.n between felt.authors and felt.all_authors
    inner join {{ ref('int_log_factorials') }} as misses on felt.all_authors - hits.n = misses.n
    inner join {{ ref('int_log_factorials') }} as whole on felt.all_authors = whole.n
),

largest as (
    select *, max(log_term) over (partition by entity_id, scope, sentiment, report_date) as largest_log_term
    from terms
),

tested as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        least(
            exp(max(largest_log_term)) * cast(sum({{ exact('exp(log_term - largest_log_term)') }}) as double),
            cast(1 as double)
        ) as author_p
    from largest
    group by entity_id, scope, sentiment, report_date
)

select
    {% for mood in ['negative', 'positive'] -%}
        max(case when felt.sentiment = '{{ mood }}' then tested.author_p end) as {{ mood }}_author_p,
        max(case when felt.sentiment = '{{ mood }}' then felt.top_author_posts end) as top_{{ mood }}_author_posts,
        max(case when felt.sentiment = '{{ mood }}' then felt.posts end) as {{ mood }}_posts,
        max(case when felt.sentiment = '{{ mood }}' then felt.top_author_share end) as top_{{ mood }}_author_share,
    {% endfor -%}
    felt.entity_id,
    felt.scope,
    felt.report_date
from felt
inner join tested using (entity_id, scope, sentiment, report_date)
group by felt.entity_id, felt.scope, felt.report_date
