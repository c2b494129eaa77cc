-- Grain: one row per campaign and day of it that is over and was asked or has a mention.
{{ config(materialized='table') }}

with campaigns as (
    select
        campaigns.*,
        coalesce(entities.parent_entity_id, campaigns.entity_id) as brand_entity_id,
        entities.entity_kind,
        entities.competitor_set,
        {{ ratio(
            'campaigns.budget', day_number('campaigns.ends_on') ~ ' - ' ~ day_number('campaigns.starts_on') ~ ' + 1'
        ) }} as budget_of_day
    from {{ ref('stg_campaigns') }} as campaigns
    inner join {{ ref('dim_entities') }} as entities on campaigns.entity_id = entities.entity_id
),

days as (
    select
        campaigns.entity_id,
        campaigns.entity_kind,
        campaigns.brand_entity_id,
        campaigns.budget_of_day,
        campaigns.currency,
        daily.report_date,
        daily.coverage,
        daily.mentions,
        daily.unique_authors,
        daily.interactions,
        daily.scored_mentions,
        daily.positive_mentions,
        daily.neutral_mentions,
        daily.negative_mentions,
        daily.own_mentions,
        sum(daily.mentions) over (partition by campaigns.competitor_set, daily.report_date) as set_mentions
    from campaigns
    inner join {{ ref('int_entity_days') }} as daily
        on campaigns.entity_id = daily.entity_id and daily.scope = '*'
        and daily.report_date between campaigns.starts_on and campaigns.ends_on
    where {{ day_start(add_days('daily.report_date', 1)) }} <= (select max(as_of) from {{ ref('stg_runs') }})
),

crises as (
    select distinct campaigns.entity_id, spikes.report_date
    from campaigns
    inner join {{ ref('kpi_spikes') }} as spikes on spikes.entity_id in (campaigns.entity_id, campaigns.brand_entity_id)
    where spikes.is_crisis and spikes.scope = '*'
),

carried as (
    select
        entity_id,
        report_date,
        count(*) as own_posts,
        sum(case when carries_message then 1 else 0 end) as message_posts
    from {{ ref('int_message_posts') }}
    where carries_message is not null
    group by entity_id, report_date
)

select
    days.entity_id,
    days.entity_kind,
    days.report_date,
    days.brand_entity_id,
    days.coverage,
    days.mentions,
    days.unique_authors,
    days.interactions,
    days.scored_mentions,
    days.positive_mentions,
    days.neutral_mentions,
    days.negative_mentions,
    cast(days.set_mentions as bigint) as set_mentions,
    {{ ratio('days.mentions', 'days.set_mentions') }} as share_of_voice_mentions,
    days.own_mentions as owned_mentions,
    days.mentions - days.own_mentions as earned_mentions,
    uplifts.brand_mentions,
    uplifts.yardstick_days,
    uplifts.usual_mentions,
    uplifts.brand_mentions_uplift,
    uplifts.usual_authors,
    uplifts.brand_authors_uplift,
    uplifts.usual_interactions,
    uplifts.brand_interactions_uplift,
    days.budget_of_day,
    days.currency,
    {{ ratio('days.budget_of_day', 'days.interactions') }} as cost_per_interaction,
    {{ ratio('days.budget_of_day', 'days.mentions') }} as cost_per_mention,
    crises.entity_id is not null as is_controversial,
    cast(coalesce(carried.own_posts, 0) as bigint) as own_posts,
    cast(coalesce(carried.message_posts, 0) as bigint) as message_posts,
    {{ ratio('carried.message_posts', 'carried.own_posts') }} as message_share
from days
left join {{ ref('int_campaign_uplifts') }} as uplifts
    on days.entity_id = uplifts.entity_id and days.report_date = uplifts.report_date
left join crises on days.entity_id = crises.entity_id and days.report_date = crises.report_date
left join carried on days.entity_id = carried.entity_id and days.report_date = carried.report_date
