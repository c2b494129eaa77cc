-- What the marts say against what raw says, computed again without the models: over all days, or over those that the last
-- build made anew. One row a fact: kind, what, rows looked at, how many of them are wrong.
insert into mart_fact
with days as (
    select report_date from intermediate.int_touched_days
),

pairs as (  -- what counts, by raw alone; an analyst's correction may take a mention out of the count
    select
        m.mention_id, e.entity_id, m.found_by = 'query' and m.deleted_at is null as is_counted,
        cast(m.published_at at time zone 'UTC' at time zone $zone as date) as report_date
    from raw.mention as m
    join raw.mention_entity as e using (mention_id)
    semi join raw.entity as known on e.entity_id = known.entity_id
    where $is_full or cast(m.published_at at time zone 'UTC' at time zone $zone as date) in (from days)
),

counted as (
    from intermediate.int_entity_mentions where $is_full or report_date in (from days)
),

unlike as (
    select coalesce(p.mention_id, c.mention_id) as mention_id
    from (from pairs where is_counted) as p
    full join counted as c using (mention_id, entity_id)
    where p.report_date is distinct from c.report_date
),

newest as (
    select
        mention_id, arg_max(s, {'at': captured_at, 'seq': load_seq}) as s
    from raw.engagement_snapshot as s
    semi join counted using (mention_id)
    group by mention_id
),

weight as (
    select
        coalesce(max(try_cast(value as double)) filter (name = 'weight_likes'), 1) as likes,
        coalesce(max(try_cast(value as double)) filter (name = 'weight_replies'), 1) as replies,
        coalesce(max(try_cast(value as double)) filter (name = 'weight_shares'), 1) as shares,
        coalesce(max(try_cast(value as double)) filter (name = 'weight_upvotes'), 1) as upvotes
    from raw.setting
),

weighed as (
    select
        c.entity_id, c.report_date,
        if(coalesce(s.likes, s.replies, s.reposts, s.quotes, s.upvotes) is null, null,
            weight.likes * coalesce(s.likes, 0) + weight.replies * coalesce(s.replies, 0)
            + weight.shares * (coalesce(s.reposts, 0) + coalesce(s.quotes, 0))
            + weight.upvotes * coalesce(s.upvotes, 0)) as interactions
    from counted as c
    left join newest using (mention_id)
    cross join weight
),

expected as (
    select entity_id, report_date, count(*) as mentions, sum(interactions) as interactions
    from weighed
    group by entity_id, report_date
),

told as (
    select entity_id, report_date, mentions, interactions
    from marts.kpi_entity_daily
    where $is_full or report_date in (from days)
),

cells as (
    select
        coalesce(t.mentions, 0) <> coalesce(e.mentions, 0) as is_other_volume,
        (t.interactions is null) <> (e.interactions is null)
        or abs(t.interactions - e.interactions) > 1e-6 * (1 + abs(e.interactions)) as is_other_sum
    from told as t
    full join expected as e using (entity_id, report_date)
)

select 'mentions', 'fct_mentions', mine, abs(mine - theirs), null
from (select (select count(*) from marts.fct_mentions) as mine, (select count(*) from raw.mention) as theirs)
union all
select 'counted', 'int_entity_mentions', (select count(*) from counted), count(*), null
from unlike
where mention_id not in (select mention_id from raw.correction where field = 'irrelevant')
union all
select 'volume', 'kpi_entity_daily.mentions', count(*), count(*) filter (is_other_volume), null from cells
union all
select 'interactions', 'kpi_entity_daily.interactions', count(*), count(*) filter (is_other_sum), null from cells
