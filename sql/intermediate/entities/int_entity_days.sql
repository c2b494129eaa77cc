-- Grain: one row per entity, scope (a platform, or '*' for all) and reporting day that was asked or has a mention.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

with touched as (
    select *, {{ sentiment_weight('sentiment', 'interactions') }} as sentiment_weight
    from {{ ref('int_entity_mentions') }}
    where {{ in_scope('report_date', ref('int_touched_days')) }}
),

mentions as (
    select *, platform as scope from touched
    union all
    select *, '*' as scope from touched
),

totals as (
    select
        entity_id,
        scope,
        report_date,
        cast(count(*) as bigint) as mentions,
        cast(count(author_id) as bigint) as mentions_with_author,
        cast(count(interactions) as bigint) as mentions_with_interactions,
        cast(sum({{ exact('interactions') }}) as double) as interactions,
        {% for part in ['likes', 'replies', 'reposts', 'quotes', 'upvotes'] -%}
            max(case when has_{{ part }} then 1 else 0 end) as has_{{ part }},
        {% endfor -%}
        cast(sum(views) as bigint) as views,
        {{ sentiment_sums() }},
        cast(sum(case when is_owned then 1 else 0 end) as bigint) as owned_mentions,
        cast(sum(case when is_employee then 1 else 0 end) as bigint) as employee_mentions,
        cast(sum(case when is_owned or is_employee then 1 else 0 end) as bigint) as own_mentions,
        cast(sum(case when is_media then 1 else 0 end) as bigint) as media_mentions,
        cast(sum(case when is_owned or is_employee or is_media then 0 else 1 end) as bigint) as ugc_mentions
    from mentions
    group by entity_id, scope, report_date
),

authors as (
    select
        entity_id,
        scope,
        report_date,
        cast(count(*) as bigint) as unique_authors,
        cast(sum(case when is_new then 1 else 0 end) as bigint) as new_authors,
        cast(sum(followers) as bigint) as potential_audience
    from {{ ref('int_entity_author_days') }}
    where {{ in_scope('report_date', ref('int_touched_days')) }}
    group by entity_id, scope, report_date
),

asked as (
    select entities.entity_id, coverage.platform, coverage.report_date, coverage.asked_micros, coverage.covered_micros
    from {{ ref('int_coverage') }} as coverage
    inner join {{ ref('dim_entities') }} as entities
        on coverage.topic_id = entities.entity_id or coverage.topic_id is null
    -- Visits of one's own sites are no mentions.
    where
        coverage.platform not in ('matomo', 'plausible')
        and {{ in_scope('coverage.report_date', ref('int_touched_days')) }}
),

coverage as (
    select entity_id, scope, report_date, sum(asked_micros) as asked, sum(covered_micros) as covered
    from (
        select *, platform as scope from asked
        union all
        select *, '*' as scope from asked
    ) as scoped
    group by entity_id, scope, report_date
),

spine as (
    select entity_id, scope, report_date from totals
    union
    select entity_id, scope, report_date from coverage
)

select
    spine.entity_id,
    spine.scope,
    spine.report_date,
    {{ ratio('coverage.covered', 'coverage.asked') }} as coverage,
    {% for count in [
        'mentions', 'mentions_with_author', 'mentions_with_interactions', 'owned_mentions', 'employee_mentions',
        'own_mentions', 'media_mentions', 'ugc_mentions'
    ] -%}
        coalesce(totals.{{ count }}, 0) as {{ count }},
    {% endfor -%}
    {{ of_known_authors('coalesce(authors.unique_authors, 0)', 'totals.') }} as unique_authors,
    {{ of_known_authors('coalesce(authors.new_authors, 0)', 'totals.') }} as new_authors,
    authors.potential_audience,
    totals.interactions,
    {{ interactions_basis('totals.has_', '= 1') }} as interactions_basis,
    totals.views,
    {{ told_sentiment('totals.') }}
from spine
left join totals using (entity_id, scope, report_date)
left join coverage using (entity_id, scope, report_date)
left join authors using (entity_id, scope, report_date)
