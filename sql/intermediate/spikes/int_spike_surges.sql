-- Grain: one row per entity, scope, sentiment and reporting day: what the others of the scope did that day, so that a
-- platform that is loud as a whole is nobody's spike. A brand's own products and campaigns are not others. Where fewer
-- than two others have enough posts of a sentiment to tell, all their posts do: who is loud is loud in every mood.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_spike_days'}) }}

with days as (
    select
        sums.entity_id,
        sums.scope,
        sums.sentiment,
        sums.report_date,
        sums.posts,
        sums.expected_posts,
        sums.is_complete and sums.expected_posts >= 10 as is_measure,
        coalesce(entities.parent_entity_id, entities.entity_id) as family
    from {{ ref('int_spike_sums') }} as sums
    inner join {{ ref('dim_entities') }} as entities on sums.entity_id = entities.entity_id
    where {{ in_scope('sums.report_date', ref('int_spike_days')) }}
),

families as (
    select
        family,
        scope,
        sentiment,
        report_date,
        count(case when is_measure then 1 end) as entities,
        sum(case when is_measure then posts else 0 end) as posts,
        sum(case when is_measure then {{ exact('expected_posts') }} else {{ exact('0') }} end) as expected_posts
    from days
    group by family, scope, sentiment, report_date
),

everybody as (
    select
        scope,
        sentiment,
        report_date,
        sum(entities) as entities,
        sum(posts) as posts,
        sum(expected_posts) as expected_posts
    from families
    group by scope, sentiment, report_date
),

others as (
    select
        families.family,
        families.scope,
        families.sentiment,
        families.report_date,
        cast(everybody.entities - families.entities as bigint) as others,
        cast(everybody.posts - families.posts as bigint) as others_posts,
        cast(everybody.expected_posts - families.expected_posts as double) as others_expected_posts,
        {{ ratio('everybody.posts - families.posts', 'everybody.expected_posts - families.expected_posts') }}
            as others_lift
    from families
    inner join everybody using (scope, sentiment, report_date)
)

select
    days.entity_id,
    days.scope,
    days.sentiment,
    days.report_date,
    case when others.others >= 2 then others.others else of_all.others end as others,
    case when others.others >= 2 then others.others_posts else of_all.others_posts end as others_posts,
    case when others.others >= 2 then others.others_expected_posts else of_all.others_expected_posts end
        as others_expected_posts,
    case when others.others >= 2 then others.others_lift else of_all.others_lift end as others_lift
from days
inner join others using (family, scope, sentiment, report_date)
inner join others as of_all
    on days.family = of_all.family and days.scope = of_all.scope
    and days.report_date = of_all.report_date and of_all.sentiment = 'all'
