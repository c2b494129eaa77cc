-- Grain: one row per brand, scope (a platform, or '*' for all) and reporting day: its share of its competitor set's
-- talk.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

with brand_days as (
    select
        days.entity_id,
        entities.competitor_set,
        days.scope,
        days.report_date,
        days.mentions,
        days.interactions,
        days.unique_authors
    from {{ ref('int_entity_days') }} as days
    inner join {{ ref('dim_entities') }} as entities on days.entity_id = entities.entity_id
    where entities.entity_kind = 'brand' and {{ in_scope('report_date', ref('int_touched_days')) }}
),

sets as (
    select
        competitor_set,
        scope,
        report_date,
        cast(sum(mentions) as bigint) as set_mentions,
        cast(sum({{ exact('interactions') }}) as double) as set_interactions,
        cast(sum(unique_authors) as bigint) as set_unique_authors
    from brand_days
    group by competitor_set, scope, report_date
),

shares as (
    select
        brand_days.*,
        sets.set_mentions,
        sets.set_interactions,
        sets.set_unique_authors,
        {{ ratio('brand_days.mentions', 'sets.set_mentions') }} as share_of_voice_mentions
    from brand_days
    inner join sets using (competitor_set, scope, report_date)
),

-- A platform where the set spoke and this brand did not counts as 0 for it: the divisor is the set's.
platforms as (
    select competitor_set, report_date, count(*) as platform_count
    from sets
    where scope <> '*' and set_mentions > 0
    group by competitor_set, report_date
),

platform_shares as (
    select entity_id, report_date, cast(sum({{ exact('share_of_voice_mentions') }}) as double) as share_sum
    from shares
    where scope <> '*'
    group by entity_id, report_date
)

select
    shares.entity_id,
    shares.scope,
    shares.report_date,
    shares.set_mentions,
    shares.share_of_voice_mentions,
    shares.set_interactions,
    {{ ratio('shares.interactions', 'shares.set_interactions') }} as share_of_voice_interactions,
    shares.set_unique_authors,
    {{ ratio('shares.unique_authors', 'shares.set_unique_authors') }} as share_of_voice_authors,
    case
        when platforms.platform_count > 0 then
            {{ ratio('coalesce(platform_shares.share_sum, 0)', 'platforms.platform_count') }}
    end as share_of_voice_mentions_macro
from shares
left join platforms
    on shares.competitor_set = platforms.competitor_set and shares.report_date = platforms.report_date
left join platform_shares
    on shares.entity_id = platform_shares.entity_id and shares.report_date = platform_shares.report_date
