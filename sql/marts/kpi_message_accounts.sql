-- Grain: one row per entity, ISO week and owned or employee account that published a post which speaks for the entity.
{{ config(materialized='table') }}

with posts as (
    select
        posts.*,
        cast(date_trunc('week', posts.report_date) as date) as week_start_date,
        -- A campaign's messages are approved for its days; one without days runs always.
        campaigns.entity_id is null or posts.report_date between campaigns.starts_on and campaigns.ends_on as is_running
    from {{ ref('int_message_posts') }} as posts
    left join {{ ref('stg_campaigns') }} as campaigns on posts.entity_id = campaigns.entity_id
),

approved as (
    select
        *,
        case
            when carries_message and is_running then 1
            when is_running and carries_message is not null then 0
        end as carries_own
    from posts
    where is_running or entity_id = account_entity_id
),

-- What carries a message of a product or a campaign carries one of the entity that has them.
judged as (
    select
        *,
        case
            when entity_id = account_entity_id then max(carries_own) over (partition by mention_id)
            else carries_own
        end as carries
    from approved
),

accounts as (
    select
        entity_id,
        week_start_date,
        author_id as account_id,
        platform,
        department,
        case when is_owned then 'owned' else 'employee' end as role,
        cast(count(*) as bigint) as posts,
        cast(count(carries) as bigint) as judged_posts,
        cast(coalesce(sum(carries), 0) as bigint) as message_posts,
        cast(count(interactions) as bigint) as posts_with_interactions,
        cast(sum({{ exact('interactions') }}) as double) as interactions
    from judged
    group by entity_id, week_start_date, author_id, platform, department, is_owned
),

coverage as (
    select
        platform,
        cast(date_trunc('week', report_date) as date) as week_start_date,
        {{ ratio('sum(covered_micros)', 'sum(asked_micros)') }} as coverage
    from {{ ref('int_platform_coverage') }}
    group by platform, cast(date_trunc('week', report_date) as date)
)

select
    accounts.entity_id,
    entities.entity_kind,
    accounts.week_start_date,
    accounts.account_id,
    accounts.platform,
    accounts.role,
    accounts.department,
    coverage.coverage,
    -- A brand's own counts are those of its own accounts: not even its employees'.
    {{ never_told("entities.is_own and accounts.role = 'owned'") }} as never_told,
    accounts.posts,
    accounts.judged_posts,
    accounts.message_posts,
    {{ ratio('accounts.message_posts', 'accounts.judged_posts') }} as message_share,
    accounts.posts_with_interactions,
    accounts.interactions
from accounts
inner join {{ ref('dim_entities') }} as entities on accounts.entity_id = entities.entity_id
left join {{ ref('dim_platforms') }} as platforms on accounts.platform = platforms.platform
left join coverage
    on accounts.platform = coverage.platform and accounts.week_start_date = coverage.week_start_date
