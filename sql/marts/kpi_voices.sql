-- Grain: one row per entity and period (a month, or the last 28 days) that was asked or has a mention or an act.
{{ config(materialized='table') }}

with clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
),

coverage as (
    select * from {{ ref('int_voice_coverage') }}
),

periods as (
    select entity_id, period, first_date, last_date from coverage
    union
    select entity_id, period, first_date, last_date from {{ ref('int_voices') }}
),

-- Months of which something was read: elsewhere nobody knows who came back.
known_months as (
    select entity_id, first_date from coverage
    where coverage > 0 and period <> 'last 28 days'
    union
    select entity_id, first_date from {{ ref('int_voices') }}
    where unique_authors > 0 and period <> 'last 28 days'
),

mentions as (
    select
        periods.entity_id,
        periods.period,
        sum(days.mentions) as mentions,
        sum(days.mentions_with_author) as mentions_with_author
    from periods
    inner join {{ ref('int_entity_days') }} as days
        on periods.entity_id = days.entity_id and days.scope = '*'
        and days.report_date between periods.first_date and periods.last_date
    group by periods.entity_id, periods.period
),

spine as (
    select
        periods.*,
        periods.period <> 'last 28 days'
        and known.first_date is not null
        and last_day({{ add_days('periods.last_date', 1) }}) < clock.report_date as is_next_month_known
    from periods
    cross join clock
    left join known_months as known
        on periods.entity_id = known.entity_id and {{ add_days('periods.last_date', 1) }} = known.first_date
)

select
    spine.entity_id,
    entities.entity_kind,
    spine.period,
    spine.first_date,
    spine.last_date,
    coverage.coverage,
    cast({{ of_known_authors('coalesce(voices.unique_authors, 0)', 'mentions.') }} as bigint) as unique_authors,
    cast(coalesce(voices.authors_told, 0) as bigint) as authors_told,
    voices.interactions,
    voices.gini,
    voices.herfindahl,
    voices.effective_voices,
    voices.top_10_interactions,
    voices.top_10_share,
    cast(coalesce(voices.unique_engaged_accounts, {{ of_known_authors('0', 'mentions.') }}) as bigint)
        as unique_engaged_accounts,
    cast(case when voices.period is null then 0 else voices.advocates end as bigint) as advocates,
    cast(case when voices.period is null then 0 else voices.detractors end as bigint) as detractors,
    case when spine.is_next_month_known then coalesce(voices.retained_authors, 0) end as retained_authors,
    case
        when spine.is_next_month_known
            then {{ ratio('coalesce(voices.retained_authors, 0)', 'voices.unique_authors') }}
    end as retention_ratio
from spine
inner join {{ ref('dim_entities') }} as entities on spine.entity_id = entities.entity_id
left join mentions on spine.entity_id = mentions.entity_id and spine.period = mentions.period
left join coverage on spine.entity_id = coverage.entity_id and spine.period = coverage.period
left join {{ ref('int_voices') }} as voices on spine.entity_id = voices.entity_id and spine.period = voices.period
