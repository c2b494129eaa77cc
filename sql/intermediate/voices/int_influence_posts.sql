-- Grain: one row per account and entity with a mention of it in the 90 days up to the newest run's day: what the posts
-- among them achieved.
{{ config(materialized='table') }}

with clock as (
    select {{ report_date('max(as_of)') }} as report_date from {{ ref('stg_runs') }}
),

mentions as (
    select
        entities.entity_id,
        mentions.author_id as account_id,
        mentions.mention_id,
        case when {{ is_post('mentions.kind') }} then mentions.interactions end as interactions,
        scores.overperformance_log2
    from {{ ref('fct_mentions') }} as mentions
    inner join clock
        on mentions.report_date between {{ add_days('clock.report_date', -89) }} and clock.report_date
    inner join {{ ref('fct_mention_entities') }} as entities on mentions.mention_id = entities.mention_id
    left join {{ ref('kpi_post_performance') }} as scores on mentions.mention_id = scores.mention_id
    where mentions.author_id is not null and mentions.deleted_at is null and not mentions.is_irrelevant
),

ranked as (
    select
        *,
        row_number() over (
            partition by entity_id, account_id order by interactions desc nulls last, mention_id desc nulls last
        ) as place
    from mentions
)

select
    entity_id,
    account_id,
    count(*) as mentions,
    case
        when count(interactions) > 0
            then coalesce(max(case when {{ reaches('interactions', 'place') }} then place end), 0)
    end as h_index_90d,
    count(overperformance_log2) as compared_posts,
    {{ ratio('sum(' ~ exact('overperformance_log2') ~ ')', 'count(overperformance_log2)') }}
        as mean_overperformance_log2
from ranked
group by entity_id, account_id
