-- Grain: one row per entity and period (a month, or the last 28 days) with a mention or an act of a known account: who
-- spoke, acted, came back, praised or complained again.
{{ config(materialized='incremental', unique_key='period', meta={'scope': 'int_voice_periods'}) }}

with days as (
    select report_date from {{ ref('int_voice_days') }}
),

mentions as (
    select entity_id, author_id, report_date, is_owned, sentiment
    from {{ ref('int_entity_mentions') }}
    where author_id is not null and report_date in (select report_date from days)
),

mood_days as (
    select distinct entity_id, author_id, report_date, sentiment from mentions
    where sentiment in ('positive', 'negative') and not is_owned
),

moods as (
    select
        *,
        lag(report_date) over (
            partition by entity_id, author_id, sentiment order by report_date nulls last
        ) as earlier_date
    from mood_days
),

loyal as (
    select
        moods.entity_id,
        periods.period,
        count(distinct case when moods.sentiment = 'positive' then moods.author_id end) as advocates,
        count(distinct case when moods.sentiment = 'negative' then moods.author_id end) as detractors
    from moods
    inner join {{ ref('int_voice_periods') }} as periods
        on moods.report_date between periods.first_date and periods.last_date
    where moods.earlier_date >= {{ add_days('moods.report_date', -29) }}
    group by moods.entity_id, periods.period
),

spoken as (
    select
        mentions.entity_id,
        periods.period,
        mentions.author_id,
        max(case when mentions.report_date <= periods.last_date then 1 else 0 end) as is_now,
        max(case when mentions.report_date > periods.last_date then 1 else 0 end) as is_next,
        -- 0: an owned account, or not now; 1: nobody scored it; 2: scored.
        max(
            case when mentions.report_date > periods.last_date or mentions.is_owned then 0 else 1 end
            * case when mentions.sentiment is null then 1 else 2 end
        ) as mood_known
    from mentions
    inner join {{ ref('int_voice_periods') }} as periods
        on mentions.report_date between periods.first_date and periods.next_last_date
    group by mentions.entity_id, periods.period, mentions.author_id
),

retained as (
    select
        entity_id,
        period,
        cast(sum(is_now * is_next) as bigint) as retained_authors,
        max(mood_known) = 1 as is_mood_unknown
    from spoken
    group by entity_id, period
),

found as (
    select entity_id, period from {{ ref('int_voice_shares') }}
    union
    select entity_id, period from {{ ref('int_voice_engagement') }}
)

select
    found.entity_id,
    periods.period,
    periods.first_date,
    periods.last_date,
    periods.next_last_date,
    shares.unique_authors,
    shares.authors_told,
    shares.interactions,
    shares.gini,
    shares.herfindahl,
    shares.effective_voices,
    shares.top_10_interactions,
    shares.top_10_share,
    engagement.unique_engaged_accounts,
    case when retained.is_mood_unknown then null else coalesce(loyal.advocates, 0) end as advocates,
    case when retained.is_mood_unknown then null else coalesce(loyal.detractors, 0) end as detractors,
    retained.retained_authors
from found
inner join {{ ref('int_voice_periods') }} as periods on found.period = periods.period
left join {{ ref('int_voice_shares') }} as shares on found.entity_id = shares.entity_id and found.period = shares.period
left join {{ ref('int_voice_engagement') }} as engagement
    on found.entity_id = engagement.entity_id and found.period = engagement.period
left join loyal on found.entity_id = loyal.entity_id and found.period = loyal.period
left join retained on found.entity_id = retained.entity_id and found.period = retained.period
