-- Grain: one row per reporting day whose spikes this build looks for anew: the first touched day and all after it, as
-- each day is held against the days before.
{{ config(materialized='table') }}

select report_date from {{ ref('dim_dates') }}
where report_date >= (select min(report_date) from {{ ref('int_touched_days') }})
