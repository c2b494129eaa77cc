-- Grain: one row per campaign and day of it: how its brand's day compares with the same weekdays of the 28 days before
-- the campaign began. Only complete days; before it began, so that a campaign is not its own yardstick.
{{ config(materialized='table') }}

with complete_days as (
    select * from {{ ref('int_entity_days') }}
    where scope = '*' and coverage >= cast(0.999999 as double)
),

days as (
    select
        campaigns.entity_id,
        coalesce(entities.parent_entity_id, campaigns.entity_id) as brand_entity_id,
        campaigns.starts_on,
        dates.report_date
    from {{ ref('stg_campaigns') }} as campaigns
    inner join {{ ref('dim_entities') }} as entities on campaigns.entity_id = entities.entity_id
    inner join {{ ref('dim_dates') }} as dates on dates.report_date between campaigns.starts_on and campaigns.ends_on
),

yardsticks as (
    select
        days.entity_id,
        days.report_date,
        days.brand_entity_id,
        cast(count(before.report_date) as bigint) as yardstick_days,
        {{ ratio('sum(before.mentions)', 'count(before.mentions)') }} as usual_mentions,
        {{ ratio('sum(before.unique_authors)', 'count(before.unique_authors)') }} as usual_authors,
        {{ ratio('sum(' ~ exact('before.interactions') ~ ')', 'count(before.interactions)') }} as usual_interactions
    from days
    left join complete_days as before
        on days.brand_entity_id = before.entity_id
        and before.report_date < days.starts_on
        and before.report_date >= {{ add_days('days.starts_on', -28) }}
        and ({{ day_number('days.report_date') }} - {{ day_number('before.report_date') }}) % 7 = 0
    group by days.entity_id, days.report_date, days.brand_entity_id
)

select
    yardsticks.entity_id,
    yardsticks.report_date,
    yardsticks.brand_entity_id,
    yardsticks.yardstick_days,
    brand.mentions as brand_mentions,
    yardsticks.usual_mentions,
    {{ ratio('brand.mentions - yardsticks.usual_mentions', 'yardsticks.usual_mentions') }} as brand_mentions_uplift,
    yardsticks.usual_authors,
    {{ ratio('brand.unique_authors - yardsticks.usual_authors', 'yardsticks.usual_authors') }} as brand_authors_uplift,
    yardsticks.usual_interactions,
    {{ ratio('brand.interactions - yardsticks.usual_interactions', 'yardsticks.usual_interactions') }}
        as brand_interactions_uplift
from yardsticks
left join complete_days as brand
    on yardsticks.brand_entity_id = brand.entity_id and yardsticks.report_date = brand.report_date
