-- Grain: one row per brand, scope (a platform, or '*' for all) and reporting day: its share of its competitor set's
-- talk.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

{%- set shares = {
    'mentions': 'mentions', 'interactions': 'interactions', 'unique_authors': 'authors', 'positive_mentions': 'positive'
} %}

with brand_days as (
    select
        days.*,
        entities.competitor_set,
        -- Who is silent has no part in the set's interactions, rather than an unknown one.
        case when days.mentions = 0 then cast(0 as double) else days.interactions end as part_interactions
    from {{ ref('int_entity_days') }} as days
    inner join {{ ref('dim_entities') }} as entities on days.entity_id = entities.entity_id
    where entities.entity_kind = 'brand' and {{ in_scope('days.report_date', ref('int_touched_days')) }}
),

sets as (
    select
        competitor_set,
        scope,
        report_date,
        cast(sum(mentions) as bigint) as set_mentions,
        -- A rival whose interactions or authors nobody told would otherwise leave the whole voice to the others.
        case when count(part_interactions) = count(*) then cast(sum({{ exact('interactions') }}) as double) end
            as set_interactions,
        case when count(unique_authors) = count(*) then cast(sum(unique_authors) as bigint) end as set_unique_authors,
        -- A brand whose texts nobody scored would otherwise look unloved beside one whose texts are scored.
        case when count(positive_mentions) = count(*) then cast(sum(positive_mentions) as bigint) end
            as set_positive_mentions
    from brand_days
    group by competitor_set, scope, report_date
),

parts as (
    select
        {% for measure, share in shares.items() -%}
            sets.set_{{ measure }},
            {{ ratio(
                'brand_days.' ~ ('part_interactions' if measure == 'interactions' else measure), 'sets.set_' ~ measure
            ) }} as share_of_voice_{{ share }},
        {% endfor -%}
        brand_days.*
    from brand_days
    inner join sets using (competitor_set, scope, report_date)
),

-- A platform where the set spoke and this brand did not counts as 0 for it: the divisor is the set's platforms, but for
-- those where a brand's part is unknown.
platforms as (
    select
        {% for measure, share in shares.items() -%}
            sum(case when set_{{ measure }} > 0 then 1 else 0 end) as {{ share }}_platforms,
        {% endfor -%}
        competitor_set,
        report_date
    from sets
    where scope <> '*'
    group by competitor_set, report_date
),

platform_shares as (
    select
        {% for share in shares.values() -%}
            sum({{ exact('share_of_voice_' ~ share) }}) as {{ share }}_sum,
        {% endfor -%}
        entity_id,
        report_date
    from parts
    where scope <> '*'
    group by entity_id, report_date
)

select
    {% for measure, share in shares.items() -%}
        parts.set_{{ measure }},
        parts.share_of_voice_{{ share }},
        {{ ratio('coalesce(platform_shares.' ~ share ~ '_sum, 0)', 'platforms.' ~ share ~ '_platforms') }}
            as share_of_voice_{{ share }}_macro,
    {% endfor -%}
    parts.entity_id,
    parts.scope,
    parts.report_date
from parts
left join platforms
    on parts.competitor_set = platforms.competitor_set and parts.report_date = platforms.report_date
left join platform_shares
    on parts.entity_id = platform_shares.entity_id and parts.report_date = platform_shares.report_date
