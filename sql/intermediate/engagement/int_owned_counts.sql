-- Grain: one row per post of an owned account (ours or a competitor's) and age bucket: the few of int_bucket_counts
-- that marts built whole compare with each other.
{{ config(materialized='incremental', unique_key='mention_id',
          meta={'scope': 'int_touched_mentions', 'since': 'published_at'}) }}

select * from {{ ref('int_bucket_counts') }}
where is_owned and {{ in_scope('mention_id', ref('int_touched_mentions'), since='published_at') }}
