-- Grain: one row per entity and period that this build makes anew, in which a known account that no brand owns spoke of
-- the entity, or answered, quoted or reposted a mention that counts for it.
{{ config(materialized='table') }}

-- Only the days of the periods, in both branches: an engine does not look through the union, and would read all acts.
with days as (
    select report_date from {{ ref('int_voice_days') }}
),

engaged as (
    select entity_id, author_id, report_date from {{ ref('int_entity_mentions') }}
    where author_id is not null and not is_owned and report_date in (select report_date from days)
    union
    select targets.entity_id, acting.author_id, acting.report_date
    from {{ ref('stg_interactions') }} as acts
    inner join {{ ref('fct_mentions') }} as acting on acts.mention_id = acting.mention_id
    inner join {{ ref('int_entity_mentions') }} as targets on acts.target_mention_id = targets.mention_id
    where
        acting.author_id is not null and acting.deleted_at is null and not acting.is_owned
        and acting.report_date in (select report_date from days)
)

select
    engaged.entity_id,
    periods.period,
    count(distinct engaged.author_id) as unique_engaged_accounts
from engaged
inner join {{ ref('int_voice_periods') }} as periods
    on engaged.report_date between periods.first_date and periods.last_date
group by engaged.entity_id, periods.period
