-- Grain: one row per spike (entity, scope, sentiment, reporting day): what an alert shows of it.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

with spikes as (
    select entity_id, scope, sentiment, report_date from {{ ref('int_spikes') }}
    where is_spike and {{ in_scope('report_date', ref('int_spike_days')) }}
),

-- Spikes are few: of all mentions only their days', of all signals only their posts' are read.
mentions as (
    select * from {{ ref('int_entity_mentions') }}
    where report_date in (select report_date from spikes)
),

posts as (
    select
        spikes.entity_id,
        spikes.scope,
        spikes.sentiment,
        spikes.report_date,
        mentions.mention_id,
        mentions.platform,
        mentions.published_at,
        mentions.interactions
    from mentions
    inner join spikes
        on mentions.entity_id = spikes.entity_id and mentions.report_date = spikes.report_date
        and spikes.scope in ('*', mentions.platform)
    where spikes.sentiment in ('all', mentions.sentiment)
),

ranked as (
    select
        *,
        row_number() over (
            partition by entity_id, scope, sentiment, report_date
            order by published_at nulls last, mention_id nulls last
        ) as nth,
        row_number() over (
            partition by entity_id, scope, sentiment, report_date
            order by interactions desc nulls last, published_at asc nulls last, mention_id asc nulls last
        ) as place
    from posts
),

told as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        max(case when nth = 1 then mention_id end) as first_mention_id,
        min(published_at) as first_mention_at,
        max(case when place = 1 then mention_id end) as top_mention_id,
        count(distinct platform) as platforms
    from ranked
    group by entity_id, scope, sentiment, report_date
),

spoken as (
    select distinct
        posts.entity_id,
        posts.scope,
        posts.sentiment,
        posts.report_date,
        posts.mention_id,
        {{ each('signals.terms', 'term') }}
    from posts
    inner join {{ ref('int_mention_signals') }} as signals on posts.mention_id = signals.mention_id
    where signals.mention_id in (select found.mention_id from posts as found)
),

counted_terms as (
    select entity_id, scope, sentiment, report_date, term, count(*) as posts
    from spoken
    group by entity_id, scope, sentiment, report_date, term
),

top_terms as (
    select
        *,
        row_number() over (
            partition by entity_id, scope, sentiment, report_date order by posts desc nulls last, term asc nulls last
        ) as place
    from counted_terms
),

terms as (
    select
        entity_id, scope, sentiment, report_date, {{ joined_in_order('term', 'place') }} as top_terms
    from top_terms
    where place <= 5
    group by entity_id, scope, sentiment, report_date
)

select told.*, terms.top_terms
from told
left join terms using (entity_id, scope, sentiment, report_date)
