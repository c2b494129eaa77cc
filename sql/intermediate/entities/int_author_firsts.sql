-- Grain: one row per entity, platform and author with a mention that counts: the day of the first. Rows made anew carry
-- the build's watermark and the first before it (NULL: none): a build that was killed does not move it, so its rerun
-- starts from the same firsts. latest_first_date is the latest that builds from this watermark knew: of these days the
-- only one on which nothing of the author need be touched, and on which they become new, or are no longer.
{{ config(materialized='incremental', unique_key='pair_id',
          post_hook='delete from {{ this }} where first_date is null' if target.type == 'duckdb' else []) }}
{%- set pair = "entity_id || ' ' || platform || ' ' || author_id" %}
{%- set states = ref('stg_touched') %}

with build as (
    select * from {{ ref('stg_build') }}
),

counted as (
    select
        {{ pair }} as pair_id,
        entity_id,
        platform,
        author_id,
        min(report_date) as first_date
    from {{ ref('int_entity_mentions') }}
    where author_id is not null and {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
    group by entity_id, platform, author_id
),

{% if is_incremental() -%}
    touched as (
        select distinct {{ pair }} as pair_id, entity_id, platform, author_id, report_date
        from {{ states }}
        where entity_id is not null and author_id is not null and load_seq > (select build.built_load_seq from build)
    ),

    known as (
        select
            firsts.pair_id,
            firsts.author_id,
            firsts.changed_at_seq = build.built_load_seq as is_rerun,
            case when firsts.changed_at_seq = build.built_load_seq then firsts.first_date_before else firsts.first_date end
                as first_date,
            case when firsts.changed_at_seq = build.built_load_seq then firsts.latest_first_date else firsts.first_date end
                as latest_first_date
        from {{ this }} as firsts
        cross join build
        where firsts.pair_id in (select touched.pair_id from touched)
    ),

    -- Where a touched mention was the first and is so no longer, one may be that nothing touched.
    lost as (
        select known.*
        from known
        inner join touched on known.pair_id = touched.pair_id and known.first_date = touched.report_date
        left join counted on known.pair_id = counted.pair_id
        where counted.first_date is null or counted.first_date > known.first_date
    ),

    remaining as (
        select
            {{ pair }} as pair_id,
            min(report_date) as first_date
        from {{ ref('int_entity_mentions') }}
        where
            author_id in (select lost.author_id from lost)
            and report_date >= (select min(lost.first_date) from lost)
        group by entity_id, platform, author_id
    ),

    moved as (
        select
            pairs.*,
            case when lost.pair_id is null then least(known.first_date, counted.first_date) else remaining.first_date end
                as first_date,
            known.first_date as first_date_before,
            known.latest_first_date as latest_before,
            coalesce(known.is_rerun, false) as is_rerun
        from (select distinct pair_id, entity_id, platform, author_id from touched) as pairs
        left join known on pairs.pair_id = known.pair_id
        left join counted on pairs.pair_id = counted.pair_id
        left join lost on pairs.pair_id = lost.pair_id
        left join remaining on pairs.pair_id = remaining.pair_id
    )
{%- else -%}
    moved as (
        select *, first_date as first_date_before, first_date as latest_before, true as is_rerun from counted
    )
{%- endif %}

select
    moved.pair_id,
    moved.entity_id,
    moved.platform,
    moved.author_id,
    moved.first_date,
    moved.first_date_before,
    greatest(moved.latest_before, moved.first_date) as latest_first_date,
    build.built_load_seq as changed_at_seq
from moved
cross join build
where moved.is_rerun or (moved.first_date is distinct from moved.first_date_before)
{{ laid_out_by('first_date') }}
