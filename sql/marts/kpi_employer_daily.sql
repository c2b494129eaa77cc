-- Grain: one row per entity and reporting day that was asked, has a mention, or has a post of its employees.
{{ config(materialized='table') }}

with posts as (
    select
        tracked.entity_id,
        mentions.report_date,
        cast(count(*) as bigint) as posts,
        cast(count(distinct mentions.author_id) as bigint) as accounts,
        cast(count(mentions.interactions) as bigint) as posts_with_interactions,
        cast(sum({{ exact('mentions.interactions') }}) as double) as interactions
    from {{ ref('fct_mentions') }} as mentions
    inner join {{ ref('stg_tracked_accounts') }} as tracked
        on mentions.platform = tracked.platform and mentions.author_handle = tracked.handle
    where
        mentions.is_employee and tracked.role = 'employee'
        and mentions.deleted_at is null and {{ is_post('mentions.kind') }}
    group by tracked.entity_id, mentions.report_date
),

intents as (
    select
        entity_id,
        report_date,
        max(case when intent_group = 'scored' then mentions end) as scored_mentions,
        max(case when intent_group = 'spam' then mentions end) as spam_mentions,
        max(case when intent_group = 'job' then mentions end) as job_mentions,
        max(case when intent_group = 'leak' then mentions end) as leak_mentions,
        max(case when intent_group = 'employer' then mentions end) as employer_mentions,
        max(case when intent_group = 'workplace' then mentions end) as mentions,
        max(case when intent_group = 'workplace' then unique_authors end) as unique_authors,
        max(case when intent_group = 'workplace' then positive_mentions end) as positive_mentions,
        max(case when intent_group = 'workplace' then neutral_mentions end) as neutral_mentions,
        max(case when intent_group = 'workplace' then negative_mentions end) as negative_mentions
    from {{ ref('int_intent_days') }}
    group by entity_id, report_date
),

spine as (
    select entity_id, report_date from {{ ref('int_entity_days') }}
    where scope = '*'
    union
    select entity_id, report_date from posts
),

days as (
    select
        spine.entity_id,
        spine.report_date,
        days.coverage,
        coalesce(days.mentions - days.owned_mentions, 0) = 0
        or intents.scored_mentions is not null or intents.spam_mentions is not null as is_known,
        coalesce(intents.scored_mentions, 0) as scored_mentions
    from spine
    left join {{ ref('int_entity_days') }} as days
        on spine.entity_id = days.entity_id and spine.report_date = days.report_date and days.scope = '*'
    left join intents on spine.entity_id = intents.entity_id and spine.report_date = intents.report_date
)

select
    days.entity_id,
    entities.entity_kind,
    days.report_date,
    days.coverage,
    days.scored_mentions,
    {{ intents_reason('days.is_known') }} as intents_reason,
    {% for group in ['job', 'leak', 'employer'] -%}
        case when days.is_known then coalesce(intents.{{ group }}_mentions, 0) end as {{ group }}_mentions,
    {% endfor -%}
    {% for count in ['mentions', 'unique_authors', 'positive_mentions', 'neutral_mentions', 'negative_mentions'] -%}
        case when days.is_known then {{ or_none('intents.', count) }} end as workplace_{{ count }},
    {% endfor -%}
    {{ net_sentiment('intents.') }} as workplace_net_sentiment,
    coalesce(posts.posts, 0) as employee_posts,
    coalesce(posts.accounts, 0) as employees_posting,
    coalesce(posts.posts_with_interactions, 0) as employee_posts_with_interactions,
    posts.interactions as employee_interactions,
    {{ ratio('posts.interactions', 'posts.posts_with_interactions') }} as mean_employee_interactions
from days
inner join {{ ref('dim_entities') }} as entities on days.entity_id = entities.entity_id
left join intents on days.entity_id = intents.entity_id and days.report_date = intents.report_date
left join posts on days.entity_id = posts.entity_id and days.report_date = posts.report_date
