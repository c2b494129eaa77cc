-- Grain: one row per mention, own site and page of it to which the mention links, on the days of int_referral_days.
-- A site is found by its name, where that is a host; www. and what follows ? or # make no other page.
with links as (
    select
        mentions.mention_id,
        mentions.platform,
        mentions.report_date as visit_date,
        mentions.interactions,
        {{ each('mentions.links', 'link') }}
    from {{ ref('fct_mentions') }} as mentions
    where
        mentions.deleted_at is null and not mentions.is_irrelevant
        and mentions.report_date in (select visit_date from {{ ref('int_referral_days') }})
),

targets as (
    select *, {{ link_target('link') }} as target
    from links
),

sites as (
    select distinct site, {{ host_name('site') }} as host from {{ ref('stg_referrals') }}
    where instr(site, '.') > 0
)

select distinct
    targets.mention_id,
    sites.site,
    {{ page_path("substr(targets.target, length(split_part(targets.target, '/', 1)) + 1)") }} as page,
    targets.platform,
    targets.visit_date,
    targets.interactions
from targets
inner join sites on {{ link_host('targets.target') }} = sites.host
