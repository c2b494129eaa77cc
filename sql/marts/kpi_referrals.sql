-- Grain: one row per own site, platform, landing page (NULL: the tool does not tell it) and day with visits from there.
{{ config(materialized='incremental', unique_key='visit_date', meta={'scope': 'int_referral_days'}) }}

{%- set keys = 'site, platform, landing_page, visit_date' %}
{%- set counts = ['sessions', 'engaged_sessions', 'conversions'] %}
{%- set fewest_days, fewest_sessions = 4, 10 %}

with referrals as (
    select * from {{ ref('stg_referrals') }}
    where platform is not null and {{ in_scope('visit_date', ref('int_referral_days')) }}
),

visits as (
    select
        {{ keys }},
        cast(case when count(sessions) = count(*) then sum(sessions) end as bigint) as sessions,
        cast(case when count(engaged_sessions) = count(*) then sum(engaged_sessions) end as bigint) as engaged_sessions,
        cast(case when count(conversions) = count(*) then sum(conversions) end as bigint) as conversions
    from referrals
    group by {{ keys }}
),

told as (
    select distinct site, visit_date, source from referrals
),

coverage as (
    select
        told.site,
        told.visit_date,
        {{ ratio('sum(windows.covered_micros)', 'sum(windows.asked_micros)') }} as coverage
    from told
    inner join {{ ref('int_coverage') }} as windows
        on told.source = windows.source and told.visit_date = windows.report_date
    group by told.site, told.visit_date
),

linked as (
    select distinct {{ keys }}, links.mention_id, links.interactions
    from visits
    inner join {{ ref('int_site_links') }} as links using (site, platform, visit_date)
    where visits.landing_page = '' or {{ page_path('visits.landing_page') }} = links.page
),

linking as (
    select
        {{ keys }},
        cast(count(*) as bigint) as mentions,
        cast(sum({{ exact('interactions') }}) as double) as interactions
    from linked
    group by {{ keys }}
)

select
    visits.site,
    visits.platform,
    nullif(visits.landing_page, '') as landing_page,
    visits.visit_date,
    sites.entity_id,
    entities.entity_kind,
    coverage.coverage,
    {{ not_told('visits.', counts) }} as not_told,
    visits.sessions,
    visits.engaged_sessions,
    {{ ratio('visits.engaged_sessions', 'visits.sessions') }} as engaged_ratio,
    visits.conversions,
    {{ ratio('visits.conversions', 'visits.sessions') }} as conversions_per_session,
    days.interactions,
    {% for count in counts -%}
        case when days.interactions > 0 then {{ ratio('1000 * visits.' ~ count, 'days.interactions') }} end
            as {{ count }}_per_1000_interactions,
    {% endfor -%}
    case
        when sites.site is null then 'the site belongs to no entity of the configuration'
        when days.interactions is null then 'no interactions told'
        when days.interactions = 0 then 'no interactions'
    end as interactions_reason,
    case when instr(visits.site, '.') > 0 then coalesce(linking.mentions, 0) end as linking_mentions,
    linking.interactions as linking_interactions,
    {{ array_has('sites.contact_pages', page_path('visits.landing_page')) }} as is_contact_page,
    yardsticks.yardstick_days,
    yardsticks.expected_sessions,
    case
        when yardsticks.yardstick_days >= {{ fewest_days }}
            then
                visits.sessions >= {{ fewest_sessions }}
                and visits.sessions > yardsticks.expected_sessions + 3 * yardsticks.standard_deviation
    end as is_contact_spike
from visits
left join {{ ref('stg_sites') }} as sites using (site)
left join {{ ref('dim_entities') }} as entities on sites.entity_id = entities.entity_id
left join coverage using (site, visit_date)
left join {{ ref('int_entity_days') }} as days
    on sites.entity_id = days.entity_id and visits.platform = days.scope and visits.visit_date = days.report_date
left join linking using ({{ keys }})
left join {{ ref('int_contact_yardsticks') }} as yardsticks using ({{ keys }})
